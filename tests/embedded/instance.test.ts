import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { findInstance, takeInstance } from '#server/embedded/instance.ts';
import { isAlive, readStartStamp } from '#server/embedded/process-record.ts';
import { makeDataFolder } from './data-folder.ts';
import { startElsewhere } from './killed-process.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});
const HOST = '127.0.0.1';

function folder(): string {
  const made = makeDataFolder();
  cleanUps.push(made.remove);
  return made.path;
}

async function startSleeper() {
  const child = spawn(process.execPath, ['-e', "process.stdout.write('up'); setInterval(() => undefined, 1000)"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  cleanUps.push(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, startStamp: readStartStamp(child.pid ?? 0) ?? '' };
}

test('a second instance on one folder is refused with pid and address of the first', async () => {
  const path = folder();
  const first = await startElsewhere('instance', path);
  cleanUps.push(first.kill);
  const refused = expect.objectContaining({
    exitCode: 69,
    code: 'already_running',
    message: expect.stringContaining('http://127.0.0.1:1'),
    remedy: expect.stringContaining('stop'),
  });
  await expect(takeInstance(path, HOST)).rejects.toThrow(refused);
  await expect(takeInstance(path, HOST)).rejects.toThrow(String(first.part.pid));
});

test('the record of a killed instance is taken over, and the children it left are ended', async () => {
  const path = folder();
  const first = await startElsewhere('instance', path);
  await first.kill();
  expect(findInstance(path)).toBeNull();
  const left = await startSleeper();
  const file = join(path, 'instance.json');
  const stale = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...stale, children: { runner: left } }));
  const second = await takeInstance(path, HOST);
  expect(isAlive(left)).toBe(false);
  expect(findInstance(path)?.pid).toBe(process.pid);
  second.release();
  expect(existsSync(file)).toBe(false);
});

test('a process that merely got the number of a recorded child is left alone', async () => {
  const path = folder();
  const first = await startElsewhere('instance', path);
  await first.kill();
  const stranger = await startSleeper();
  const file = join(path, 'instance.json');
  const stale = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...stale, children: { runner: { pid: stranger.pid, startStamp: '1' } } }));
  const second = await takeInstance(path, HOST);
  expect(isAlive(stranger)).toBe(true);
  second.release();
});

test('of many starts at the same moment one takes the folder, a stale record or not', async () => {
  const path = folder();
  const first = await startElsewhere('instance', path);
  await first.kill();
  const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => takeInstance(path, HOST)));
  expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
  expect(statSync(join(path, 'instance.json')).mode & 0o777).toBe(0o600);
});
