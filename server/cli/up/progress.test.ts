import { expect, test } from 'vitest';
import { createTerminal } from '../terminal.ts';
import { createProgress } from './progress.ts';

function capture(isTTY: boolean) {
  const text = { out: '', err: '' };
  const out = { write: (piece: string) => (text.out += piece) };
  const err = { write: (piece: string) => (text.err += piece), isTTY, columns: 100 };
  return { text, terminal: createTerminal(out, err, {}) };
}

test('with --json every event is one line on stdout, and stdout holds nothing else', async () => {
  const { text, terminal } = capture(false);
  const progress = createProgress(terminal, true);
  await progress.step('database', async (tell) => tell('PostgreSQL'));
  progress.skip('browser', '--no-runner');
  await expect(progress.step('runner', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  progress.note('a message');
  progress.emit({ event: 'stopped', code: 69 });
  const events = text.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ event, name, state }) => [event, name, state])).toEqual([
    ['step', 'database', 'started'],
    ['step', 'database', 'done'],
    ['step', 'browser', 'skipped'],
    ['step', 'runner', 'started'],
    ['step', 'runner', 'failed'],
    ['stopped', undefined, undefined],
  ]);
  for (const event of events.filter((entry) => entry.event === 'step')) expect(event.ms).toBeGreaterThanOrEqual(0);
});

test('without a terminal there is a line for each end of a step and no control character', async () => {
  const { text, terminal } = capture(false);
  const progress = createProgress(terminal, false);
  await progress.step('storage', async (tell) => tell('Azurite, port 1'));
  expect(text.err).toMatch(/✔ storage {4}Azurite, port 1 +0\.\d s\n$/);
  expect(text.err).not.toContain('\x1b');
  expect(text.out).toBe('');
});

test('after the end no step is shown any more, but events are', async () => {
  const { text, terminal } = capture(true);
  const progress = createProgress(terminal, false);
  const work = Promise.withResolvers<void>();
  const step = progress.step('console', () => work.promise);
  progress.end();
  const before = text.err;
  work.resolve();
  await step;
  expect(text.err).toBe(before);
});
