import { readFile } from 'node:fs/promises';
import { setTimeout as after } from 'node:timers/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
let site: TestSite;

const PAGES: Record<string, string> = {
  variable: '<h1>x</h1><script>var __sessionshotReady;</script>',
  rejected:
    '<h1>x</h1><script>window.__sessionshotReady = Promise.reject(new Error("no")); window.__sessionshotReady.catch(() => 0);</script>',
  throws: '<h1>x</h1><script>Object.defineProperty(window, "__sessionshotReady", { get() { throw new Error("no"); } });</script>',
  attribute: '<h1>x</h1><script>document.documentElement.dataset.captureReady = "pending";</script>',
  ready:
    '<h1>x</h1><div class="spinner" style="width:20px;height:20px"></div><script>window.__sessionshotReady = true; fetch("/hang?data");</script>',
  feed: '<style>div{height:900px}</style><div>1</div><script>let n = 1; const add = () => { if (n > 400) return; n++; document.body.append(Object.assign(document.createElement("div"), { textContent: n })); look.disconnect(); look.observe(document.body.lastElementChild); }; const look = new IntersectionObserver(([entry]) => entry.isIntersecting && fetch("/data").then(add)); look.observe(document.querySelector("div"));</script>',
  back: '<style>body{margin:0}#in{height:300px;overflow:auto;background:green}#in p{height:200px;margin:0;background:red}#in p:first-child{background:green}.far{height:3000px}</style><div id="in"><p></p><p></p><p></p><p></p><p></p></div><div class="far"></div><script>document.getElementById("in").scrollTop = 0; addEventListener("scroll", () => { document.title = scrollY; });</script>',
  broken: '<style>@font-face{font-family:F;src:url(/hang?font)}body{font-family:F}</style><h1>text</h1>',
  nulled:
    '<p class="spinner">x</p><p>Loading the board…</p><img src="/data"><script>for (const name of ["trim", "includes"]) String.prototype[name] = null; Element.prototype.closest = null; for (const name of ["some", "filter", "map", "find", "includes", "flatMap"]) Array.prototype[name] = null; setTimeout(() => { for (const p of document.querySelectorAll("p")) p.remove(); document.title = "done"; }, 500);</script>',
  beat: '<h1>x</h1><p id="t">0</p><a href="#"><span class="spinner" style="display:block;width:20px;height:20px"></span></a><div class="spinner-ornament" style="width:40px;height:40px"></div><script>let n = 0; setInterval(() => { document.getElementById("t").textContent = "12:00:" + ++n; }, 1100);</script>',
  begun:
    '<p id="t">0</p><div style="height:9000px">x</div><script>addEventListener("scroll", () => setInterval(() => { document.getElementById("t").textContent = Date.now(); }, 20), { once: true });</script>',
  polls: '<h1>x</h1><script>setInterval(() => fetch("/data?n"), 300); fetch("/inner?slow");</script>',
  script: '<h1>x</h1><script async src="/hang?script"></script>',
  fetch: '<h1>x</h1><script>fetch("/hang?board=7");</script>',
  frame: '<iframe src="https://bi.example.org/inner" style="width:600px;height:200px"></iframe>',
  leaving: '<h1>interstitial</h1><script>setTimeout(() => location.replace("/late"), 500);</script>',
  late: '<h1>start</h1><script>setTimeout(() => { document.querySelector("h1").textContent = "Arrived"; window.arrived = 1; }, 300);</script>',
};

beforeAll(async () => {
  site = await startTestSite(async ({ path, host }) => {
    const url = new URL(path, `https://${host}`);
    if (url.pathname === '/hang') return null;
    // What may be stored, the browser reads to its end by itself.
    if (url.pathname === '/data') return { headers: { 'cache-control': 'no-store' }, body: '{}' };
    if (url.pathname === '/inner') {
      await after(url.search === '' ? 200 : 700);
      return html('<p id="t"></p><script>setTimeout(() => { document.getElementById("t").textContent = "In the frame"; }, 900);</script>');
    }
    return html(PAGES[url.pathname.slice(1)] ?? '');
  });
});
afterAll(() => site.close());

describe("the app's own signal", () => {
  it.each([
    ['variable', '__sessionshotReady'],
    ['rejected', '__sessionshotReady'],
    ['attribute', 'data-capture-ready'],
    ['throws', '__sessionshotReady'],
  ])('that never comes is a failure that names it: %s', async (name, signal) => {
    const result = await site.capture({ url: `${APP}/${name}`, timeouts: { readiness: 900 } });
    expect(result).toMatchObject({ ok: false, failure: { code: 'readiness_timeout', detail: expect.stringContaining(signal) } });
    expect(result.observed.readiness).toMatchObject({ settledBy: 'timeout (signal)', heldBy: 'signal' });
    expect(await site.capture({ url: `${APP}/${name}`, timeouts: { readiness: 900 }, onTimeout: 'capture' })).toMatchObject({
      ok: true,
      observed: { partial: true },
    });
  });

  it('decides when to look, whatever else goes on', async () => {
    const result = await site.capture({ url: `${APP}/ready`, timeouts: { readiness: 3000 } });
    expect(result).toMatchObject({ ok: true, observed: { partial: false, readiness: { settledBy: 'signal' } } });
  });
});

