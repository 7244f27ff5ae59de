import { describe, expect, test } from 'vitest';
import { geometricMean, mean, median, p90, quantile } from './statistics.ts';

describe('statistics', () => {
  test('the median of an even sample lies between its middle values, whatever their order', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  test('the 90th percentile is near the top', () => {
    expect(p90(Array.from({ length: 11 }, (_, index) => index))).toBe(9);
    expect(quantile([1, 2], 1)).toBe(2);
  });

  test('a value that is none is left out; an empty sample has no median', () => {
    expect(median([1, Number.NaN, 3])).toBe(2);
    expect(median([])).toBeNaN();
    expect(mean([])).toBeNaN();
  });

  test('the geometric mean of a ratio and its inverse is one', () => {
    expect(geometricMean([0.25, 4])).toBeCloseTo(1);
    expect(geometricMean([1, 0])).toBeNaN();
    expect(geometricMean([])).toBeNaN();
  });
});
