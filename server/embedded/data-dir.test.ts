import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDataDir } from './data-dir.ts';

const base = mkdtempSync(join(tmpdir(), 'sessionshot-data-dir-'));
chmodSync(base, 0o755);
afterAll(() => rmSync(base, { recursive: true }));

const START_MS_MAX = 15_000;

test('a data folder is made with the parents it lacks, and opened again', () => {
  const path = join(base, 'a', 'b', 'c');
  for (const _ of [1, 2]) expect(openDataDir(path, false)).toMatchObject({ path, barrier: null });
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('a file among the parents is refused with 74, the folder and a remedy', () => {
  writeFileSync(join(base, 'file'), '');
  for (const path of [join(base, 'file'), join(base, 'file', 'data'), join(base, 'file', 'more', 'data')]) {
    const refused = { exitCode: 74, message: expect.stringContaining(path), remedy: expect.stringContaining('--data-dir') };
    expect(() => openDataDir(path, false)).toThrow(expect.objectContaining(refused));
  }
});

// In a process of its own: the fault that this keeps out was a loop that no time limit of a test could have ended.
test.each(['/proc/foo', '/proc/foo/data'])('%s ends the start with 74 instead of going round for ever', (path) => {
  const program = join(import.meta.dirname, '..', 'cli', 'main.ts');
  const args = [program, 'up', '--port', '0', '--data-dir', path];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: START_MS_MAX, killSignal: 'SIGKILL' });
  expect(stderr).toContain(`The data folder ${path} cannot be used`);
  expect(stderr).toContain('--data-dir DIR');
  expect(status).toBe(74);
});
