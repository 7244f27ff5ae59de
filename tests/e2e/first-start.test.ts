import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, expect, test } from 'vitest';
import { type ProcessEvent, startProcess } from './start-process.ts';

// README's first command on an empty data folder, as a stranger runs it: a real process, real parts, its own folder.
const dataDir = mkdtempSync(join(tmpdir(), 'sessionshot-once-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const once = () => startProcess('server/cli/main.ts', ['up', '--once', '--json', '--port', '0', '--data-dir', dataDir]);

function recordedPids(): number[] {
  const file = join(dataDir, 'instance.json');
  if (!existsSync(file)) return [];
  const { pid, children = {} } = JSON.parse(readFileSync(file, 'utf8'));
  return [pid, ...Object.values<{ pid: number }>(children).map((child) => child.pid)];
}

function expectCapture(event: ProcessEvent): void {
  expect(event).toMatchObject({ status: 'succeeded', verdict: 'authenticated' });
  const file = readFileSync(String(event.file));
  expect(file.length).toBe(event.bytes);
  expect(createHash('sha256').update(file).digest('hex')).toBe(event.sha256);
  const png = PNG.sync.read(file);
  expect(png.width).toBe(1280);
  expect(png.height, 'the whole table, not one screen').toBeGreaterThan(1500);
}

test('the first start makes an authenticated capture of the demo app, stops everything and exits 0', async () => {
  const started = once();
  const ready = await started.waitFor('ready');
  const pids = recordedPids();
  const key = await started.waitFor('key');
  expectCapture(await started.waitFor('capture'));
  expect(await started.exit).toBe(0);
  expect(ready).toMatchObject({
    dataDir,
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+/),
    apiUrl: expect.any(String),
    signInUrl: expect.any(String),
  });
  expect(key).toMatchObject({ id: expect.stringMatching(/^key_/), key: expect.stringMatching(/^ss_live_[0-9A-Za-z]{38}$/) });
  expect(started.events.filter((event) => event.event === 'step').map((event) => event.name)).toContain('database');
  expect(started.events.at(-1)).toMatchObject({ event: 'stopped', code: 0 });
  expect(pids.length, 'server, database, storage, runner and demo were recorded').toBeGreaterThanOrEqual(5);
  for (const pid of pids) expect(() => process.kill(pid, 0), `process ${pid} is gone`).toThrow();
});

test('a second start on the same folder keeps the data, shows no key again and captures with a temporary key', async () => {
  const started = once();
  expectCapture(await started.waitFor('capture'));
  expect(await started.exit).toBe(0);
  expect(started.events.some((event) => event.event === 'key')).toBe(false);
});
