import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { takeFullPage } from './fixtures/take-full-page.ts';

/** Lists that ask for their next rows when somebody has reached the end of those that there are. */
/** A busy machine takes its time for each round. */
const PATIENT = { timeouts: { readiness: 45_000 } };
const APP = 'https://app.example.com';
const ROW_PX = 60;
const STYLE = `<style>*{box-sizing:border-box}body{margin:0;font:16px/20px sans-serif}.row{height:${ROW_PX}px;background:#def}#more{height:40px}</style>`;
const SHELL = `<style>html,body{height:100%}body{display:flex;flex-direction:column}header{height:50px;background:#234}main{flex:1;min-height:0;display:flex;flex-direction:column}#area{overflow:auto}</style>`;
/** Rows come `page` at a time until there are `all` of them. */
const list = (all: number, page: number, root = 'null') =>
  `<div id="list"></div><div id="more">…</div><script>let [n, busy] = [0, false]; const seen = new IntersectionObserver(async ([entry]) => { if (!entry.isIntersecting || busy) return; busy = true; const rows = await (await fetch('/rows?from=' + n)).json(); for (let i = 0; i < ${page} && n < ${all}; i++) list.insertAdjacentHTML('beforeend', '<div class="row">row ' + ++n + rows[0] + '</div>'); busy = false; if (n >= ${all}) return more.remove(); seen.unobserve(more); seen.observe(more); }, { root: ${root} }); seen.observe(more);</script>`;
const inShell = (content: string) => `${STYLE}${SHELL}<header></header><main><div id="area">${content}</div></main>`;
const REPORT = Array.from({ length: 14 }, (_, at) => `<div style="height:100px;background:hsl(${at * 25} 60% 80%)">part ${at}</div>`).join(
  '',
);
const PAGES: Record<string, string> = {
  '/window': `${STYLE}${list(100, 20)}`,
  // More calls by one path than a poll is known by.
  '/long': `${STYLE}${list(300, 25)}`,
  '/area': inShell(list(100, 20, 'area')),
  '/feed': `${STYLE}${list(1_000_000, 10)}`,
  '/log': `${STYLE}<div style="height:2000px">log</div><div id="log"></div><script>setInterval(() => log.insertAdjacentHTML('beforeend', '<p style="margin:0">line</p>'), 900)</script>`,
  '/report': `${inShell(`<section id="report">${REPORT}</section>`)}<footer style="height:40px;background:#642"></footer>`,
  '/plain-report': `${STYLE}<section id="report">${REPORT}</section>`,
};
let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(async ({ path }) => {
    if (!path.startsWith('/rows')) return html(PAGES[path] ?? 'no such page');
    await new Promise((resolve) => setTimeout(resolve, 60));
    return { headers: { 'content-type': 'application/json' }, body: '[" of the report"]' };
  });
});
afterAll(() => site.close());

const textOf = async (file: string) => (await promisify(execFile)('pdftotext', ['-layout', file, '-'])).stdout;
const pdfOf = async (path: string) => {
  const result = await site.capture({ url: APP + path, output: { format: 'pdf' }, ...PATIENT });
  if (!result.ok) throw new Error(result.failure.detail);
  const rows = (await textOf(result.file)).match(/row \d+/g) ?? [];
  return { rows: rows.length, last: rows.at(-1), partial: result.observed.partial };
};

describe('a list with an end is followed to it', () => {
  it.each([
    ['/window', 100 * ROW_PX],
    ['/long', 300 * ROW_PX],
    ['/area', 50 + 100 * ROW_PX],
  ])('%s, in a picture', async (path, height) => {
    const { image, partial } = await takeFullPage(site, path, PATIENT);
    expect([image.height, partial]).toEqual([height, false]);
  });

  it.each([
    ['/window', 100],
    ['/long', 300],
    ['/area', 100],
  ])('%s, on paper', async (path, rows) => {
    expect(await pdfOf(path)).toEqual({ rows, last: `row ${rows}`, partial: false });
  });
});

describe('what has no end', () => {
  it('is pictured as far as it was followed, and partial', async () => {
    const { image, partial } = await takeFullPage(site, '/feed', { timeouts: { readiness: 6000 } });
    expect(partial).toBe(true);
    expect(image.height).toBeGreaterThan(40 * ROW_PX);
  });

  it('is as high as was asked for, and whole', async () => {
    const { image, partial } = await takeFullPage(site, '/feed', { output: { format: 'png', fullPage: true, maxHeight: 1500 } });
    expect([image.height, partial]).toEqual([1500, false]);
  });

  it('is not waited for where it is a log of some lines', async () => {
    expect((await takeFullPage(site, '/log')).partial).toBe(false);
  });
});

describe('an element that is larger than the area that it scrolls in', () => {
  const take = async (path: string, output = {}) => {
    const result = await site.capture({ url: APP + path, output: { format: 'png', selector: '#report', ...output } });
    if (!result.ok) throw new Error(result.failure.detail);
    return PNG.sync.read(await readFile(result.file));
  };

  it('is pictured whole, without the bars of the shell around it', async () => {
    const [shown, plain] = [await take('/report'), await take('/plain-report')];
    expect([shown.width, shown.height]).toEqual([plain.width, plain.height]);
    expect(shown.data.equals(plain.data)).toBe(true);
  });

  it('stays as it is seen where the areas are to stay closed', async () => {
    const [shown, plain] = [await take('/report', { expandScrollContainers: false }), await take('/plain-report')];
    expect(shown.data.equals(plain.data)).toBe(false);
  });
});
