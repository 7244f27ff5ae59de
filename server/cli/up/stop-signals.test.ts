import { expect, test } from 'vitest';
import { createStopHandler } from './stop-signals.ts';

function handlerAt() {
  const calls: string[] = [];
  let now = 0;
  const handler = createStopHandler({ first: () => calls.push('drain'), second: () => calls.push('at once') }, () => now);
  const at = (ms: number) => {
    now = ms;
    handler();
  };
  return { calls, at };
}

test('one Ctrl-C under npm arrives twice and counts once', () => {
  const { calls, at } = handlerAt();
  at(1000);
  at(1004);
  at(1499);
  expect(calls).toEqual(['drain']);
});

test('a second signal ends at once', () => {
  const { calls, at } = handlerAt();
  at(1000);
  at(1800);
  expect(calls).toEqual(['drain', 'at once']);
});
