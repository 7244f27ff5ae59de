import { expect, test } from 'vitest';
import { parseDuration } from './durations.ts';

test('a duration is a number with a unit', () => {
  expect([parseDuration('30m'), parseDuration('12h'), parseDuration('90d'), parseDuration('2w')]).toEqual([
    1_800_000, 43_200_000, 7_776_000_000, 1_209_600_000,
  ]);
});

test.each(['', '90', 'd', '-1d', '1.5h', '1y', '9999999d'])('"%s" is refused', (text) => {
  expect(() => parseDuration(text)).toThrow(/unit/);
});
