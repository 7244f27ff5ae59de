import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';

/** One page as high as its content: nothing of it lost, nothing behind it but the space that the page itself leaves. */
const run = promisify(execFile);
const LINES = Array.from({ length: 120 }, (_entry, at) => `<p>line ${at}</p>`).join('');
const END = '<p>the very end</p>';
const LONG =
  '<p>words that wrap on a narrow page and so make it higher than it is on a wide one, which only a measure at the width of the paper can know</p>'.repeat(
    40,
  );

/** A blank tail of more than this, in points, is a line that nobody wrote. */
const TAIL_MAX = 36;
/** A box is 150 pixels high, and its text is at its upper edge. */
const BOX_TAIL_MAX = 115;
const PAGES: Record<string, string> = {
  plain: `<!doctype html>${LINES}${END}`,
  quirks: `${LINES}${END}`,
  short: `<!doctype html>${END}`,
  wrapping: `<!doctype html>${LONG}${END}`,
  'min-height 100vh and a margin': `<!doctype html><style>#app{min-height:100vh}</style><div id="app">${LINES}${END}</div>`,
  'root of 100%': `<!doctype html><style>html,body{height:100%}</style>${LINES}${END}`,
  'a first screen of 100vh': `<!doctype html><style>.hero{height:calc(100vh - 40px);background:#cde}</style><div class="hero">hero</div>${LINES}${END}`,
  'page breaks': `<!doctype html><style>h2{break-before:page}section{page-break-after:always}</style>${`<h2>part</h2><section>${LONG.slice(0, 1420)}</section>`.repeat(4)}${END}`,
  'margins of @page': `<!doctype html><style>@page{margin:3cm;size:A5}</style>${LINES}${END}`,
  'wider than the paper': `<!doctype html><div style="width:1000px;background:#eef">${LINES}</div>${END}`,
  'boxes that wrap, six of them a little too wide for the paper': `<!doctype html><style>body{margin:0;display:flex;flex-wrap:wrap}div{width:120px;height:150px}</style>${'<div>box</div>'.repeat(23)}<div>the very end</div>`,
  'only print is longer': `<!doctype html><style>.more{display:none}@media print{.more{display:block}}</style><div class="more">${LINES}</div>${END}`,
};
const tall = '<!doctype html><div style="height:25000px">tall</div>';
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) =>
    html(decodeURIComponent(path) === '/tall' ? tall : (PAGES[decodeURIComponent(path).slice(1)] ?? '')),
  );
});
afterAll(() => site.close());

type Pdf = NonNullable<CaptureRequestInput['output']['pdf']>;
const capture = (name: string, pdf: Pdf = {}) =>
  site.capture({
    url: `https://app.example.com/${encodeURIComponent(name)}`,
    output: { format: 'pdf', pdf: { singlePage: true, ...pdf } },
  });
const fileOf = (result: CaptureResult) => (result.ok ? result.file : expect.fail(result.failure.detail));

/** Size of the only page in points, and where its last word ends. */
async function look(result: CaptureResult) {
  const file = fileOf(result);
  const info = (await run('pdfinfo', [file])).stdout;
  const boxes = (await run('pdftotext', ['-bbox', file, '-'])).stdout;
  const words = [...boxes.matchAll(/yMax="([\d.]+)">([^<]*)/g)].map((match) => ({ bottom: Number(match[1]), text: match[2] }));
  const [, width, height] = /Page size: +([\d.]+) x ([\d.]+)/.exec(info) ?? [];
  const bottom = Math.max(...words.map((word) => word.bottom));
  return { pages: Number(/Pages: +(\d+)/.exec(info)?.[1]), width: Number(width), height: Number(height), bottom, words };
}

describe('a PDF of a single page', () => {
  it.each(Object.keys(PAGES))('ends where its content ends: %s', async (name) => {
    const found = await look(await capture(name));
    expect(found.pages).toBe(1);
    expect(found.width).toBeCloseTo(595, -1);
    expect(found.words.slice(-3).map(({ text }) => text)).toEqual(['the', 'very', 'end']);
    expect(found.bottom).toBeLessThan(found.height);
    expect(found.height - found.bottom).toBeLessThan(name.startsWith('boxes') ? BOX_TAIL_MAX : TAIL_MAX);
  });

  it.each(Object.keys(PAGES))('ends where its content ends and the margin begins: %s', async (name) => {
    for (const mm of [10, 20]) {
      const side = `${mm}mm`;
      const found = await look(await capture(name, { margin: { top: side, right: side, bottom: side, left: side } }));
      const margin = (mm / 25.4) * 72;
      expect(found.pages).toBe(1);
      expect(found.bottom).toBeLessThan(found.height - margin);
      expect(found.height - margin - found.bottom).toBeLessThan(name.startsWith('boxes') ? BOX_TAIL_MAX : TAIL_MAX);
    }
  });

  it('keeps margins, scale and the width that it was given, and a footer below the text', async () => {
    const margin = { top: '1in', bottom: '2in', left: '0.5in', right: '0.5in' };
    const found = await look(await capture('plain', { margin, width: '6in', scale: 0.8 }));
    expect(found).toMatchObject({ pages: 1, width: 432 });
    expect(found.height - found.bottom).toBeGreaterThan(143);
    expect(found.height - found.bottom).toBeLessThan(144 + TAIL_MAX);
    expect((await look(await capture('plain', { landscape: true }))).width).toBeCloseTo(842, -1);
    const footed = await look(await capture('plain', { footerTemplate: '<span style="font-size:10px">foot</span>' }));
    const foot = footed.words.find(({ text }) => text === 'foot');
    const last = footed.words.find(({ text }) => text === 'end');
    expect(footed.pages).toBe(1);
    expect(foot?.bottom).toBeGreaterThan((last?.bottom ?? Number.POSITIVE_INFINITY) + 5);
  });

  it('is refused where no reader would show it, with the remedy', async () => {
    expect(await capture('tall')).toMatchObject({
      ok: false,
      failure: { code: 'output_too_large', detail: expect.stringMatching(/19200.*`output\.pdf\.singlePage` out/) },
    });
    expect(await capture('tall', { scale: 0.5 })).toMatchObject({ ok: true, pages: 1 });
  });
});
