import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createTerminal } from '../terminal.ts';
import { printSummary } from './summary.ts';

const KEY = `ss_live_${'k'.repeat(38)}`;
const DATA_DIR = '/srv/some/where/sessionshot-data';

function print(columns: number): string {
  let text = '';
  const out = { write: (piece: string) => (text += piece) };
  printSummary(createTerminal(out, { write: () => undefined, columns }), {
    url: 'http://127.0.0.1:4180',
    signInUrl: `http://127.0.0.1:4180/sign-in#token=${'t'.repeat(43)}`,
    dataDir: DATA_DIR,
    isDefaultDataDir: false,
    key: KEY,
    demo: { origin: 'https://localhost:43117', stateFile: '', caFile: '', user: 'Ada' },
    capture: null,
    isOver: false,
  });
  return text;
}

/** Runs what the summary offers to copy, with stand-ins that print what they were called with. */
function tryCall(text: string): string[] {
  const call = text.slice(text.indexOf('from this folder:') + 'from this folder:'.length);
  const standIns = `npm() { printf '["%s"]' "$*"; }\ncurl() { printf '%s\\0' "$@"; }\n`;
  return execFileSync('sh', ['-c', standIns + call], { encoding: 'utf8' })
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
