import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const GREEN = [0, 128, 0];
let site: TestSite;

/** A page is finished when its box has turned green; each page says in its own way how long that takes. */
const BOX = '<style>body{margin:0}#box{width:400px;height:200px;background:red}</style><div id="box"></div>';
const DONE = `const done = () => { document.getElementById('box').style.background = 'rgb(0,128,0)'; };`;
const PAGES: Record<string, string> = {
  'a chain of fetches': `${BOX}<script>${DONE} fetch('/slow?300').then(() => fetch('/slow?300&2')).then(() => setTimeout(done, 20));</script>`,
  'a spinner over a quiet gap': `${BOX}<div id="s" class="spinner" style="width:20px;height:20px"></div><script>${DONE} setTimeout(() => { done(); document.getElementById('s').remove(); }, 900);</script>`,
  'a skeleton with aria-busy': `<div id="all" aria-busy="true">${BOX}</div><script>${DONE} setTimeout(() => { done(); document.getElementById('all').removeAttribute('aria-busy'); }, 700);</script>`,
  'polling without end': `${BOX}<script>${DONE} let n = 0; const poll = () => fetch('/slow?150').then(() => { if (++n === 1) done(); setTimeout(poll, 60); }); poll();</script>`,
  'a long poll, a stream of events and a socket': `${BOX}<script>${DONE} fetch('/long-poll?hang'); new EventSource('/events?hang'); try { new WebSocket('wss://app.example.com/socket'); } catch { /* a refused socket is fine: it must not hold up the page */ } fetch('/slow?300').then(done);</script>`,
  'a body that is never read': `${BOX}<script>${DONE} fetch('/chunked').then(() => done());</script>`,
  'a live clock': `${BOX}<p id="clock"></p><script>${DONE} setInterval(() => { document.getElementById('clock').textContent = Date.now(); }, 20); fetch('/slow?300').then(done);</script>`,
  'an endless style animation': `${BOX}<style>@keyframes s{to{transform:rotate(1turn)}}#i{width:9px;height:9px;animation:s 1s infinite}</style><div id="i"></div><script>${DONE} fetch('/slow?300').then(done);</script>`,
  'a late picture': `<style>body{margin:0}img{width:400px;height:200px;display:block}</style><img src="/green.png?slow=500">`,
  'queries to one GraphQL address': `${BOX}<script>${DONE} const ask = (q) => fetch('/slow?150', { method: 'POST', body: q }); ask('a').then(() => ask('b')).then(() => ask('c')).then(() => ask('d')).then(done);</script>`,
  'a chart that draws itself on a canvas': `<style>body{margin:0}</style><canvas id="c" width="400" height="200"></canvas><script>const pen = document.getElementById('c').getContext('2d'); const start = performance.now(); const step = () => { const part = Math.min(1, (performance.now() - start) / 700); pen.fillStyle = part < 1 ? 'rgb(' + Math.round(255 * part) + ',0,0)' : 'rgb(0,128,0)'; pen.fillRect(0, 0, 400, 200); if (part < 1) requestAnimationFrame(step); }; step();</script>`,
  'bars that grow by script': `<style>body{margin:0}#box{height:200px;width:400px;background:red}</style><div id="box"></div><script>const box = document.getElementById('box'); const start = performance.now(); const step = () => { const part = Math.min(1, (performance.now() - start) / 900); box.style.opacity = 0.5 + part / 2; if (part < 1) requestAnimationFrame(step); else box.style.background = 'rgb(0,128,0)'; }; step();</script>`,
  'a dashboard in a frame': `<style>body{margin:0}iframe{border:0;width:600px;height:300px;display:block}</style><iframe src="https://bi.example.org/inner"></iframe>`,
  'a web component': `<style>body{margin:0}</style><x-box></x-box><script>customElements.define('x-box', class extends HTMLElement { connectedCallback() { const root = this.attachShadow({ mode: 'open' }); root.innerHTML = '<div class="skeleton" style="width:400px;height:200px;background:red"></div>'; setTimeout(() => { root.innerHTML = '<div style="width:400px;height:200px;background:rgb(0,128,0)"></div>'; }, 700); } });</script>`,
  'a redirect of the app after load': `${BOX}<script>setTimeout(() => { location.replace('/inner'); }, 60);</script>`,
};

