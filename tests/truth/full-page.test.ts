/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptureResult } from '#runner/browser/capture-page.ts';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { comparePictures, keepPictures } from './compare-pictures.ts';
import { bands, styled, VIEW } from './fixtures/full-page.ts';
import { CLOSED_PAGES, INNER_SCROLL_PAGES } from './fixtures/inner-scroll-pages.ts';
import { PINNED_PAGES } from './fixtures/pinned-pages.ts';
import { STUBBORN_LIST, WINDOW_LISTS } from './fixtures/window-lists.ts';

const APP = 'https://app.example.com';
const SHARE_MAX = 0.001;
const pages = [...INNER_SCROLL_PAGES, ...PINNED_PAGES, ...WINDOW_LISTS];
const closed = CLOSED_PAGES.map((page) => ({ ...page, plain: page.page }));
const LONG = (height: number) =>
  `<style>body{margin:0;font:40px sans-serif}</style><script>for (let i = 0; i < ${height / 500}; i++) document.write('<div style="height:500px;background:hsl(' + i * 37 % 360 + ' 70% 75%)">' + i * 500 + '</div>');</script>`;
// The root is as wide as the view, the content hangs on its right edge and reaches 2,000 px to the left.
const RTL = `<html dir="rtl"><style>body{margin:0;font:16px sans-serif}.w{width:2000px;height:100px;background:linear-gradient(90deg,red,lime,blue)}p{width:700px}</style><div class="w">שלום</div><p>טקסט</p>${'<div class="w"></div><p>x</p>'.repeat(8)}`;
const WIDE = styled('.w{width:1700px;height:100px;background:linear-gradient(90deg,red,lime,blue)}', `<div class="w"></div>${bands(6)}`);
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const url = new URL(path, APP);
    const body = url.searchParams;
    if (url.pathname === '/image') return { headers: { 'content-type': 'image/svg+xml' }, body: draw(Number(url.search.slice(1))) };
    if (url.pathname === '/long') return html(LONG(Number(body.get('height'))));
    if (url.pathname === '/rtl') return html(RTL);
    if (url.pathname === '/wide') return html(WIDE);
    if (url.pathname === '/stubborn') return html(STUBBORN_LIST);
    const page = [...pages, ...closed][Number(body.get('n'))];
    return html(page ? (url.pathname === '/plain' ? page.plain : page.page) : 'no such page');
  });
});
afterAll(() => site.close());

