import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from './fixtures/test-site.ts';

const APP = 'https://app.example.com';
const run = promisify(execFile);
let site: TestSite;

const GLOBALS = [
  ...['Array', 'Reflect', 'RegExp', 'Map', 'Set', 'Object', 'JSON', 'Promise', 'Symbol', 'Math', 'Number', 'Error', 'eval', 'Document'],
  ...['MutationObserver', 'requestAnimationFrame', 'getComputedStyle', 'HTMLImageElement', 'HTMLElement', 'CSSStyleSheet'],
];
const METHODS = (name: string) =>
  `for (const name of Object.getOwnPropertyNames(${name}.prototype)) if (typeof Object.getOwnPropertyDescriptor(${name}.prototype, name).value === 'function') ${name}.prototype[name] = undefined;`;
/** What a page does to its own world, by a name for people. */
const SCRIPTS: [string, string][] = [
  ...GLOBALS.map((name): [string, string] => [name, `window.${name} = undefined`]),
  ['a null Reflect', 'window.Reflect = null'],
  ['Object.keys', 'Object.keys = undefined'],
  ['Object.is', 'Object.is = undefined'],
  ['Reflect.apply', 'Reflect.apply = undefined'],
  ['the methods of arrays', METHODS('Array')],
  ['the methods of strings', METHODS('String')],
  ['the methods of maps', METHODS('Map')],
  ['the methods of elements', METHODS('Element')],
  ['the methods of documents', METHODS('Document')],
  ['iteration', 'Array.prototype[Symbol.iterator] = undefined'],
  ['then', 'Promise.prototype.then = undefined'],
  ['toJSON, as prototype.js does', 'Object.prototype.toJSON = Array.prototype.toJSON = function () { return "1"; }'],
  ['a lying devicePixelRatio', 'window.devicePixelRatio = 3'],
];
const BODY = `<style>body{margin:0}div,iframe{display:block;height:100px;border:0}#far{height:1500px}</style><div id="green" style="background:rgb(0,128,0)"></div><div id="red" style="background:rgb(255,0,0)"></div><iframe srcdoc="in a frame"></iframe><img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"><p id="far"></p>`;

const BREAK = 'window.Map = undefined;';
const TOLD = 'const told = document.getElementById("told"); const tell = () => { told.textContent = "finished at " + told.clientWidth; };';
/** What a page that cannot be asked by Playwright does later all the same. */
const LATER: Record<string, string> = {
  'a timer': 'setTimeout(tell, 500);',
  'a signal': 'window.__sessionshotReady = false; setTimeout(() => { tell(); window.__sessionshotReady = true; }, 1200);',
  'a worker': 'new Worker(URL.createObjectURL(new Blob(["setTimeout(() => postMessage(1), 500)"]))).onmessage = tell;',
  'a new size for print': 'let timer; new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(tell, 200); }).observe(told);',
  'the news of print': 'addEventListener("beforeprint", () => { told.textContent = ""; setTimeout(tell, 300); });',
};

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    if (path === '/wall')
      return html(
        `<h1>Board</h1><p id="x">data</p><script>const end = x.animate([{ opacity: 0.5 }, { opacity: 1 }], 60000); end.onfinish = () => { document.body.innerHTML = '<h1>Sign in</h1><input type="password"><button>Sign in</button>'; }; Object.keys = () => [];</script>`,
      );
    const [, broken] = /^\/framed\/(.*)$/.exec(path) ?? [];
    if (broken) return html(`<style>iframe{width:100%;height:650px}</style><p>Shell</p><iframe src="/inner/${broken}"></iframe>`);
    const [, inner] = /^\/inner\/(.*)$/.exec(path) ?? [];
    if (inner) return html(`<h1>Sign in</h1><input type="password"><button>Sign in</button><script>${decodeURIComponent(inner)}</script>`);
    const later = LATER[decodeURIComponent(path).replace('/later/', '')];
    if (later)
      return html(
        `<style>#told{width:300px}@media print{#told{width:500px}}</style><p id="told">on its way</p><script>${TOLD}${later}${BREAK}</script>`,
      );
    const [, part, index] = /^\/(?:(hooks)\/)?(\d+)$/.exec(path) ?? [];
    const script = SCRIPTS[Number(index)]?.[1] ?? '';
    if (part)
      return html(
        `${BODY}<script>${script}; addEventListener('error', () => { document.getElementById('green').remove(); }); setInterval(() => undefined, 90); setTimeout(() => undefined, 90); new IntersectionObserver(() => undefined).observe(document.body); document.getElementById('far').attachShadow({ mode: 'open' }); document.createElement('canvas').getContext('2d'); console.log('a word');</script>`,
      );
    return html(`${BODY}<script>${script}</script>`);
  });
});
afterAll(() => site.close());