beforeAll(async () => {
  const names = Object.keys(PAGES);
  site = await startTestSite(async ({ path, host }, response) => {
    const url = new URL(path, `https://${host}`);
    if (url.search.includes('hang')) return null;
    if (url.pathname === '/slow') return after(Number(/^\?(\d+)/.exec(url.search)?.[1] ?? 0), { body: '{}' });
    if (url.pathname === '/green.png')
      return after(Number(url.searchParams.get('slow') ?? 0), { headers: { 'content-type': 'image/png' }, body: greenPng() });
    if (url.pathname === '/chunked') {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('x'.repeat(5_000_000));
      return null;
    }
    if (url.pathname === '/inner')
      return html(`<style>body{margin:0}</style>${BOX}<script>${DONE} fetch('/slow?400').then(() => setTimeout(done, 10));</script>`);
    // The first of each kind is hidden from the start; the second of the one goes when the second of the other comes.
    if (url.pathname === '/twins')
      return html(
        `${BOX}<p class="leaves" hidden>a</p><p class="leaves">b</p><p class="comes" hidden>c</p><p class="comes" hidden>d</p><script>${DONE} setTimeout(() => { const hide = (name, is) => { document.getElementsByClassName(name)[1].hidden = is; }; hide('leaves', true); hide('comes', false); done(); }, 900);</script>`,
      );
    if (url.pathname === '/forever') return html(`${BOX}<div class="spinner" style="width:20px;height:20px"></div>`);
    if (url.pathname === '/lazy')
      return html(
        `<style>body{margin:0}img{display:block;width:400px;height:1000px}</style>${Array.from({ length: 12 }, (_entry, index) => `<img loading="lazy" src="/green.png?${index}&slow=60">`).join('')}`,
      );
    if (url.pathname === '/appearing')
      return html(
        `<style>body{margin:0}div{height:900px;width:400px;background:red}</style>${'<div></div>'.repeat(6)}<script>const seen = new IntersectionObserver((entries) => { for (const entry of entries) if (entry.isIntersecting) fetch('/slow?100').then(() => { entry.target.style.background = 'rgb(0,128,0)'; }); }); for (const part of document.querySelectorAll('div')) seen.observe(part);</script>`,
      );
    if (url.pathname === '/font')
      return html(`<style>@font-face{font-family:F;src:url(/slow?600)}body{font-family:F}</style><h1>text</h1>`);
    if (url.pathname === '/foreign') return html(`<h1>x</h1><script>fetch('https://stranger.example.net/hang?hang');</script>`);
    return html(PAGES[names[Number(url.pathname.slice(1))] ?? ''] ?? '');
  });
});
afterAll(() => site.close());

describe('waitUntil: auto', () => {
  it.each(Object.keys(PAGES).map((name, index) => [name, index] as const))('waits for %s', async (_name, index) => {
    const result = await site.capture({ url: `${APP}/${index}` });
    expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
    expect(await pixel(result)).toEqual(GREEN);
    expect(result.observed.readiness?.settledBy).toBe('auto');
  });

  it('tells when each part settled', async () => {
    const result = await site.capture({ url: `${APP}/${Object.keys(PAGES).indexOf('a chain of fetches')}` });
    expect(result.observed.readiness).toMatchObject({ settledBy: 'auto' });
    expect(result.observed.readiness?.fonts).toBeGreaterThanOrEqual(0);
    expect(result.observed.readiness?.network).toBeGreaterThan(400);
    expect(result.observed.readiness?.dom).toBeGreaterThan(400);
  });

  it('waits for web fonts', async () => {
    const result = await site.capture({ url: `${APP}/font` });
    expect(result.ok).toBe(true);
    expect(Math.max(result.observed.readiness?.fonts ?? 0, result.observed.readiness?.network ?? 0)).toBeGreaterThan(400);
  });

  it.each(['lazy', 'appearing'])('loads what only comes into being when it is scrolled to: %s', async (name) => {
    const result = await site.capture({ url: `${APP}/${name}`, output: { format: 'png', fullPage: true } });
    expect(result.ok && result.height).toBe(name === 'lazy' ? 12_000 : 5400);
    const places = Array.from({ length: 12 }, (_entry, index) => 50 + index * 450);
    expect(await pixels(result, places)).toEqual(places.map(() => GREEN));
  });

  it('does not wait for ever for a host of others', async () => {
    const result = await site.capture({ url: `${APP}/foreign` });
    expect(result).toMatchObject({ ok: true, observed: { partial: false } });
  });

  it('a spinner that never ends is a failure that names it, or a partial result where that is asked for', async () => {
    const request = { url: `${APP}/forever`, timeouts: { readiness: 700 } };
    expect(await site.capture(request)).toMatchObject({
      ok: false,
      failure: { code: 'readiness_timeout', step: 'settle', detail: expect.stringContaining('busy') },
    });
    // Who has given a `waitFor` already is told what else there is.
    for (const [waitFor, remedy] of [
      [undefined, 'Name what to wait for in `waitFor`'],
      [{ selector: 'body' }, 'leave the waiting to `waitFor` alone by `waitUntil: "load"`'],
    ] as const) {
      const result = await site.capture({ ...request, ...(waitFor ? { waitFor } : {}) });
      expect(!result.ok && result.failure.detail.match(/(Name what|leave the waiting)[^,]*/)?.[0]).toBe(remedy);
    }
    expect(await site.capture({ ...request, waitUntil: 'load', waitFor: { selector: 'body' } })).toMatchObject({ ok: true });
    expect(await site.capture({ ...request, onTimeout: 'capture' })).toMatchObject({
      ok: true,
      observed: { partial: true, readiness: { settledBy: 'timeout (busy)' } },
    });
  });

  it('works with scripts switched off', async () => {
    expect(await site.capture({ url: `${APP}/lazy`, javaScriptEnabled: false, output: { format: 'png', fullPage: true } })).toMatchObject({
      ok: true,
      height: 12_000,
    });
  });
});

