import { expect, test } from 'vitest';
import { findGap } from './check-capture.ts';
import type { Case } from './corpus.ts';
import { makeImage } from './site/make-image.ts';

const image = makeImage({ width: 100, height: 100 }, [200, 40, 90], 1);
const wanted = (x: number, y: number, color: readonly [number, number, number]): Case => ({
  page: 'article',
  format: 'png',
  probes: [{ x, y, color }],
  texts: [],
  pages: null,
});

test('a probe holds where the color is the finished page’s, and only there', async () => {
  expect(await findGap(image, wanted(10, 10, [200, 40, 90]))).toBeNull();
  expect(await findGap(image, wanted(10, 10, [255, 255, 255]))).toContain('is 200,40,90');
});

test('a picture that is too small, or none at all, is incomplete and no crash', async () => {
  expect(await findGap(image, wanted(10, 4000, [200, 40, 90]))).toContain('outside');
  expect(await findGap(Buffer.from('no picture'), wanted(0, 0, [0, 0, 0]))).toContain('not a PNG');
});