async function pixels(file: string) {
  const image = PNG.sync.read(await readFile(file));
  const at = (y: number) => [...image.data.subarray(y * image.width * 4, y * image.width * 4 + 3)];
  return { size: [image.width, image.height], first: at(50), second: at(150) };
}

describe('a page that has replaced parts of the library it shares with us', () => {
  it.each(SCRIPTS.map(([name], index) => ({ name, index })))('is captured whole: $name', async ({ index }) => {
    const url = `${APP}/${index}`;
    const result = await site.capture({ url, hide: ['#red'], styles: ['p { color: red }'], output: { format: 'png', fullPage: true } });
    expect(result.ok ? result.observed.partial : result.failure).toBe(false);
    if (!result.ok) return;
    const { size, first, second } = await pixels(result.file);
    expect(size).toEqual([1280, expect.any(Number)]);
    expect([first, second]).toEqual([
      [0, 128, 0],
      [255, 255, 255],
    ]);
  });

  it.each(['Array', 'Map', 'Object', 'Document', 'the methods of arrays', 'then'])(
    'is printed, without what was to go: %s',
    async (name) => {
      const index = SCRIPTS.findIndex(([each]) => each === name);
      const result = await site.capture({ url: `${APP}/${index}`, remove: ['#red'], output: { format: 'pdf' } });
      expect(result.ok ? result.observed.partial : result.failure).toBe(false);
    },
  );

  it.each(['Reflect', 'Math', 'Number', 'Promise', 'Map', 'Object.keys'])('is not broken by what watches it: %s', async (name) => {
    const index = SCRIPTS.findIndex(([each]) => each === name);
    const result = await site.capture({ url: `${APP}/hooks/${index}` });
    expect(result.ok ? result.observed.partial : result.failure).toBe(false);
    if (result.ok) expect((await pixels(result.file)).first).toEqual([0, 128, 0]);
  });

  it.each(Object.keys(LATER))('is waited for like any other: %s', async (name) => {
    const result = await site.capture({ url: `${APP}/later/${encodeURIComponent(name)}`, output: { format: 'pdf' } });
    const { stdout } = await run('pdftotext', [result.ok ? result.file : expect.fail(result.failure.detail), '-']);
    expect(stdout).toContain(name === 'a new size for print' || name === 'the news of print' ? 'finished at 500' : 'finished at');
  });

  it('is judged anew after its picture', async () => {
    const auth = { cookies: [{ name: 'session_id', value: 'v', httpOnly: true }] };
    const picture = await site.capture({ url: `${APP}/wall`, auth });
    expect(picture).toMatchObject({ ok: false, failure: { code: 'login_wall' } });
  });

  it.each(['Object.keys = () => []', 'Promise.prototype.then = undefined', 'window.Map = undefined'])(
    'is no page of ours in a frame that is most of it: %s',
    async (script) => {
      const auth = { cookies: [{ name: 'session_id', value: 'v', httpOnly: true }] };
      const result = await site.capture({ url: `${APP}/framed/${encodeURIComponent(script)}`, auth });
      expect(result.ok ? result.observed.verdict : result.failure.code).toMatch(/^(?:login_wall|readiness_timeout)$/);
    },
  );

  it('is blamed itself where it cannot be read', async () => {
    const index = SCRIPTS.findIndex(([each]) => each === 'Set');
    const result = await site.capture({ url: `${APP}/${index}`, hide: ['text=nowhere'] });
    expect(result).toMatchObject({ failure: { code: 'readiness_timeout', detail: expect.stringContaining('has replaced parts') } });
  });
});
