import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createTerminal, inLine, table } from './terminal.ts';

const HOSTILE = 'a\u001b[31mred\u001b]0;title\u0007\u009b2J\rb\u202ec\u2066d\b\u007f';
const WRITTEN = 'a\\u001b[31mred\\u001b]0;title\\u0007\\u009b2J\\u000db\\u202ec\\u2066d\\u0008\\u007f';

function open() {
  const text = { out: '', err: '' };
  const out = { write: (piece: string) => (text.out += piece) };
  const err = { write: (piece: string) => (text.err += piece) };
  return { terminal: createTerminal(out, err), text };
}

test('what a name would do to the terminal is written out, in data, messages and colours alike', () => {
  const { terminal, text } = open();
  terminal.out(HOSTILE);
  terminal.say(`${terminal.style('green', '✔')} ${HOSTILE}`);
  terminal.say(terminal.style('dim', HOSTILE));
  expect(text).toEqual({ out: `${WRITTEN}\n`, err: `✔ ${WRITTEN}\n${WRITTEN}\n` });
});

test('JSON reads as the same value, and holds nothing that acts', () => {
  const { terminal, text } = open();
  terminal.json({ name: HOSTILE, line: 'a\nb' });
  expect(JSON.parse(text.out)).toEqual({ name: HOSTILE, line: 'a\nb' });
  expect(text.out.trimEnd()).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
});

test('a cell is one line, whatever its name holds, and the columns stand', () => {
  const lines = table([
    ['ID', 'NAME', 'STATE'],
    ['1', 'two\nlines\tand\u001b[2J', 'x'],
    ['2', 'plain', 'y'],
  ]).split('\n');
  expect(lines).toEqual([
    'ID  NAME                              STATE',
    '1   two\\u000alines\\u0009and\\u001b[2J  x',
    '2   plain                             y',
  ]);
  expect(inLine('a\nb')).toBe('a\\u000ab');
});

test('our own colours reach a terminal that takes them, and no colour that a name brings', () => {
  const written: string[] = [];
  const out = new PassThrough();
  const before = { write: process.stderr.write, force: process.env.FORCE_COLOR };
  process.env.FORCE_COLOR = '1';
  process.stderr.write = (piece: string | Uint8Array) => written.push(String(piece)) > 0;
  try {
    const terminal = createTerminal(out, process.stderr);
    terminal.say(`${terminal.style('green', '✔ \u001b[8mhidden')} \u001b[8m${'name'}`);
  } finally {
    process.stderr.write = before.write;
    if (before.force === undefined) delete process.env.FORCE_COLOR;
    else process.env.FORCE_COLOR = before.force;
  }
  expect(written).toEqual(['\u001b[32m✔ \\u001b[8mhidden\u001b[39m \\u001b[8mname\n']);
});
