import { expect, test } from 'vitest';
import type { RunnerView } from '#shared/console.ts';
import { runnerFault, runnerState, sortRunners } from './runner-state.ts';

const runner = (more: Partial<RunnerView> = {}): RunnerView => ({
  id: 'run_1',
  name: 'one',
  createdAt: '2026-12-01T00:00:00.000Z',
  lastSeenAt: null,
  online: true,
  revokedAt: null,
  sandbox: 'on',
  browser: { version: '156.0.8078.114', isOld: false },
  ...more,
});

test('a revoked runner is revoked, also while it was heard of a moment ago', () => {
  expect(runnerState(runner())).toBe('online');
  expect(runnerState(runner({ online: false }))).toBe('offline');
  expect(runnerState(runner({ revokedAt: '2026-12-01T00:00:00.000Z' }))).toBe('revoked');
});

test('those that work come first, and the order within stays', () => {
  const list = [
    runner({ name: 'gone', revokedAt: '2026-12-01T00:00:00.000Z' }),
    runner({ name: 'away', online: false }),
    runner({ name: 'b' }),
    runner({ name: 'a' }),
  ];
  expect(sortRunners(list).map(({ name }) => name)).toEqual(['b', 'a', 'away', 'gone']);
});

test('faults are told of those that work alone, the sandbox before the age', () => {
  const old = { version: '100.0.0.1', isOld: true };
  expect(runnerFault(runner())).toBeNull();
  expect(runnerFault(runner({ browser: old }))).toContain('too old');
  expect(runnerFault(runner({ browser: old, sandbox: 'off' }))).toContain('no sandbox');
  expect(runnerFault(runner({ browser: old, online: false }))).toBeNull();
  expect(runnerFault(runner({ browser: null }))).toBeNull();
});