describe('the other ways to wait', () => {
  it.each(['load', 'domcontentloaded', 'commit', 'networkidle'] as const)('%s is what Playwright means by it', async (waitUntil) => {
    const result = await site.capture({ url: `${APP}/0`, waitUntil });
    expect(result).toMatchObject({ ok: true, observed: { readiness: { settledBy: waitUntil } } });
    if (waitUntil === 'networkidle') expect(await pixel(result)).toEqual(GREEN);
  });

  it('waitFor holds the picture until each of its items is met', async () => {
    const page = `${APP}/1`;
    for (const waitFor of [
      { function: `getComputedStyle(document.getElementById('box')).backgroundColor === 'rgb(0, 128, 0)'` },
      { selector: '.spinner', state: 'detached' as const },
      [{ url: '**/1' }, { function: '() => !document.getElementById("s")' }],
    ]) {
      const result = await site.capture({ url: page, waitUntil: 'commit', waitFor });
      expect(await pixel(result)).toEqual(GREEN);
    }
    for (const waitFor of [
      { selector: '.leaves', state: 'hidden' as const },
      { selector: '.comes', state: 'visible' as const },
    ]) {
      const result = await site.capture({ url: `${APP}/twins`, waitUntil: 'commit', waitFor });
      expect(await pixel(result), waitFor.selector).toEqual(GREEN);
    }
    expect(await site.capture({ url: `${APP}/0`, waitUntil: 'commit', waitFor: { response: '**/slow?300&2' } })).toMatchObject({
      ok: true,
    });
    expect(site.seen.some((request) => request.path === '/slow?300&2')).toBe(true);
    const never = { text: 'never there', timeout: 200 };
    for (const [at, waitFor] of Object.entries({ waitFor: never, 'waitFor[1]': [{ url: '**/1' }, never] }))
      expect(await site.capture({ url: page, waitFor })).toMatchObject({
        ok: false,
        failure: { code: 'readiness_timeout', detail: expect.stringContaining(`\`${at}\` was not met in time. Check it against the page`) },
      });
    expect(await site.capture({ url: page, waitFor: { function: 'not an expression' } })).toMatchObject({
      ok: false,
      failure: { code: 'action_failed' },
    });
  });

  it('an expression of `waitFor` that throws is told by the name of its error', async () => {
    const thrown = await site.capture({ url: `${APP}/thrown`, waitFor: { function: 'document.nobody.knows' } });
    const detail = 'The expression in `waitFor` threw a TypeError, so it was not waited for. Correct it.';
    expect(thrown).toMatchObject({ ok: false, failure: { code: 'action_failed', detail } });
  });
});

async function after<T>(ms: number, value: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  setTimeout(() => resolve(value), ms);
  return promise;
}

async function pixel(result: Awaited<ReturnType<TestSite['capture']>>): Promise<number[] | undefined> {
  return (await pixels(result, [10]))[0];
}

/** Colors ten pixels from the left edge, at these heights. */
async function pixels(result: Awaited<ReturnType<TestSite['capture']>>, heights: number[]): Promise<number[][]> {
  if (!result.ok) return [];
  const image = PNG.sync.read(await readFile(result.file));
  return heights.map((y) => [...image.data.subarray((y * image.width + 10) * 4).subarray(0, 3)]);
}

function greenPng(): Buffer {
  const image = new PNG({ width: 2, height: 2 });
  for (let at = 0; at < image.data.length; at += 4) image.data.set([0, 128, 0, 255], at);
  return PNG.sync.write(image);
}
