import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import { createLog } from '#shared/log.ts';
import { isAlive, keepAliveNote } from './liveness.ts';

let base: string;
let folder: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'liveness-'));
  folder = join(base, 'sessionshot-runner-a');
  await mkdir(folder);
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(base, { recursive: true });
});

test('a runner that is not ready yet, or not there, is not alive', async () => {
  expect(await isAlive(base)).toBe(false);
  expect(await isAlive(join(base, 'gone'))).toBe(false);
});

test('a ready runner is alive, and one whose event loop stopped is not', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const note = await keepAliveNote(folder, createLog('test', 'error'));
  expect(await isAlive(base)).toBe(true);
  const old = new Date(Date.now() - 3 * LIMITS.livenessMs);
  await utimes(join(folder, 'alive'), old, old);
  expect(await isAlive(base)).toBe(false);
  vi.advanceTimersByTime(LIMITS.livenessMs);
  await vi.waitFor(async () => expect(await isAlive(base)).toBe(true));
  note.stop();
});
