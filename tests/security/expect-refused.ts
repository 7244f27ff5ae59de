import { expect } from 'vitest';
import type { Started } from '../e2e/start-process.ts';
import type { Machine } from './runner-machine.ts';

/** Waits for a runner to end as one that is not fit to work: with 69 and one event that says why, and no call to the server. */
export async function expectRefused(machine: Machine, runner: Started, says: { code: string; why: RegExp; remedy: string }): Promise<void> {
  const callsBefore = machine.server.calls.length;
  const started = runner.waitFor('ready').then(
    () => 'ready',
    () => runner.exit,
  );
  const ended = await Promise.race([runner.exit, started]);
  expect(ended, runner.stderr()).toBe(69);
  expect(runner.events).toEqual([
    {
      event: 'error',
      code: says.code,
      message: expect.stringMatching(says.why),
      remedy: expect.stringContaining(says.remedy),
    },
  ]);
  expect(machine.server.calls.length, 'no claim was made').toBe(callsBefore);
}
