import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const GAP_MS = 700;
/** Sends for ever what is answered 202, each time another. */
const flush = (send: string) =>
  `<h1>Board</h1><script>let n = 0; const flush = () => { n++; ${send}; }; flush(); setInterval(flush, ${GAP_MS});</script>`;
const PAGES: Record<string, string> = {
  '/sent': flush("fetch('/api/intake', { method: 'POST', body: 'events ' + n })"),
  '/told': flush("fetch('/intake/v2/rum/events?batch=' + n)"),
  '/jobs': flush("fetch('/api/jobs/' + n)"),
  '/built': `<h1>Report</h1><script>let n = 0; const ask = () => fetch('/api/build', { method: 'POST', body: 'report 7' }).then((answer) => answer.text()).then((text) => {
    if (text === '') setTimeout(ask, ++n < 2 ? 150 : 2500); else document.body.append(text); }); ask();</script>`,
  '/compressed': `<h1>Board</h1><script>for (let i = 0; i < 10; i++) fetch('/inflates/' + i);</script>`,
  '/many': `<h1>Board</h1><script>for (let i = 0; i < 60; i++) fetch('/short/' + i);</script>`,
};
const JSON_TYPE = { 'content-type': 'application/json' };
const INFLATES = brotliCompressSync(JSON.stringify({ status: 'done', rows: 'x'.repeat(1_000_000) }));
let site: TestSite;
let builds = 0;
beforeAll(async () => {
  site = await startTestSite(({ path, method }) => {
    if (path === '/api/build') return ++builds < 6 ? { status: 202, body: '' } : { body: 'built' };
    if (path.startsWith('/inflates/'))
      return { headers: { ...JSON_TYPE, 'content-encoding': 'br', 'content-length': `${INFLATES.length}` }, body: INFLATES };
    if (path.startsWith('/short/')) return { headers: { ...JSON_TYPE, 'content-length': '17' }, body: '{"status":"done"}' };
    return PAGES[path] && method === 'GET' ? html(PAGES[path]) : { status: 202, body: '' };
  });
});
afterAll(() => site.close());

describe('an answer of 202', () => {
  // With each of them waited for, the page would not come to rest before the time is over.
  it.each(['/sent', '/told'])('to a beacon is no job: %s', async (path) => {
    const result = await site.capture({ url: APP + path, timeouts: { readiness: 4000 } });
    expect(result.ok ? result.observed.readiness?.settledBy : result.failure.detail).toBe('auto');
  });

  it('holds a page up for half of its time at most, however many jobs there are', async () => {
    const result = await site.capture({ url: `${APP}/jobs`, timeouts: { readiness: 8000 } });
    expect(result.ok ? result.observed.readiness?.settledBy : result.failure.detail).toBe('auto');
  });

  // Its pauses together are longer than a check of the caller has patience.
  it('to what is sent once more, the same, is a job', async () => {
    const result = await site.capture({ url: `${APP}/built`, expect: [{ text: 'built' }] });
    expect(result.ok ? 'captured' : result.failure.detail).toBe('captured');
  });
});

describe('short answers in JSON', () => {
  /** Captures a page; tells how many answers were read meanwhile, and how many of them at the same time. */
  const countReads = async (path: string) => {
    const page = await site.browser.newPage({ ignoreHTTPSErrors: true });
    const response: object = Object.getPrototypeOf(await page.goto(`${APP}/sent`));
    await page.close();
    const own: unknown = Reflect.get(response, 'json');
    if (typeof own !== 'function') throw new Error('no such method');
    let [all, now, most] = [0, 0, 0];
    Reflect.set(response, 'json', async function (this: unknown) {
      all++;
      most = Math.max(most, ++now);
      try {
        return await Reflect.apply(own, this, []);
      } finally {
        now--;
      }
    });
    try {
      expect(await site.capture({ url: APP + path })).toMatchObject({ ok: true });
      await vi.waitFor(() => expect(now).toBe(0));
      return { all, most };
    } finally {
      Reflect.set(response, 'json', own);
    }
  };

  it('are not read where they are compressed, which says nothing of their size', async () => {
    expect(await countReads('/compressed')).toEqual({ all: 0, most: 0 });
  });

  it('are read a few at a time, however many there are', async () => {
    const { all, most } = await countReads('/many');
    expect(all).toBeGreaterThan(20);
    expect(most).toBeLessThanOrEqual(4);
  });
});
