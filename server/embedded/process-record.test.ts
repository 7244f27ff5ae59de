import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { endProcess, isAlive, readCommandLine, readStartStamp } from './process-record.ts';

async function startSleeper() {
  const child = spawn(process.execPath, ['-e', "process.stdout.write('up'); setInterval(() => undefined, 1000)"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  return { child, record: { pid, startStamp: readStartStamp(pid) ?? '' } };
}

test('a recorded process is ended, and is no longer alive', async () => {
  const { child, record } = await startSleeper();
  const exited = once(child, 'exit');
  expect(isAlive(record)).toBe(true);
  expect(readCommandLine(record.pid)).toContain('setInterval');
  expect(await endProcess(record, [{ signal: 'SIGTERM', ms: 5000 }])).toBe(true);
  await exited;
  expect(readStartStamp(record.pid)).toBeNull();
});

test('a process that only has the recorded number is left alone', async () => {
  const { child, record } = await startSleeper();
  expect(await endProcess({ ...record, startStamp: '1' }, [{ signal: 'SIGKILL', ms: 1000 }])).toBe(true);
  expect(isAlive(record)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
});
