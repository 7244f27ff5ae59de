import { expect, test } from 'vitest';
import { axisEnd, stackDays, sumUp } from './stack-days.ts';

const counts = (more: object = {}) => ({ queued: 0, running: 0, succeeded: 0, failed: 0, canceled: 0, ...more });
const day = (more: object = {}) => ({ day: '2026-12-01', counts: counts(more) });

test('what waits and what runs is open, and all layers make the whole', () => {
  expect(stackDays([day({ queued: 2, running: 1, succeeded: 5, failed: 3, canceled: 1 })])).toEqual([
    { day: '2026-12-01', all: 12, layers: { succeeded: 5, failed: 3, canceled: 1, open: 3 } },
  ]);
});

test.each([
  [0, 4],
  [4, 4],
  [5, 6],
  [7, 8],
  [9, 10],
  [11, 20],
  [21, 40],
  [41, 60],
  [81, 100],
  [100, 100],
  [1001, 2000],
])('the axis of %s captures ends at %s', (succeeded, end) => {
  expect(axisEnd(stackDays([day(), day({ succeeded })]))).toBe(end);
});

test('success is a share of what ended by itself', () => {
  expect(sumUp(stackDays([day()]))).toEqual({ all: 0, successShare: null });
  expect(sumUp(stackDays([day({ succeeded: 3, canceled: 5 }), day({ failed: 1, queued: 2 })]))).toEqual({ all: 11, successShare: 0.75 });
});
