import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import type { CaptureResult } from '../capture-page.ts';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
const run = promisify(execFile);
let site: TestSite;
type Output = Parameters<TestSite['capture']>[0]['output'];

/** Rows of 100 px whose color is their number, so that a repeated or missing stretch shows. */
const rows = (count: number) =>
  `<style>body{margin:0}</style><script>for (let i = 0; i < ${count}; i++) document.write('<div style="height:100px;background:rgb(' + i % 256 + ',' + (i >> 8) + ',77)">row ' + i + '</div>');</script>`;
const ART = `<style>body{margin:0;font:20px sans-serif}#card{position:absolute;left:100px;top:1500px;width:300px;height:200px;background:linear-gradient(red,blue)}input{caret-color:red}@keyframes slide{from{margin-left:0}to{margin-left:400px}}#moving{width:50px;height:50px;background:green;animation:slide 60s forwards}</style><input autofocus><div id="moving"></div><p class="mail">ann@example.com</p><div id="card">card</div><div style="height:2500px"></div>`;
/** A notice for people who wait for ten seconds. */
const LATER =
  '<style>@keyframes show{to{visibility:visible}} div{position:fixed;inset:0;background:rgb(255,0,0);visibility:hidden;animation:show 0s 10s forwards} body{background:rgb(0,128,0)}</style><div></div>';
const PRINT = `<title>Report</title><meta name="x"><style>@media print{.screen{display:none}}@media screen{.print{display:none}}h1{break-before:page}body{background:#eef}</style><p class="screen">only screen</p><p class="print">only print</p><p>Ann Müller Ж €</p><h1>Second</h1><p>two</p><h1>Third</h1>`;

beforeAll(async () => {
  site = await startTestSite(({ path }) => {
    const url = new URL(path, APP);
    if (url.pathname === '/rows') return html(rows(Number(url.searchParams.get('n'))));
    if (url.pathname === '/print') return html(PRINT);
    if (url.pathname === '/later') return html(LATER);
    if (url.pathname === '/bare') return html('<style>body{margin:0;width:100px;height:100px}</style><p>x</p>');
    if (url.pathname === '/emulated')
      return html(
        `<pre id="out"></pre><script>document.getElementById('out').textContent = [innerWidth, devicePixelRatio, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone, matchMedia('(prefers-color-scheme: dark)').matches, matchMedia('(prefers-reduced-motion: reduce)').matches, navigator.userAgent, matchMedia('print').matches, navigator.maxTouchPoints > 0].join('|'); navigator.geolocation.getCurrentPosition((place) => { document.title = String(place.coords.latitude); });</script>`,
      );
    return html(ART);
  });
});
afterAll(() => site.close());

const make = (path: string, output: NonNullable<Output>, more = {}) => site.capture({ url: APP + path, output, ...more });
const bytesOf = async (result: CaptureResult) => (result.ok ? readFile(result.file) : Promise.reject(new Error(result.failure.detail)));
const pngOf = async (result: CaptureResult) => PNG.sync.read(await bytesOf(result));
const pixel = (image: PNG, x: number, y: number) => [...image.data.subarray((y * image.width + x) * 4).subarray(0, 4)];
const textOf = async (result: CaptureResult, ...options: string[]) =>
  (await run('pdftotext', [...options, result.ok ? result.file : '', '-'])).stdout;
const infoOf = async (result: CaptureResult) => (await run('pdfinfo', [result.ok ? result.file : ''])).stdout;

