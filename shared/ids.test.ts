import { expect, test } from 'vitest';
import { ID_PREFIXES, idSchema, idTime, isId, makeId } from './ids.ts';

test('an id has its prefix and 26 letters of Crockford’s base 32, and is new each time', () => {
  const made = new Set(Array.from({ length: 1000 }, () => makeId('capture')));
  expect(made.size).toBe(1000);
  for (const id of made) expect(id).toMatch(/^cap_[0-9A-HJKMNP-TV-Z]{26}$/);
});

test('ids sort by their time, and tell it', () => {
  const times = [0, 1, 1_000, 1_700_000_000_000, 1_700_000_000_001, 2 ** 48 - 1];
  const ids = times.map((time) => makeId('job', time));
  expect([...ids].sort()).toEqual(ids);
  expect(ids.map(idTime)).toEqual(times);
});

test('prefixes are all different', () => {
  expect(new Set(Object.values(ID_PREFIXES)).size).toBe(Object.keys(ID_PREFIXES).length);
});

const valid = makeId('capture');
test.each([
  ['', false],
  ['cap_', false],
  [valid, true],
  [valid.slice(0, -1), false],
  [`${valid}0`, false],
  [valid.toLowerCase(), false],
  [valid.replace('cap_', 'job_'), false],
  [`${valid.slice(0, -1)}U`, false],
  [`${valid.slice(0, -1)}I`, false],
  [`${valid.slice(0, -1)}\n`, false],
  [` ${valid.slice(1)}`, false],
])('isId of %j: %s', (text, expected) => {
  expect(isId('capture', text)).toBe(expected);
  expect(idSchema('capture').safeParse(text).success).toBe(expected);
});

test('a schema of ids refuses what is no text', () => {
  for (const value of [null, undefined, 1, {}, [valid]]) expect(idSchema('capture').safeParse(value).success).toBe(false);
});
