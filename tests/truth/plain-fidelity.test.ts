import { readFile } from 'node:fs/promises';
import { devices } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '#runner/browser/fixtures/test-site.ts';
import { comparePictures, keepPictures } from './compare-pictures.ts';

/** Ordinary pages, without inner scroll areas or fixed parts: here nothing may differ from Playwright's own full page. */
const ROWS = Array.from(
  { length: 60 },
  (_entry, row) =>
    `<tr><td>${row}<td>Customer ${(row * 7919) % 1000}<td style="color:${row % 3 ? 'green' : 'red'}">${row % 3 ? 'paid' : 'open'}`,
).join('');
const CARDS = Array.from(
  { length: 18 },
  (_entry, card) =>
    `<section><h3>Metric ${card}</h3><svg width="200" height="100">${[1, 5, 3, 7, 4].map((value, bar) => `<rect x="${bar * 40}" y="${100 - value * 12}" width="30" height="${value * 12}" fill="hsl(${card * 20} 60% 50%)"/>`).join('')}</svg></section>`,
).join('');
const PAGES: Record<string, string> = {
  article: `<style>body{font:18px/1.5 serif;max-width:700px;margin:20px auto}h1{text-shadow:2px 2px 4px #888}</style><h1>Article</h1>${'<p>Lorem ipsum dolor sit amet, <b>consectetur</b> adipiscing elit, sed do <i>eiusmod</i> tempor ffi 你好 😀.</p>'.repeat(20)}`,
  table: `<style>body{font:13px sans-serif;margin:0}table{border-collapse:collapse;width:100%}td{border-bottom:1px solid #ddd;padding:6px}</style><table>${ROWS}</table>`,
  cards: `<style>body{font:14px sans-serif;background:#f4f6f8}section{display:inline-block;margin:8px;padding:10px;background:#fff;border-radius:8px;box-shadow:0 2px 8px rgb(0 0 0/.2)}</style>${CARDS}`,
  canvas: `<canvas id="c" width="700" height="1200"></canvas><script>const g = c.getContext('2d'), d = g.createImageData(700, 1200); for (let i = 0; i < d.data.length; i += 4) { d.data[i] = i % 251; d.data[i + 1] = (i >> 9) % 256; d.data[i + 2] = (i * 7) % 256; d.data[i + 3] = 255; } g.putImageData(d, 0, 0);</script>`,
  moving: `<style>body{margin:0;height:1500px}@keyframes far{to{margin-left:300px}}@keyframes turn{to{rotate:1turn}}div{width:80px;height:80px;background:teal;margin:20px}.a{animation:far 60s forwards}.b{animation:turn 1s infinite linear}</style><input autofocus value="text"><div class="a"></div><div class="b"></div>`,
};
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(({ path }) => html(PAGES[path.slice(1)] ?? 'no such page'));
});
afterAll(() => site.close());

const PHONE = 'iPhone 15';
const SCREENS = [
  { screen: 'a desktop', request: {}, context: { viewport: { width: 1280, height: 720 } } },
  {
    screen: 'a dense screen',
    request: { deviceScaleFactor: 2, viewport: { width: 800, height: 600 } },
    context: { deviceScaleFactor: 2, viewport: { width: 800, height: 600 } },
  },
  { screen: 'a phone', request: { device: PHONE }, context: { ...devices[PHONE], defaultBrowserType: undefined } },
];
const cases = Object.keys(PAGES).flatMap((name) => SCREENS.map((screen) => ({ name, ...screen })));

it.each(cases)('the $name page on $screen has the pixels of plain Playwright', async ({ name, screen, request, context }) => {
  const url = `https://app.example.com/${name}`;
  const result = await site.capture({ url, ...request, output: { format: 'png', fullPage: true, scale: 'device' } });
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.detail}`);
  const page = await site.browser.newPage({ ignoreHTTPSErrors: true, ...context });
  try {
    await page.goto(url);
    const plain = await page.screenshot({ fullPage: true, animations: 'disabled', caret: 'hide' });
    const ours = await readFile(result.file);
    await keepPictures(`${name} ${screen}`, { ours, plain });
    const { size, wanted, differing } = comparePictures(ours, plain);
    expect({ size, differing }).toEqual({ size: wanted, differing: 0 });
  } finally {
    await page.close();
  }
});