const draw = (index: number) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="hsl(${index * 60} 70% 60%)"/><text x="20" y="100">${index}</text></svg>`;
const bytesOf = (result: CaptureResult) =>
  result.ok ? readFile(result.file) : Promise.reject(new Error(`${result.failure.code}: ${result.failure.detail}`));
const capture = async (path: string, output = {}, more = {}) =>
  bytesOf(await site.capture({ url: APP + path, viewport: VIEW, output: { format: 'png', fullPage: true, ...output }, ...more }));

const measure = () => [document.documentElement.scrollWidth, document.documentElement.scrollHeight];

/** Draws a page by plain Playwright in a viewport as large as its content. */
async function drawWhole(path: string, view = VIEW): Promise<Buffer> {
  const page = await site.browser.newPage({ ignoreHTTPSErrors: true, viewport: view });
  try {
    await page.goto(APP + path, { waitUntil: 'networkidle' });
    const [width = 0, height = 0] = await page.evaluate(measure);
    await page.setViewportSize({ width, height });
    return await page.screenshot({ animations: 'disabled' });
  } finally {
    await page.close();
  }
}

/** Draws a page by scrolling plain Playwright through it, one view after the other, and joins the rows. */
async function drawByScrolling(path: string, options: { width: number; step: number; height: number; deviceScaleFactor: number }) {
  const { width, step, height, deviceScaleFactor: factor } = options;
  const page = await site.browser.newPage({ ignoreHTTPSErrors: true, viewport: { width, height: step }, deviceScaleFactor: factor });
  const joined = new PNG({ width: width * factor, height: height * factor });
  try {
    await page.goto(APP + path);
    for (let y = 0; y < height; y += step) {
      await page.evaluate(`scrollTo(0, ${y})`);
      PNG.sync.read(await page.screenshot()).data.copy(joined.data, y * factor * joined.width * 4);
    }
    return PNG.sync.write(joined, { deflateLevel: 1 });
  } finally {
    await page.close();
  }
}

async function expectSame(name: string, bytes: Buffer, reference: Buffer): Promise<void> {
  await keepPictures(name, { ours: bytes, plain: reference });
  const { size, wanted, differing } = comparePictures(bytes, reference);
  expect(size).toEqual(wanted);
  expect(differing).toBeLessThanOrEqual(SHARE_MAX);
}

describe('a full page equals the same content laid out plainly', () => {
  it.each(pages.map((page, n) => ({ ...page, n })))('$name: $why', async ({ name, n }) => {
    await expectSame(name, await capture(`/page?n=${n}`), await drawWhole(`/plain?n=${n}`));
  });

  it.each(closed.map((page, index) => ({ ...page, n: pages.length + index })))('$name: $why', async ({ name, n }) => {
    await expectSame(name, await capture(`/page?n=${n}`), await capture(`/page?n=${n}`, { fullPage: false }));
  });
});

it('a list that follows the window is drawn whole where the time of the page is held', async () => {
  const n = pages.indexOf(WINDOW_LISTS[0] ?? { name: '', why: '', page: '', plain: '' });
  await expectSame('held list', await capture(`/page?n=${n}`, {}, { reproducible: true }), await drawWhole(`/plain?n=${n}`));
});

describe('a list that cannot be drawn whole', () => {
  it('is told by `partial`, and its picture is what the page shows at its top', async () => {
    const take = (output = {}) =>
      site.capture({ url: `${APP}/stubborn`, viewport: VIEW, output: { format: 'png', fullPage: true, ...output } });
    const [whole, plain] = [await take(), await take({ expandScrollContainers: false })];
    expect(whole).toMatchObject({ ok: true, observed: { partial: true } });
    await expectSame('stubborn', await bytesOf(whole), await bytesOf(plain));
  });
});

describe('a page of any height and width', () => {
  // Drawn a second time by scrolling through it: no picture of that path is taller than one view.
  it('of 40,000 px is exact to the last row', async () => {
    const how = { width: 800, step: 2000, height: 40_000, deviceScaleFactor: 1 };
    await expectSame('40000', await capture('/long?height=40000'), await drawByScrolling('/long?height=40000', how));
  });

  it('of 20,000 px at two pixels for each is exact to the last row', async () => {
    const how = { width: 700, step: 1000, height: 20_000, deviceScaleFactor: 2 };
    const bytes = await capture('/long?height=20000', { scale: 'device' }, { viewport: { width: 700, height: 600 }, deviceScaleFactor: 2 });
    await expectSame('20000 twice', bytes, await drawByScrolling('/long?height=20000', how));
  });

  // In a viewport as wide as the content nothing lies outside: right to left is then no special case any more.
  it('that is written from right to left and wider than the view begins at its left end', async () => {
    await expectSame('rtl', await capture('/rtl'), await drawWhole('/rtl'));
  });

  // The blocks of this page that follow the view stay 800 px wide: what lies right of them is the page's own background.
  it('that is wider than the view is as wide as its content', async () => {
    const image = PNG.sync.read(await capture('/wide'));
    expect([image.width, image.height]).toEqual([1700, 1000]);
    const end = [...image.data.subarray((50 * 1700 + 1695) * 4).subarray(0, 3)];
    expect(end[2]).toBeGreaterThan(240);
    expect([...image.data.subarray((400 * 1700 + 1000) * 4).subarray(0, 3)]).toEqual([255, 255, 255]);
  });
});

describe('options', () => {
  it('maxHeight shows the upper part of what an open area holds', async () => {
    const [cut, whole] = [PNG.sync.read(await capture('/page?n=0', { maxHeight: 1000 })), PNG.sync.read(await capture('/page?n=0'))];
    expect([cut.width, cut.height]).toEqual([800, 1000]);
    expect(cut.data.equals(whole.data.subarray(0, cut.data.length))).toBe(true);
  });

  it('expandScrollContainers: false leaves scroll areas closed, true opens them for an element', async () => {
    expect(PNG.sync.read(await capture('/page?n=0', { expandScrollContainers: false })).height).toBe(600);
    const element = { fullPage: undefined, selector: 'main' };
    expect(PNG.sync.read(await capture('/page?n=0', element)).height).toBe(540);
    expect(PNG.sync.read(await capture('/page?n=0', { ...element, expandScrollContainers: true })).height).toBe(1800);
  });
});
