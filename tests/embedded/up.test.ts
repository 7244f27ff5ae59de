import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { SAME_SIGNAL_MS } from '#server/cli/up/stop-signals.ts';
import { runCommand, type Started, startProcess } from '../e2e/start-process.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'sessionshot-signal-'));
const recordSchema = z.object({ children: z.object({ azurite: z.object({ pid: z.int().positive() }) }) });
let instance: Started;
beforeAll(async () => {
  instance = startProcess('server/cli/main.ts', ['up', '--json', '--port', '0', '--no-open', '--no-runner', '--data-dir', dataDir]);
  await instance.waitFor('ready');
});
afterAll(async () => {
  await instance.stop('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

test('doctor beside a running instance reports the port of that instance, and that it answers', async () => {
  const { stdout, stderr } = await runCommand(['doctor', '--json', '--data-dir', dataDir]);
  const { host } = new URL(String((await instance.waitFor('ready')).url));
  const checks: unknown = JSON.parse(stdout);
  expect(checks, stderr).toContainEqual({ name: 'port', ok: true, found: `${host}: this instance answers`, remedy: null });
});

test('a second Ctrl-C ends a stop that hangs at once: one `stopped` event, code 130, no child left', async () => {
  const { pid } = recordSchema.parse(JSON.parse(readFileSync(join(dataDir, 'instance.json'), 'utf8'))).children.azurite;
  // A storage that does not answer holds the graceful stop up.
  process.kill(pid, 'SIGSTOP');
  instance.child.kill('SIGINT');
  // Repeats count as the same Ctrl-C at first, since npm doubles it: one of these is the second.
  const atOnce = () => {
    if (instance.stderr().includes('Stopping at once')) return;
    instance.child.kill('SIGINT');
    throw new Error(`no immediate stop yet:\n${instance.stderr()}`);
  };
  await vi.waitFor(atOnce, { timeout: 10_000, interval: SAME_SIGNAL_MS });
  expect(await instance.exit).toBe(130);
  expect(instance.events.filter(({ event }) => event === 'stopped')).toEqual([{ event: 'stopped', code: 130 }]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});
