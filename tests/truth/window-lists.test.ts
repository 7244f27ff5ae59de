import type { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { takeFullPage } from './fixtures/take-full-page.ts';
import { listOf } from './fixtures/window-lists.ts';

/** Lists that follow the window, where the view can become only so high, or the page takes its time. */
const VIEW_META = '<meta name="viewport" content="width=device-width">';
const BUSY = 'const busy = (ms) => { const until = performance.now() + ms; while (performance.now() < until); };';
/** Holds the page for longer than it is asked for an answer, once, when a style is set on what `find` finds. */
const holdWhenStyled = (find: string) =>
  `<script>${BUSY} let held = false; new MutationObserver(() => { if (!held) { held = true; busy(7000); } }).observe(${find}, { attributes: true, attributeFilter: ['style'] });</script>`;
/** Shrinks at once when the page is scrolled, and takes its time to grow again. */
const header = (script: string) =>
  `<style>body{margin:0}header{height:200px;background:#08c;transition:height .9s linear}header.small{height:40px;transition:height .05s}</style><header></header><p>top</p><div style="height:3000px"></div><p>the end</p><script>addEventListener('scroll', () => { document.querySelector('header').className = scrollY > 50 ? 'small' : ''; }); ${script}</script>`;
const PAGES: Record<string, string> = {
  '/list': `${VIEW_META}${listOf(500)}`,
  '/held-list': `<div id="hero" style="height:50vh;background:#fc8">hero</div>${listOf(200, holdWhenStyled('hero'))}`,
  '/held-area': `<style>body{margin:0}</style><main style="height:500px;overflow:auto">${'<p style="height:80px;margin:0">row</p>'.repeat(20)}</main>${holdWhenStyled('document.querySelector("main")')}`,
  '/header': header(''),
  // What follows its last change but one takes longer than anybody waits for a motion: the change back is not taken for a beat.
  '/slow-header': header(
    `${BUSY} let [times, isSmall] = [0, false]; addEventListener('scroll', () => { if (scrollY > 50 && !isSmall && times++ > 0) setTimeout(busy, 60, 2700); isSmall = scrollY > 50; })`,
  ),
  // Comes after the place that it is scrolled to, a tenth of the way in each frame of a sixtieth of a second.
  '/parallax': `<style>body{margin:0}header{height:200px;background:#08c}p{height:100px;margin:0}</style><header></header>${'<p>text</p>'.repeat(300)}<script>let [place, at] = [0, 0]; const step = (now) => { place = scrollY + (place - scrollY) * 0.9 ** ((now - at) / 16.7); at = now; const isThere = Math.abs(scrollY - place) < 0.5; if (isThere) place = scrollY; document.querySelector('header').style.transform = 'translateY(' + place * 0.4 + 'px)'; if (isThere) at = 0; else requestAnimationFrame(step); }; addEventListener('scroll', () => { if (at === 0) { at = performance.now(); requestAnimationFrame(step); } });</script>`,
};
let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[path] ?? 'no such page'));
});
afterAll(() => site.close());

type Request = Parameters<typeof takeFullPage>[2];
const take = (path: string, more?: Request) => takeFullPage(site, path, more);
/** Whether a row is drawn there: those are colored, the page is white. */
const isRow = ({ width, data }: PNG, y: number) => {
  const [red = 0, green = 0, blue = 0] = data.subarray((y * width + width / 2) * 4);
  return Math.min(red, green, blue) < 240;
};

describe('a list that is longer than a view may be', () => {
  it.each<[string, Request, number]>([
    ['at two pixels for each', { deviceScaleFactor: 2 }, 12_000],
    ['on a device of three pixels for each', { device: 'iPhone 13' }, 18_000],
  ])('is drawn as far down as that and partial: %s', async (_how, request, drawnTo) => {
    const { image, partial } = await take('/list', request);
    expect([image.height, partial]).toEqual([20_000, true]);
    expect([isRow(image, 15), isRow(image, drawnTo + 15), isRow(image, 19_015)]).toEqual([true, true, false]);
  });

  it('is whole at one pixel for each', async () => {
    const { image, partial } = await take('/list');
    expect([image.height, partial, isRow(image, 19_015)]).toEqual([20_000, false, true]);
  });
});

describe('a page that takes its time while it is made whole', () => {
  it.each([
    ['/held-list', 8360],
    ['/held-area', 720],
  ])('is pictured, and partial: %s', async (path, heightMin) => {
    const { image, partial } = await take(path);
    expect(partial).toBe(true);
    expect(image.height).toBeGreaterThanOrEqual(heightMin);
  });

  it.each(['/header', '/slow-header', '/parallax'])(
    'is pictured as it is at its top, whatever it looked like on the way: %s',
    async (path) => {
      const { image, partial } = await take(path, { output: { format: 'png', animations: 'allow' } });
      expect(partial).toBe(false);
      const header = Array.from({ length: 200 }, (_, y) => image.data[(y * image.width + 5) * 4 + 2]);
      expect(new Set(header)).toEqual(new Set([0xcc]));
    },
  );
});
