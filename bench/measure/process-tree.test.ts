import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { descendants, type ProcessTable, parseStat, readProcesses, readPss } from './process-tree.ts';

const LINE = '4242 (Web (x) y) S 17 4242 4242 0 -1 4194304 100 200 0 0 31 12 7 5 20 0 9 0 987654 1000 50 0';

test('a process name with spaces and parentheses does not shift the fields', () => {
  expect(parseStat(LINE)).toEqual({ pid: 4242, state: 'S', parent: 17, ticks: 43, childTicks: 12, startedAt: 987_654 });
  expect(parseStat('')).toBeNull();
  expect(parseStat('12 (short) S 1')).toBeNull();
});

test('the tree below a process holds grandchildren and nobody else', () => {
  const stat = (pid: number, parent: number) => ({ pid, parent, state: 'S', ticks: 0, childTicks: 0, startedAt: 0 });
  const table: ProcessTable = new Map([stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 1), stat(5, 3)].map((entry) => [entry.pid, entry]));
  expect(descendants(table, 2).map(({ pid }) => pid)).toEqual([3, 5]);
});

test.runIf(process.platform === 'linux')('a real child is found below this process, with memory of its own', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("up")'], { stdio: ['pipe', 'pipe', 'ignore'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(descendants(readProcesses(), process.pid).map(({ pid }) => pid)).toContain(child.pid);
  expect(readPss(child.pid ?? 0)).toBeGreaterThan(1_000_000);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end();
  await ended;
  expect(descendants(readProcesses(), process.pid).map(({ pid }) => pid)).not.toContain(child.pid);
});