describe('what has no end is bounded', () => {
  it('a feed that grows by scrolling is not followed for ever', async () => {
    const result = await site.capture({ url: `${APP}/feed`, output: { format: 'png', fullPage: true, maxHeight: 20_000 } });
    expect(result).toMatchObject({ ok: true, observed: { partial: false } });
    expect(site.seen.filter((request) => request.path === '/data').length).toBeLessThan(100);
  });

  it('a font that never comes leaves the text in another one', async () => {
    expect(await site.capture({ url: `${APP}/broken`, timeouts: { readiness: 15_000 } })).toMatchObject({ ok: true });
  });

  it('answers that the page never reads do not hold it up, each time anew', async () => {
    expect(await site.capture({ url: `${APP}/polls` })).toMatchObject({ ok: true, observed: { partial: false } });
    expect(site.seen.filter((request) => request.path === '/data?n').length).toBeLessThan(15);
  });

  it('a clock of seconds does not keep up a doubt about an ornament', async () => {
    expect(await site.capture({ url: `${APP}/beat`, timeouts: { readiness: 12_000 } })).toMatchObject({ ok: true });
  });

  it('a clock that begins when the page is scrolled is a clock', async () => {
    const result = await site.capture({ url: `${APP}/begun`, output: { format: 'png', fullPage: true }, timeouts: { readiness: 12_000 } });
    expect(result).toMatchObject({ ok: true, observed: { partial: false } });
  });

  it('a request that hangs leaves the page half of the time', async () => {
    expect(await site.capture({ url: `${APP}/fetch`, timeouts: { readiness: 2000 } })).toMatchObject({ ok: true });
  });

  it('a spinner on a page without scripts is not waited for, since nothing could take it away', async () => {
    expect(await site.capture({ url: `${APP}/ready`, javaScriptEnabled: false, timeouts: { readiness: 1500 } })).toMatchObject({
      ok: true,
    });
  });

  it('the message names a request of the page that never ends', async () => {
    const result = await site.capture({ url: `${APP}/script`, timeouts: { readiness: 800 } });
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'readiness_timeout', detail: expect.stringContaining('app.example.com/hang') },
    });
    expect(result.observed.readiness?.heldBy).toBe('network');
  });
});

it('an app that has taken away methods of the language is judged all the same', async () => {
  const result = await site.capture({ url: `${APP}/nulled` });
  expect(result).toMatchObject({ ok: true, observed: { partial: false, readiness: { settledBy: 'auto' } } });
  expect(result.observed.readiness?.busy ?? result.observed.readiness?.timers).toBeGreaterThan(0);
});

describe('the scroll through the page', () => {
  it('goes back to where the page and its areas were', async () => {
    const result = await site.capture({ url: `${APP}/back`, output: { format: 'png', clip: { x: 0, y: 0, width: 200, height: 1000 } } });
    expect(result.ok && (await colorAt(result.file, 20))).toEqual([0, 128, 0]);
    expect(result.observed.readiness?.scroll).toBeGreaterThanOrEqual(0);
  });

  it('is left out where the picture shows the view alone', async () => {
    const result = await site.capture({ url: `${APP}/back`, output: { format: 'png', clip: { x: 0, y: 0, width: 200, height: 100 } } });
    expect(result.observed.readiness).not.toHaveProperty('scroll');
  });
});

describe('explicit waits add to auto', () => {
  it('a text is found in a frame of another site', async () => {
    expect(await site.capture({ url: `${APP}/frame`, waitUntil: 'commit', waitFor: { text: 'In the frame' } })).toMatchObject({ ok: true });
  });

  it('they outlive a navigation of the page', async () => {
    for (const waitFor of [{ text: 'Arrived' }, { function: 'window.arrived === 1' }, { selector: 'text=Arrived' }, { url: '**/late' }])
      expect(await site.capture({ url: `${APP}/leaving`, waitUntil: 'load', waitFor }), JSON.stringify(waitFor)).toMatchObject({
        ok: true,
        observed: { finalUrl: `${APP}/late` },
      });
  });

  it('the one that was missed is named in a partial result', async () => {
    const waitFor = [{ selector: 'h1' }, { selector: '#never', timeout: 200 }];
    for (const format of ['png', 'pdf'] as const)
      expect(await site.capture({ url: `${APP}/late`, waitFor, onTimeout: 'capture', output: { format } })).toMatchObject({
        ok: true,
        observed: { partial: true, readiness: { settledBy: 'timeout (waitFor[1])' } },
      });
  });

  it('a response that came before counts', async () => {
    expect(await site.capture({ url: `${APP}/feed`, waitFor: { response: '**/data', timeout: 500 } })).toMatchObject({ ok: true });
  });
});

async function colorAt(file: string, y: number): Promise<number[]> {
  const image = PNG.sync.read(await readFile(file));
  return [...image.data.subarray((y * image.width + 10) * 4).subarray(0, 3)];
}
