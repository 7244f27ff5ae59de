import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from './fixtures/test-site.ts';

/** A capture of a page that is there takes a tenth of this; each question that is left waiting takes 5 s. */
const STALLED_MS_MAX = 8000;
const MASK = [255, 0, 255];
const APP = 'https://app.example.com';
/** A lazy frame that is not laid out never gets a document, and one whose text a script wrote has no address. */
const LAZY = '<h1>Board</h1><iframe loading="lazy" src="/inner" hidden></iframe>';
const WRITTEN = `${LAZY}<iframe src="javascript:'<p id=secret>Account 4711</p>'"></iframe>`;
/** The server takes the request of this frame and never answers. */
const STALLED = `<style>body{margin:0}</style><h1 id="head" style="margin:0;height:50px">Board</h1><iframe id="frame" src="/never" style="border:0;width:1000px;height:600px"></iframe>`;
/** Scripts hold the page for longer than a frame is waited for, again and again. */
const BUSY = `${WRITTEN}<script>onload = function hold() { const until = performance.now() + 400; while (performance.now() < until); setTimeout(hold); }</script>`;
let site: TestSite;

beforeAll(async () => {
  const pages: Record<string, string> = { '/lazy': LAZY, '/written': WRITTEN, '/stalled': STALLED, '/busy': BUSY };
  site = await startTestSite(({ path }) => (path === '/never' ? null : html(pages[path] ?? '<p>inner</p>')));
});
afterAll(() => site.close());

describe('a frame that has no document', () => {
  it.each([
    ['a text that must not be there', { expect: [{ notText: 'Sign in' }] }],
    ['a text that is waited for', { waitFor: { text: 'Board' } }],
    ['redaction by a selector', { redact: [{ selector: 'h1' }] }],
  ])('holds nothing up: %s', async (_, options) => {
    expect(await site.capture({ url: `${APP}/lazy`, timeouts: { readiness: 3000 }, ...options })).toMatchObject({ ok: true });
    expect(site.seen.filter(({ path }) => path === '/inner')).toEqual([]);
  });

  it.each([
    ['a mask', {}],
    ['a text that must not be there', { expect: [{ notText: 'Sign in' }] }],
    ['a reproducible capture', { reproducible: true }],
  ])('costs little where it covers the page and never comes: %s', async (_, options) => {
    const output = { format: 'png' as const, mask: ['#head', '#frame'] };
    const request = { url: `${APP}/stalled`, waitUntil: 'domcontentloaded' as const, output, ...options };
    const result = await site.capture(request, { deadlineMs: STALLED_MS_MAX });
    expect(result).toMatchObject({ ok: true });
    const { data, width } = PNG.sync.read(await readFile(result.ok ? result.file : ''));
    const colors = [25, 300].map((y) => [...data.subarray((y * width + 500) * 4).subarray(0, 3)]);
    expect(colors).toEqual([MASK, MASK]);
  });

  it.each(['/written', '/busy'])('is told from one that has no address and shows what a script wrote: %s', async (path) => {
    const request = { url: APP + path, waitUntil: 'load' as const, timeouts: { action: 300 }, expect: [{ notText: '4711' }] };
    expect(await site.capture(request)).toMatchObject({ ok: false, failure: { code: 'expectation_failed' } });
  });
});
