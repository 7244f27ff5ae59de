/// <reference lib="dom" />
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';

const APP = 'https://app.example.com';
/** 500 rows of 100 px whose color is their number. */
const ROWS = `<style>body{margin:0}</style><script>for (let i = 0; i < 500; i++) document.write('<div style="height:100px;background:rgb(' + i % 256 + ',' + (i >> 8) + ',77)"></div>');</script>`;
let site: TestSite;

beforeAll(async () => {
  site = await startTestSite(() => html(ROWS));
});
afterAll(() => site.close());

// JPEG and the browser's encoders have limits of their own; nothing here reads JPEG, so the browser itself does.
it('a JPEG is as tall as a page may be, to its last row', async () => {
  const output = { format: 'jpeg', quality: 95, fullPage: true } as const;
  const result = await site.capture({ url: `${APP}/rows`, output, viewport: { width: 300, height: 400 } });
  expect(result).toMatchObject({ ok: true, width: 300, height: 50_000 });
  const found = await colorsOf(await readFile(result.ok ? result.file : ''), [50, 25_050, 49_950]);
  for (const [index, row] of [0, 250, 499].entries())
    for (const [channel, value] of [row % 256, row >> 8, 77].entries())
      expect(Math.abs((found[index]?.[channel] ?? -100) - value)).toBeLessThanOrEqual(3);
});

/** The colors that the browser itself reads from a JPEG, at these rows. */
async function colorsOf(jpeg: Buffer, rows: number[]): Promise<number[][]> {
  const page = await site.browser.newPage();
  try {
    return await page.evaluate(
      async ({ data, rows }) => {
        const bitmap = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${data}`)).blob());
        const pen = new OffscreenCanvas(1, 1).getContext('2d');
        if (!pen) throw new Error('no canvas');
        return rows.map((row) => {
          pen.drawImage(bitmap, 200, row, 1, 1, 0, 0, 1, 1);
          return [...pen.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
        });
      },
      { data: jpeg.toString('base64'), rows },
    );
  } finally {
    await page.close();
  }
}
