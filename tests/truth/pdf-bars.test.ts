import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';

/** A bar that hangs on the view while a page is scrolled is printed once, where it covers no line on any sheet. */
const run = promisify(execFile);
const COUNT = 90;
const BAR_PX = 40;
const POINTS_PER_PX = 0.75;
const lines = Array.from({ length: COUNT }, (_entry, at) => `<div class="line">line${at}.</div>`).join('');
const styled = (css: string, body: string) =>
  `<style>*{box-sizing:border-box}body{margin:0;font:16px/20px sans-serif}.line{height:30px}.top,.end{height:${BAR_PX}px;padding-top:10px;background:#d66}${css}</style>${body}`;
const TOP = '<div class="top">top</div>';
const END = '<div class="end">end</div>';
const TOP_FIXED = '.top{position:fixed;top:0;left:0;right:0}';
const END_FIXED = '.end{position:fixed;bottom:0;left:0;right:0}';

const PAGES: Record<string, string> = {
  'a fixed bar at the top': styled(`${TOP_FIXED}main{padding-top:50px}`, `${TOP}<main>${lines}</main>`),
  'a fixed bar at the bottom': styled(END_FIXED, `<main>${lines}</main>${END}`),
  'a fixed bar at the bottom that comes first in the document': styled(END_FIXED, `${END}<main>${lines}</main>`),
  'both bars in a shell that scrolls inside': styled(
    `body{height:100vh;overflow:hidden;display:flex;flex-direction:column}main{flex:1;overflow:auto;min-height:0}.top{position:sticky;top:0}${END_FIXED}`,
    `<main>${TOP}${lines}</main>${END}`,
  ),
  'a page that overflows a body of 100 %': styled(`html,body{height:100%}${END_FIXED}`, `<main>${lines}</main>${END}`),
  'a page inside a positioned box': styled(
    `#app{position:relative}${TOP_FIXED}${END_FIXED}main{padding-top:50px}`,
    `<div id="app">${TOP}${END}<main>${lines}</main></div>`,
  ),
  'a sticky bar at the bottom': styled('.end{position:sticky;bottom:0}', `${lines}${END}`),
  'sticky bars in an area that scrolls': styled(
    '#app{display:grid;height:100vh}section{overflow:auto;position:relative}.top{position:sticky;top:0}.end{position:sticky;bottom:0}',
    `<div id="app"><section>${TOP}${lines}${END}</section></div>`,
  ),
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[decodeURIComponent(path).slice(1)] ?? ''));
});
afterAll(() => site.close());

type Word = { page: number; text: string; top: number; bottom: number };

/** The words of a printed page in the order of the sheets; places in CSS pixels from the upper edge of their sheet. */
async function wordsOf(name: string, output: Partial<CaptureRequestInput['output']> = {}): Promise<Word[]> {
  const result = await site.capture({ url: `https://app.example.com/${encodeURIComponent(name)}`, output: { ...output, format: 'pdf' } });
  const file = result.ok ? result.file : expect.fail(result.failure.detail);
  const { stdout } = await run('pdftotext', ['-bbox', file, '-']);
  return stdout
    .split('<page ')
    .slice(1)
    .flatMap((sheet, page) =>
      [...sheet.matchAll(/yMin="([\d.]+)".*?yMax="([\d.]+)">([^<]+)</g)].map(([, top, bottom, text]) => ({
        page,
        text: String(text),
        top: Number(top) / POINTS_PER_PX,
        bottom: Number(bottom) / POINTS_PER_PX,
      })),
    );
}

/** What a bar covers: its text begins 10 px below its upper edge. */
function expectUncovered(words: Word[], name: string): void {
  const printed = words.filter(({ text }) => text.startsWith('line')).sort((one, other) => one.page - other.page || one.top - other.top);
  expect(printed.map(({ text }) => text)).toEqual(Array.from({ length: COUNT }, (_entry, at) => `line${at}.`));
  for (const bar of ['top', 'end']) {
    const found = words.filter(({ text }) => text === bar);
    expect(found).toHaveLength((PAGES[name] ?? '').includes(`<div class="${bar}">`) ? 1 : 0);
    for (const { page, top } of found) {
      const beside = bar === 'top' ? printed[0] : printed.at(-1);
      expect(page).toBe(beside?.page);
      if (bar === 'top') expect(beside?.top).toBeGreaterThanOrEqual(top - 10 + BAR_PX - 2);
      else expect(top - 10).toBeGreaterThanOrEqual((beside?.bottom ?? 0) - 2);
    }
  }
}

describe('a PDF shows every line, and each bar once', () => {
  it.each(Object.keys(PAGES))('%s', async (name) => expectUncovered(await wordsOf(name), name));

  it('on one high sheet, and with areas left closed', async () => {
    for (const name of ['a fixed bar at the bottom', 'a sticky bar at the bottom'])
      expectUncovered(await wordsOf(name, { pdf: { singlePage: true } }), name);
    const name = 'a fixed bar at the bottom';
    expectUncovered(await wordsOf(name, { expandScrollContainers: false }), name);
  });
});
