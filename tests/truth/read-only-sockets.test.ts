import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { createSocketSink } from './socket-sink.ts';

const APP = 'https://app.example.com';
const sink = createSocketSink();
/**
 * A script that opens both kinds of socket and says into the page when it has tried. Its empty catches, and those of the
 * pages below, stand for a page that goes on after a refusal: what got out is what the sink has heard.
 */
const dig = (name: string) => `
try { const s = new WebSocket('wss://app.example.com/${name}'); s.onopen = () => s.send('x'); } catch {}
try { new WebSocketStream('wss://app.example.com/${name}-stream').opened.then(({ writable }) => writable.getWriter().write('x')).catch(() => 0); } catch {}
try { postMessage('ran'); } catch {}`;
const blob = (name: string) => `URL.createObjectURL(new Blob([${JSON.stringify(dig(name))}], { type: 'text/javascript' }))`;
const data = (name: string) => `'ta:text/javascript,' + encodeURIComponent(${JSON.stringify(dig(name))})`;

/** Ways of writing down where a worker's script is; each is one line that makes a worker. */
const WAYS: Record<string, string> = {
  space: `new Worker(' ' + ${blob('space')})`,
  tab: `new Worker('da\\n' + ${data('tab')})`,
  upper: `new Worker('DA' + ${data('upper')})`,
  hash: `new Worker(${blob('hash')} + '#part')`,
  twofaced: `const url = ${blob('twofaced')}; let asked = 0; new Worker({ toString: () => (asked++ ? url : '/quiet.js') })`,
  constructor: `new Worker.prototype.constructor(${blob('constructor')})`,
  heir: `class Heir extends Worker {} new Heir(${blob('heir')})`,
  network: `new Worker('/network.js')`,
  module: `new Worker('/module.js', { type: 'module' })`,
  // How bundlers start a worker from another origin: what a module imports runs before its own first line.
  imports: `new Worker(URL.createObjectURL(new Blob(["import '${APP}/imported.js'"], { type: 'text/javascript' })), { type: 'module' })`,
  'imports-data': `new Worker('data:text/javascript,' + encodeURIComponent("import '${APP}/imported-by-data.js'"), { type: 'module' })`,
  'imports-twofaced': `let asked = 0; new Worker(URL.createObjectURL(new Blob(["import '${APP}/imported-twofaced.js'"], { type: 'text/javascript' })), { get type() { return asked++ ? 'module' : 'classic' } })`,
  'own-module': `new Worker(${blob('own-module')}, { type: 'module', name: 'kept' })`,
  relative: `const b = document.createElement('base'); b.href = 'da' + ${data('relative')}; document.head.append(b); try { new Worker('') } finally { b.remove() }`,
  nest: `new Worker('/nest.js')`,
  deep: `new Worker(URL.createObjectURL(new Blob(["importScripts('${APP}/nest.js')"])))`,
  stolen: `const s = new WebSocket('wss://app.example.com/stolen'); const real = Reflect.apply; let mine; Reflect.apply = (f, on, args) => { mine ??= f; return real(f, on, args); }; try { s.send('x'); } catch {} Reflect.apply = real; s.onopen = () => real(mine ?? s.send, s, ['x'])`,
  state: `const s = new WebSocket('wss://app.example.com/state'); Object.defineProperty(s, 'readyState', { get: () => 0 }); s.onopen = () => s.send('x')`,
  'state-of-all': `const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'readyState'); const s = new WebSocket('wss://app.example.com/state-of-all'); s.onopen = () => { Object.defineProperty(WebSocket.prototype, 'readyState', { get: () => 0, configurable: true }); try { s.send('x') } finally { Object.defineProperty(WebSocket.prototype, 'readyState', own) } }`,
  address: `const s = new WebSocket('wss://app.example.com/address'); Object.defineProperty(s, 'url', { get: () => 'wss://app.example.com/allowed' }); s.onopen = () => s.send('x')`,
  maker: `const real = Reflect.construct; let mine; Reflect.construct = (f, args) => { mine ??= f; return real(f, args); }; new Worker('/quiet.js'); Reflect.construct = real; new (mine ?? Worker)(${blob('maker')})`,
  blobs: `const real = Blob; window.Blob = class extends real { constructor(parts, given) { super(parts.filter((part) => !String(part).includes('deleteProperty')), given); } }; new Worker(${blob('blobs')}); window.Blob = real`,
  frame: `const f = document.createElement('iframe'); document.body.append(f); new f.contentWindow.Worker(' ' + ${blob('frame')})`,
};
const PAGE = `<h1>Board</h1><p id="done"></p><script>${dig('page')}</script>
${Object.values(WAYS)
  .map((line) => `<script>{ ${line} }</script>`)
  .join('\n')}
<script>onload = () => setTimeout(() => { done.textContent = 'tried all'; }, 1500);</script>`;
const MAY_WRITE = [
  'page',
  'page-stream',
  'space',
  'tab',
  'constructor',
  'network',
  'network-stream',
  'nested',
  'nested-blob',
  'frame',
  'imported',
  'imported-by-data',
  'own-module',
  'state',
  'address',
].map((name) => `/${name}`);
/** The page asks for it each half second: workers of workers take their time. */
const heardAll = () => MAY_WRITE.every((path) => sink.messages.includes(path));
const PATIENT_PAGE = `${PAGE}<p id="heard"></p><script>const ask = async () => { const heard = await (await fetch('/heard')).text(); if (heard === 'all') document.querySelector('#heard').textContent = 'heard all'; else setTimeout(ask, 500); }; ask();</script>`;

