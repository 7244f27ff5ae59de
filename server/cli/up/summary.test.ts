import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTerminal } from '../terminal.ts';
import { printSummary } from './summary.ts';

const KEY = `ss_live_${'k'.repeat(38)}`;
const DATA_DIR = '/srv/some/where/sessionshot-data';

function print(columns: number, key: string | null = KEY): string {
  let text = '';
  const out = { write: (piece: string) => (text += piece) };
  printSummary(createTerminal(out, { write: () => undefined, columns }), {
    url: 'http://127.0.0.1:4180',
    signInUrl: `http://127.0.0.1:4180/sign-in#token=${'t'.repeat(43)}`,
    dataDir: DATA_DIR,
    isDefaultDataDir: false,
    key,
    demo: { origin: 'https://localhost:43117', stateFile: '', caFile: '', user: 'Ada' },
    capture: null,
    isOver: false,
  });
  return text;
}

/** Runs what the summary offers to copy, with stand-ins that print what they were called with. */
function tryCall(text: string, env: Record<string, string> = {}): string[] {
  const call = text.slice(text.indexOf('from this folder:') + 'from this folder:'.length);
  const standIns = `npm() { printf '["%s"]' "$*"; }\ncurl() { printf '%s\\0' "$@"; }\n`;
  return execFileSync('sh', ['-c', standIns + call], { encoding: 'utf8', env: { PATH: process.env.PATH ?? '', ...env } })
    .split('\0')
    .slice(0, -1);
}

test('on a narrow terminal no line of the summary is longer than it', () => {
  const text = print(80);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).toMatch(new RegExp(`^ {2}API key +${KEY}$`, 'm'));
  expect(text).toContain('shown this once: keep it');
});

test('on a wide terminal the key and its remark share a line', () => {
  expect(print(200)).toMatch(new RegExp(`API key +${KEY} +shown this once: keep it\n`));
});

test.each([80, 200])('at %i columns the shell reads the same call', (columns) => {
  const [, url, , key, , type, , prefer, , body] = tryCall(print(columns));
  expect([url, key, type, prefer]).toEqual([
    'http://127.0.0.1:4180/api/captures',
    `Authorization: Bearer ${KEY}`,
    'Content-Type: application/json',
    'Prefer: wait=30',
  ]);
  expect(JSON.parse(body ?? '')).toEqual({
    url: 'https://localhost:43117/',
    auth: { storageState: [`run -s sessionshot -- demo auth --data-dir ${DATA_DIR}`] },
    output: { format: 'pdf' },
  });
});

test('a later start, which shows no key, offers a call that reads it from the environment', () => {
  const text = print(80, null);
  expect(text).toContain('with a key of yours in SESSIONSHOT_API_KEY');
  expect(tryCall(text, { SESSIONSHOT_API_KEY: KEY })[3]).toBe(`Authorization: Bearer ${KEY}`);
});

test('the start, the README, the docs and the console read the key from one variable', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');
  const pages = ['README.md', 'docs/api.md', 'client/components/curl-example.ts'].map(read);
  const names = [print(80), print(200), ...pages].flatMap((text) => [...text.matchAll(/\$(\w*KEY)\b/g)].map(([, name]) => name));
  expect(names.length).toBeGreaterThanOrEqual(6);
  expect([...new Set(names)]).toEqual(['SESSIONSHOT_API_KEY']);
});