describe('pictures', () => {
  it.each([
    ['png', 'PNG image data, 1280 x 720'],
    ['jpeg', '1280x720'],
    ['webp', 'Web/P image'],
  ] as const)('%s is a file of that kind and size', async (format, described) => {
    const result = await make('/', { format });
    expect(result).toMatchObject({ ok: true, contentType: `image/${format}`, width: 1280, height: 720, pages: null });
    expect((await run('file', [result.ok ? result.file : ''])).stdout).toContain(described);
  });

  it('quality makes a smaller file', async () => {
    for (const format of ['jpeg', 'webp'] as const) {
      const [low, high] = [
        await make('/', { format, quality: 10, fullPage: true }),
        await make('/', { format, quality: 95, fullPage: true }),
      ];
      expect(low.ok && high.ok && low.bytes < high.bytes).toBe(true);
    }
  });

  it('has the same pixels as the slow encoder', async () => {
    const fast = await pngOf(await make('/', { format: 'png', fullPage: true }));
    const slow = await pngOf(await make('/', { format: 'png', fullPage: true, mask: ['#nobody'] }));
    expect([fast.width, fast.height]).toEqual([slow.width, slow.height]);
    expect(fast.data.equals(slow.data)).toBe(true);
  });

  it.each([20, 170, 500])('the full page of %i rows has every row once', async (count) => {
    const result = await make(`/rows?n=${count}`, { format: 'png', fullPage: true }, { viewport: { width: 300, height: 400 } });
    const image = await pngOf(result);
    expect([image.width, image.height]).toEqual([300, count * 100]);
    const found = Array.from({ length: count }, (_entry, index) => pixel(image, 200, index * 100 + 50).slice(0, 3));
    expect(found).toEqual(Array.from({ length: count }, (_entry, index) => [index % 256, index >> 8, 77]));
  });

  it('is refused beyond the limits, and maxHeight takes the upper part', async () => {
    const tall = { format: 'png' as const, fullPage: true };
    expect(await make('/rows?n=501', tall, { viewport: { width: 300, height: 400 } })).toMatchObject({
      ok: false,
      failure: { code: 'output_too_large', step: 'render', detail: expect.stringMatching(/`output\.maxHeight` for its upper part\.$/) },
    });
    expect(await make('/rows?n=501', { ...tall, maxHeight: 1234 })).toMatchObject({ ok: true, width: 1280, height: 1234 });
    expect(await make('/rows?n=170', { format: 'webp', fullPage: true })).toMatchObject({
      ok: false,
      failure: { code: 'output_too_large', detail: expect.stringContaining('16383') },
    });
    expect(await make('/rows?n=300', { ...tall, scale: 'device' }, { deviceScaleFactor: 2 })).toMatchObject({
      ok: false,
      failure: { code: 'output_too_large' },
    });
    expect(await site.capture({ url: `${APP}/`, output: tall }, { assetBytesMax: 1000 })).toMatchObject({
      ok: false,
      failure: { code: 'output_too_large', detail: expect.stringMatching(/1000 are allowed.*or choose jpeg/) },
    });
  });

  it('scale: css gives one pixel for each CSS pixel, device as many as the screen has', async () => {
    const more = { deviceScaleFactor: 2, viewport: { width: 500, height: 300 } };
    expect(await make('/', { format: 'png' }, more)).toMatchObject({ width: 500, height: 300 });
    expect(await make('/', { format: 'png', scale: 'device' }, more)).toMatchObject({ width: 1000, height: 600 });
    expect(await make('/', { format: 'png', scale: 'device', fullPage: true, mask: ['.mail'] }, more)).toMatchObject({ width: 1000 });
  });

  it('an element is captured whole, wherever it lies', async () => {
    const result = await make('/', { format: 'png', selector: '#card' });
    const image = await pngOf(result);
    expect([image.width, image.height]).toEqual([300, 200]);
    expect(pixel(image, 150, 0)[0]).toBeGreaterThan(250);
    expect(pixel(image, 150, 199)[2]).toBeGreaterThan(250);
    expect(await make('/', { format: 'png', selector: '#nobody' }, { timeouts: { action: 200 } })).toMatchObject({
      ok: false,
      failure: { code: 'action_timeout', step: 'render' },
    });
    expect(await make('/', { format: 'png', selector: 'div' })).toMatchObject({ ok: false, failure: { code: 'action_failed' } });
  });

  it('a clip may lie anywhere on the page, and ends with it', async () => {
    const clip = { x: 100, y: 1500, width: 300, height: 200 };
    expect(
      (await pngOf(await make('/', { format: 'png', clip }))).data.equals(
        (await pngOf(await make('/', { format: 'png', selector: '#card' }))).data,
      ),
    ).toBe(true);
    expect(await make('/', { format: 'png', clip: { x: 1200, y: 0, width: 500, height: 10 } })).toMatchObject({
      ok: true,
      width: 80,
      height: 10,
    });
    expect(await make('/', { format: 'png', clip: { x: 5000, y: 0, width: 5, height: 5 } })).toMatchObject({
      ok: false,
      failure: { code: 'action_failed', detail: expect.stringContaining('outside') },
    });
  });

  it('masks cover the element, hide and remove take it away, styles change it', async () => {
    const area = { format: 'png' as const };
    const plain = await pngOf(await make('/', area));
    const masked = await pngOf(await make('/', { ...area, mask: ['.mail'] }));
    expect(pixel(masked, 5, 105)).toEqual([255, 0, 255, 255]);
    for (const more of [
      { hide: ['.mail'] },
      { remove: ['.mail'] },
      { styles: ['.mail { opacity: 0 }'] },
      { scripts: [`document.querySelector('.mail').textContent = ''`] },
    ]) {
      expect((await pngOf(await make('/', area, more))).data.equals(plain.data)).toBe(false);
    }
  });

  it('omitBackground leaves the page transparent', async () => {
    for (const mask of [[], ['#nobody']])
      expect(pixel(await pngOf(await make('/bare', { format: 'png', omitBackground: true, mask })), 600, 600)).toEqual([0, 0, 0, 0]);
  });

  it('an animation that would begin in a while has not begun: what waits for a slow page does not cover a quick one', async () => {
    expect(pixel(await pngOf(await make('/later', { format: 'png' })), 200, 200)).toEqual([0, 128, 0, 255]);
  });

  it('finite animations stand at their end unless they are allowed', async () => {
    const still = await pngOf(await make('/', { format: 'png' }));
    expect(pixel(still, 425, 50).slice(0, 3)).toEqual([0, 128, 0]);
    const moving = await pngOf(await make('/', { format: 'png', animations: 'allow' }));
    expect(pixel(moving, 425, 50).slice(0, 3)).toEqual([255, 255, 255]);
  });

  it('the page sees what is emulated', async () => {
    const emulated = {
      viewport: { width: 500, height: 300 },
      deviceScaleFactor: 1.5,
      locale: 'de-DE',
      timezoneId: 'Asia/Tokyo',
      colorScheme: 'dark' as const,
      reducedMotion: 'reduce' as const,
      userAgent: 'Agent/1',
      media: 'print' as const,
      hasTouch: true,
      geolocation: { latitude: 12.5, longitude: 1 },
    };
    const text = '500|1.5|de-DE|Asia/Tokyo|true|true|Agent/1|false|true';
    const result = await site.capture({
      url: `${APP}/emulated`,
      ...emulated,
      media: 'screen',
      expect: [{ text }],
      waitFor: { function: `document.title === '12.5'` },
    });
    expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
    expect(
      await site.capture({ url: `${APP}/emulated`, ...emulated, expect: [{ text: text.replace('|false|', '|true|') }] }),
    ).toMatchObject({ ok: true });
    expect(await site.capture({ url: `${APP}/emulated`, device: 'iPhone 15', expect: [{ text: 'iPhone' }] })).toMatchObject({
      ok: true,
      width: 393,
      height: 659,
    });
  });
});

