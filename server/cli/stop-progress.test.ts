import { expect, test } from 'vitest';
import { createStopProgress, type Work } from './stop-progress.ts';

/** Plays what an instance says, one answer a second, and answers what a person reads. `gone`: it answers no more. */
function play(answers: readonly (Work | 'gone')[]): string[] {
  const lines: string[] = [];
  let seconds = 0;
  const progress = createStopProgress({ say: (line) => lines.push(line), drainMs: 20_000, now: () => seconds * 1000 });
  for (const work of answers) {
    if (work === 'gone') progress.close();
    else progress.update(work);
    seconds++;
  }
  return lines;
}
const work = (running: number, waiting = 0): Work => ({ running, waiting });

test('a stop says how many captures it waits for, how many are left, and when there is none', () => {
  expect(play([work(3, 1), work(3, 1), work(2, 1), work(2, 1), work(0, 1), work(0, 1), 'gone', 'gone'])).toEqual([
    '3 captures are running: waiting up to 20 s …',
    '1 capture waits for a slot: made after the next start.',
    '2 captures are still running, 18 s left …',
    'No capture runs any more: closing database and storage …',
  ]);
});

test('while nothing changes it speaks every five seconds, and never of less than no time', () => {
  const lines = play(Array.from({ length: 31 }, () => work(1)));
  expect(lines).toEqual([
    '1 capture is running: waiting up to 20 s …',
    ...[15, 10, 5, 0, 0, 0].map((left) => `1 capture is still running, ${left} s left …`),
  ]);
});

test('with nothing to wait for it says so once', () => {
  expect(play([work(0), work(0), 'gone'])).toEqual(['No capture runs any more: closing database and storage …']);
  expect(play([work(0, 4), 'gone'])).toEqual([
    '4 captures wait for a slot: made after the next start.',
    'No capture runs any more: closing database and storage …',
  ]);
});

test('an instance that cannot tell is waited for all the same, and its silence is not taken for an end', () => {
  expect(play([null, null, work(2), null, 'gone'])).toEqual([
    'Captures that run end first: waiting up to 20 s …',
    '2 captures are still running, 18 s left …',
    'No capture runs any more: closing database and storage …',
  ]);
});
