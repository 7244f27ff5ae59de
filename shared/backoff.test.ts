import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test.each([
  [1, 0, 500],
  [1, 0.999999, 1000],
  [2, 0, 1000],
  [4, 0.5, 6000],
  [50, 0.999999, 30_000],
  [0, 0, 500],
])('retry %i with the draw %d waits %i ms', (attempt, draw, ms) => {
  expect(backoffMs(attempt, 1000, 30_000, () => draw)).toBe(ms);
});

test('never longer than the bound, never at once', () => {
  for (let attempt = 0; attempt < 2000; attempt++) {
    const ms = backoffMs(attempt, 1000, 30_000);
    expect(ms).toBeGreaterThanOrEqual(500);
    expect(ms).toBeLessThanOrEqual(30_000);
  }
});