describe('PDFs', () => {
  it('holds the whole document as text, printed for print, on A4', async () => {
    const result = await make('/print', { format: 'pdf' });
    expect(result).toMatchObject({ ok: true, contentType: 'application/pdf', pages: 3, width: null, height: null });
    const text = await textOf(result);
    for (const part of ['only print', 'Ann Müller', 'Ж €', 'Second', 'Third']) expect(text).toContain(part);
    expect(text).not.toContain('only screen');
    expect(await infoOf(result)).toMatch(/Pages: +3\n[\s\S]*\(A4\)/);
  });

  it('takes size, direction, margin, ranges and medium', async () => {
    expect(await infoOf(await make('/print', { format: 'pdf', pdf: { format: 'Letter', landscape: true } }))).toMatch(/792 x 612 pts/);
    expect(
      await infoOf(await make('/print', { format: 'pdf', pdf: { width: '100mm', height: '200mm', margin: { left: '10mm' } } })),
    ).toMatch(/283\.\d+ x 56[67]/);
    const ranged = await make('/print', { format: 'pdf', pdf: { pageRanges: '2-3' } });
    expect(ranged).toMatchObject({ ok: true, pages: 2 });
    expect(await textOf(ranged)).not.toContain('Müller');
    expect(await make('/print', { format: 'pdf', pdf: { pageRanges: '7-9' } })).toMatchObject({
      ok: false,
      failure: { code: 'action_failed', detail: expect.stringContaining('pageRanges') },
    });
    expect(await textOf(await make('/print', { format: 'pdf' }, { media: 'screen' }))).toContain('only screen');
  });

  it('is refused with more pages than it may have', async () => {
    const pdf = { width: '4in', height: '1in', margin: { top: 0, bottom: 0 } };
    expect(await make(`/rows?n=${LIMITS.pdfPagesMax + 1}`, { format: 'pdf', pdf })).toMatchObject({
      ok: false,
      failure: {
        code: 'output_too_large',
        step: 'render',
        detail: expect.stringMatching(/has 2\d{3} pages, 2000 are allowed.*`output\.pdf\.pageRanges`\.$/),
      },
    });
  });

  it('prints header and footer where there was no room for them', async () => {
    const pdf = {
      headerTemplate: '<div style="font-size:10px">Head of <span class="title"></span></div>',
      footerTemplate: '<div style="font-size:10px">Page <span class="pageNumber"></span> of <span class="totalPages"></span></div>',
    };
    const text = await textOf(await make('/print', { format: 'pdf', pdf }), '-layout');
    for (const part of ['Head of Report', 'Page 1 of 3', 'Page 3 of 3']) expect(text).toContain(part);
    const headOnly = await textOf(await make('/print', { format: 'pdf', pdf: { headerTemplate: pdf.headerTemplate } }));
    expect(headOnly).not.toContain('https://');
  });

  it('is tagged and has an outline on request only', async () => {
    expect(await infoOf(await make('/print', { format: 'pdf' }))).toMatch(/Tagged: +no/);
    const tagged = await make('/print', { format: 'pdf', pdf: { tagged: true, outline: true, metadata: { author: 'Ann' } } });
    expect(await infoOf(tagged)).toMatch(/Author: +Ann[\s\S]*Tagged: +yes/);
    expect((await bytesOf(tagged)).toString('latin1')).toContain('/Outlines');
    expect(tagged).toMatchObject({ pages: 3 });
  });

  it('carries the metadata that was given, in any script, and keeps the rest', async () => {
    const metadata = { title: 'Bericht (Q3) \\ 你好', author: 'Ann <ann@example.com>', subject: 'Zahlen', keywords: 'a, b' };
    const result = await make('/print', { format: 'pdf', pdf: { metadata } });
    const info = await infoOf(result);
    for (const part of [
      'Title:           Bericht (Q3) \\ 你好',
      'Author:          Ann <ann@example.com>',
      'Subject:         Zahlen',
      'Keywords:        a, b',
      'Creator:         Chromium',
      'Pages:           3',
    ])
      expect(info).toContain(part);
    expect(await textOf(result)).toContain('Ann Müller');
    const { stderr } = await run('pdfinfo', [result.ok ? result.file : '']);
    expect(stderr).toBe('');
  });
});