describe.each([
  ['in one process', []],
  ['with frames of other sites in processes of their own', ['--site-per-process']],
])('sockets in a read-only capture, %s', (_name, flags) => {
  let site: TestSite;
  beforeAll(async () => {
    site = await startTestSite(
      ({ path }) => {
        const script = (body: string) => ({
          headers: { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' },
          body,
        });
        if (path === '/nest.js')
          return script(
            `for (const make of [() => new Worker('/nested.js'), () => new Worker(${blob('nested-blob')}), () => new Worker('da' + ${data('nested-data')})]) try { make(); } catch {}`,
          );
        if (path.endsWith('.js')) return script(dig(path.slice(1, -3)));
        if (path === '/heard') return { body: heardAll() ? 'all' : 'not yet' };
        if (path === '/patient') return html(PATIENT_PAGE);
        if (path === '/frame')
          return html(`<script>${dig('by-frame')} new Worker('/network-of-frame.js'); new Worker('/nest.js');</script>`);
        return html(path === '/framed' ? `<h1>Board</h1><iframe src="https://bi.example.org/frame"></iframe>` : PAGE);
      },
      { flags, onUpgrade: sink.accept },
    );
  });
  afterAll(() => site.close());

  it('send nothing, however a worker is written down and wherever it runs', async () => {
    const result = await site.capture({
      url: `${APP}/`,
      readOnly: { allow: ['wss://app.example.com/allowed'] },
      waitFor: { text: 'tried all' },
    });
    expect(result).toMatchObject({ ok: true });
    expect(sink.messages.splice(0)).toEqual([]);
    expect(site.seen.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/network.js', '/module.js', '/nest.js', '/imported.js', '/imported-by-data.js']),
    );
    await site.capture({ url: `${APP}/framed`, readOnly: true, delay: 1000 });
    expect(sink.messages.splice(0)).toEqual([]);
  });

  it('send in a capture that may write', async () => {
    await site.capture({ url: `${APP}/patient`, waitFor: { text: 'heard all' }, onTimeout: 'capture' });
    expect(sink.messages.splice(0)).toEqual(expect.arrayContaining(MAY_WRITE));
  });
});
