import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommandLine } from '../main.ts';
import { createTerminal } from '../terminal.ts';
import { createTeller } from './capture.ts';

const folder = mkdtempSync(join(tmpdir(), 'sessionshot-capture-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function runCapture(output: string) {
  let err = '';
  const terminal = createTerminal({ write: () => undefined }, { write: (piece) => (err += piece) });
  const args = ['capture', 'https://app.example.com/', '-o', output, '--data-dir', folder];
  return { code: await runCommandLine(args, terminal), err };
}

test('a place that cannot be written is refused with 74 and its folder, before anything is asked of an instance', async () => {
  writeFileSync(join(folder, 'file'), '');
  for (const inside of ['/nonexistent', join(folder, 'file')]) {
    const { code, err } = await runCapture(join(inside, 'x.png'));
    expect([code, inside], err).toEqual([74, inside]);
    expect(err).toContain(`in the folder ${inside}:`);
  }
  expect((await runCapture(folder)).code).toBe(74);
});

test('a place that can be written is not touched until there is something to write', async () => {
  expect((await runCapture(join(folder, 'x.png'))).code, 'no instance runs').toBe(69);
  expect(readdirSync(folder)).not.toContain('x.png');
});

test('an attempt that failed is told with its reason before the capture waits again', () => {
  const lines: string[] = [];
  const tell = createTeller((line) => lines.push(line));
  const attempt = (number: number, code: string | null) => ({ number, code, runner: null, startedAt: '', finishedAt: null });
  tell({ id: 'cap_1', status: 'queued', attempts: [] });
  tell({ id: 'cap_1', status: 'running', attempts: [attempt(1, null)] });
  tell({ id: 'cap_1', status: 'running', attempts: [attempt(1, null)] });
  tell({ id: 'cap_1', status: 'queued', attempts: [attempt(1, 'readiness_timeout')] });
  tell({ id: 'cap_1', status: 'running', attempts: [attempt(1, 'readiness_timeout'), attempt(2, null)] });
  expect(lines).toEqual([
    'cap_1 queued',
    'cap_1 running',
    'cap_1 attempt 1: readiness_timeout, trying again',
    'cap_1 queued',
    'cap_1 running',
  ]);
});
