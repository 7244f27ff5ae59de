import { setTimeout as after } from 'node:timers/promises';
import type { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { takeFullPage } from './fixtures/take-full-page.ts';
import { VOID_PAGES } from './fixtures/voids.ts';

/** Blank room in full pages: what fills when it is scrolled to, however it does, and what only seems to. */
let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(async ({ path }) => {
    if (path.startsWith('/rows')) await after(300);
    const [name, kind] = path.split('?');
    const page = VOID_PAGES[name ?? ''] ?? 'rows';
    return kind === 'quirks' ? { headers: { 'content-type': 'text/html' }, body: page } : html(page);
  });
});
afterAll(() => site.close());

type Request = Parameters<typeof takeFullPage>[2];
const take = (path: string, more?: Request) => takeFullPage(site, path, more);
const colorAt = ({ width, data }: PNG, x: number, y: number) => data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3).toString('hex');
/** How many of the rows that lie at every `step` pixels are not drawn: the page is white. */
const blankRows = (image: PNG, from = 0, step = 40) =>
  Array.from({ length: Math.floor((image.height - from) / step) }, (_e, i) => colorAt(image, 800, from + i * step + 2)).filter(
    (color) => color === 'ffffff',
  ).length;

describe('a list that takes its time to draw what is scrolled to is whole', () => {
  it.each(['/slow', '/debounced', '/fetched'])('%s', async (path) => {
    const { image, partial } = await take(path);
    expect([image.height, blankRows(image), partial]).toEqual([2400, 0, false]);
  });

  // Twice a wait before anything is drawn: on a busy machine it is not always waited for, and then `partial` says so.
  it('or is partial', async () => {
    const { image, partial } = await take('/debounced-fetched');
    expect([image.height, partial || blankRows(image) === 0]).toEqual([2400, true]);
  });

  it('in a page of the old kind', async () => {
    const { image, partial } = await take('/list?quirks');
    expect([image.height, blankRows(image), partial]).toEqual([6000, 0, false]);
  });

  it('also where inner areas stay as they are', async () => {
    const { image, partial } = await take('/list', { output: { format: 'png', expandScrollContainers: false } });
    expect([image.height, blankRows(image), partial]).toEqual([6000, 0, false]);
  });
});

describe('a page that was looked at', () => {
  it('is pictured as it is at its top, where it hears of that late', async () => {
    const { image, partial } = await take('/throttled');
    expect([colorAt(image, 5, 20), colorAt(image, 5, 190), partial]).toEqual(['0088cc', '0088cc', false]);
  });

  it('is whole where what is drawn above moves a little with the view', async () => {
    const { image, partial } = await take('/parallax');
    expect([image.height, partial]).toEqual([3500, false]);
  });

  it('is partial where it did not answer in time', async () => {
    expect((await take('/stuck')).partial).toBe(true);
  });

  it('is partial where the only thing drawn goes along with the view', async () => {
    const { image, partial } = await take('/canvas');
    expect([image.height, colorAt(image, 800, 700), partial]).toEqual([6000, '88ccff', true]);
  });

  it('is whole where that becomes as high as the view', async () => {
    const { image, partial } = await take('/canvas-of-the-view');
    expect([image.height, colorAt(image, 800, 5900), partial]).toEqual([6000, '88ccff', false]);
  });

  it('is partial where there is much to look at', async () => {
    const { image, partial } = await take('/cells', { deviceScaleFactor: 2, viewport: { width: 2560, height: 720 } });
    expect([image.height, colorAt(image, 2559, 6202), colorAt(image, 2559, 9002), partial]).toEqual([10_000, 'ccddee', 'ffffff', true]);
  });
});

describe('a list that guesses the heights of its rows ends where they do', () => {
  it.each<[string, Request]>([
    ['/guessing', {}],
    ['/guessing', { viewport: { width: 1280, height: 1000 } }],
    ['/guessing-wrong', {}],
  ])('%s %j', async (path, request) => {
    const { image, partial } = await take(path, request);
    expect([image.height, blankRows(image, 0, 45), partial]).toEqual([2700, 0, false]);
  });
});

describe('what follows the view', () => {
  it('is drawn on the first screen, where it hangs on that', async () => {
    const { image, partial } = await take('/pinned');
    expect([image.height, blankRows(image), partial]).toEqual([6000, 0, false]);
    const stretch = (x: number) => {
      const rows = Array.from({ length: image.height }, (_e, y) => y).filter((y) => colorAt(image, x, y) !== 'ffffff');
      return [rows[0], rows.length];
    };
    expect([20, 70, 120, 170, 220, 270, 320].map(stretch)).toEqual([
      [320, 80],
      [0, 720],
      [310, 100],
      [144, 576],
      [5940, 60],
      [5580, 60],
      [0, 60],
    ]);
  });

  it('keeps its height, where a script gives it that of the view', async () => {
    const { image, partial } = await take('/hero-of-the-view');
    expect([image.height, colorAt(image, 800, 715), blankRows(image, 720), partial]).toEqual([6720, 'ffcc88', 0, false]);
  });

  it('grows no page that was fine, and is told by `partial`', async () => {
    const { image, partial } = await take('/canvas-hero');
    expect([image.height, partial]).toEqual([6720, true]);
  });
});
