import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';

/** Where things lie on the paper, and what a reader of structure finds: read by tools that are not ours. */
const run = promisify(execFile);
const BODY = `<!doctype html><title>Report</title><style>body{margin:0}p{margin:0;line-height:20px}</style><h1>Chapter</h1>${Array.from({ length: 150 }, (_entry, at) => `<p>body${at}</p>`).join('')}<h2>Section</h2><ul><li>item</li></ul><table><tr><th>head</th></tr><tr><td>cell</td></tr></table>`;
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(() => html(BODY));
});
afterAll(() => site.close());

type Pdf = NonNullable<CaptureRequestInput['output']['pdf']>;
const capture = (pdf: Pdf) => site.capture({ url: 'https://app.example.com/', output: { format: 'pdf', pdf } });
const fileOf = (result: CaptureResult) => (result.ok ? result.file : expect.fail(result.failure.detail));

/** Words of each page with their places, in points from the upper left corner. */
async function pagesOf(result: CaptureResult) {
  const text = (await run('pdftotext', ['-bbox', fileOf(result), '-'])).stdout;
  return text
    .split('<page ')
    .slice(1)
    .map((page) => ({
      height: Number(/height="([\d.]+)"/.exec(page)?.[1]),
      words: [...page.matchAll(/xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)/g)].map((match) => ({
        left: Number(match[1]),
        top: Number(match[2]),
        bottom: Number(match[4]),
        text: match[5] ?? '',
      })),
    }));
}

describe('on paper', () => {
  it('header and footer lie on every page, above and below the text, in the order of the pages', async () => {
    const mark = (name: string) => `<span style="font-size:10px">${name}<span class="pageNumber"></span></span>`;
    const pages = await pagesOf(await capture({ headerTemplate: mark('HEAD'), footerTemplate: mark('FOOT') }));
    expect(pages.length).toBeGreaterThan(2);
    for (const [index, { words }] of pages.entries()) {
      const head = words.find(({ text }) => text === `HEAD${index + 1}`) ?? expect.fail(`no header on page ${index + 1}`);
      const foot = words.find(({ text }) => text === `FOOT${index + 1}`) ?? expect.fail(`no footer on page ${index + 1}`);
      const body = words.filter((word) => word !== head && word !== foot);
      expect(head.bottom).toBeLessThanOrEqual(Math.min(...body.map(({ top }) => top)));
      expect(foot.top).toBeGreaterThanOrEqual(Math.max(...body.map(({ bottom }) => bottom)));
    }
  });

  it('margins are kept on all sides, and no line is lost or cut at a break', async () => {
    const pages = await pagesOf(await capture({ format: 'A5', margin: { top: '1in', bottom: '0.5in', left: '2in' } }));
    for (const { height, words } of pages) {
      expect(Math.min(...words.map(({ left }) => left))).toBeGreaterThanOrEqual(143.5);
      expect(Math.min(...words.map(({ top }) => top))).toBeGreaterThanOrEqual(71.5);
      expect(Math.max(...words.map(({ bottom }) => bottom))).toBeLessThanOrEqual(height - 35.5);
    }
    const body = pages.flatMap(({ words }) => words.flatMap(({ text }) => (text.startsWith('body') ? [text] : [])));
    expect(body).toEqual(Array.from({ length: 150 }, (_entry, at) => `body${at}`));
  });

  it('structure is that of the document where it is asked for', async () => {
    const tree = (await run('pdfinfo', ['-struct-text', fileOf(await capture({ tagged: true, outline: true }))])).stdout;
    for (const part of [/H1[\s\S]*"Chapter"/, /H2[\s\S]*"Section"/, /LI[\s\S]*"item"/, /TH[\s\S]*"head"/, /TD[\s\S]*"cell"/])
      expect(tree).toMatch(part);
    expect((await run('pdfinfo', ['-struct-text', fileOf(await capture({}))])).stdout).not.toContain('H1');
  });
});
