import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommandLine } from './main.ts';
import { createTerminal } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'sessionshot-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  const text = { out: '', err: '' };
  const out = { write: (piece: string) => (text.out += piece) };
  const err = { write: (piece: string) => (text.err += piece) };
  return { code: await runCommandLine(args, createTerminal(out, err)), ...text };
}

test('help begins with examples, goes to stdout and is no fault', async () => {
  for (const args of [[], ['up'], ['keys'], ['keys', 'create'], ['domains'], ['audit'], ['totp'], ['runner'], ['runners'], ['capture']]) {
    const { code, out, err } = await run(...args, '--help');
    expect([code, err], args.join(' ')).toEqual([0, '']);
    expect(out).toMatch(/^Examples:\n {2}\$ /);
  }
});

test('the help of runner has a line for each way to use it', async () => {
  const { out } = await run('runner', '--help');
  for (const start of ['runner  ', 'runner keygen --out DIR  ', 'runner token NAME  '])
    expect(out).toMatch(new RegExp(`^  ${start}\\s*\\w.{20}`, 'm'));
});

test('the help of capture says that saved sessions are not in this version', async () => {
  expect((await run('capture', '--help')).out.replace(/\s+/g, ' ')).toContain('(comes with saved sessions; not in this version)');
});

test.each([
  [['statsu'], /status/],
  [['up', '--prot', '1'], /--port/],
  [['keys', 'create'], /NAME/],
  [['keys', 'create', 'x', '--expires', '90'], /90d/],
  [['capture', 'https://a.example.com'], /--output/],
  [['audit', 'verify', '--head', '12'], /POSITION:HASH/],
  [['audit', 'export', '--since', 'yesterday'], /30d/],
  [['up', '--once', '--no-runner', '--data-dir', folder], /needs a runner/],
])('%j is a usage error that says what was meant', async (args, hint) => {
  const { code, out, err } = await run(...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(hint);
});

test.each([
  [['status']],
  [['stop']],
  [['keys', 'list']],
  [['runners', 'list']],
  [['domains', 'list']],
  [['audit', 'verify']],
  [['audit', 'export']],
  [['totp', 'remove', 'robin@example.com']],
  [['demo', 'auth']],
  [['capture', 'https://a.example.com/', '-o', 'x.png']],
])('%j to a stopped instance exits 69 with the remedy', async (args) => {
  const { code, out, err } = await run(...args, '--data-dir', folder);
  expect([code, out]).toEqual([69, '']);
  expect(err).toContain('npm start');
});
