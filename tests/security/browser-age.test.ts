import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../e2e/start-process.ts';
import { type Machine, prepareMachine } from './runner-machine.ts';

/** Whole programs with the browser of this machine, which is more than a day old by any calendar, and less than ten years. */
const VERSION = /\d+\.\d+\.\d+\.\d+/;
let machine: Machine;
beforeAll(async () => {
  machine = await prepareMachine(null);
});
afterAll(() => machine?.close());

test.each([
  ['1', true],
  ['3650', false],
  ['off', false],
])('a runner whose browser may be %s days old is ready, and warns: %s', async (days, warns) => {
  const runner = machine.start({ SESSIONSHOT_BROWSER_AGE_DAYS_MAX: days });
  const ready = await runner.waitFor('ready');
  await runner.stop('SIGTERM');
  expect(ready.version).toMatch(VERSION);
  const warned = runner
    .stderr()
    .split('\n')
    .filter((line) => line.includes('the browser is old'));
  expect(warned).toHaveLength(warns ? 1 : 0);
  if (warns)
    expect(JSON.parse(warned[0] ?? '')).toMatchObject({ level: 'warn', reason: expect.stringContaining('(an estimate); more than 1 ') });
});

test('doctor names the version, and a remedy for what is too old', async () => {
  const look = async (days: string) => {
    const args = ['doctor', '--json', '--data-dir', machine.folder];
    const checks: { name: string; ok: boolean; found: string; remedy: string | null }[] = JSON.parse(
      (await runCommand(args, { SESSIONSHOT_BROWSER_AGE_DAYS_MAX: days })).stdout,
    );
    return checks.find(({ name }) => name === 'browser');
  };
  expect(await look('3650')).toMatchObject({ ok: true, found: expect.stringMatching(VERSION), remedy: null });
  expect(await look('1')).toMatchObject({ ok: false, remedy: expect.stringMatching(/an estimate.*update it/) });
});
