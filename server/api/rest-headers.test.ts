import { expect, test } from 'vitest';
import { readWaitSeconds } from './rest-headers.ts';

test.each([
  ['wait=30', 30],
  ['wait=0', 0],
  ['WAIT = 30', 30],
  ['wait="30"', 30],
  ['wait=007', 7],
  ['respond-async, wait=30', 30],
  ['wait=30;foo=bar', 30],
  ['return=minimal; foo="x", wait=5', 5],
  // More than is waited for: what is applied is said by `Preference-Applied`.
  ['wait=61', 60],
  ['wait=999999999', 60],
  // The first one counts, also when it cannot be read.
  ['wait=5, wait=10', 5],
  ['wait=abc, wait=10', null],
  // A parameter of another preference is none of its own.
  ['respond-async; wait=10', null],
  ['wait=1e3', null],
  ['wait=abc', null],
  ['wait=-1', null],
  ['wait=+1', null],
  ['wait=1.5', null],
  ['wait=0x10', null],
  ['wait="30', null],
  ['wait=3 0', null],
  ['wait=30s', null],
  ['wait=1=2', null],
  ['wait=9999999999', null],
  ['wait=', null],
  ['wait', null],
  ['waiting=5', null],
  ['', null],
  [undefined, null],
])('Prefer: %s is %s', (header, seconds) => {
  expect(readWaitSeconds(header)).toBe(seconds);
});

test('of several headers the first that asks to wait counts', () => {
  expect(readWaitSeconds(['respond-async', 'wait=7', 'wait=8'])).toBe(7);
});
