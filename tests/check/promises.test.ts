import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { namedFiles, tableRows } from './read-document.ts';

const ROOT = join(import.meta.dirname, '../..');
/** How many promises of security there are of each kind. */
const COUNTS = { S: 17, E: 6, N: 8, K: 6, L: 6 };
const NUMBERS = Object.entries(COUNTS).flatMap(([letter, count]) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`));

type Claim = { number: string; state: string; files: string[] };

/** The rows of the table of numbered promises. */
function readClaims(markdown: string): Claim[] {
  return tableRows(markdown, ['shown by']).map(({ row }) => {
    const [number = '', , state = '', shown = ''] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { number, state, files: namedFiles(shown) };
  });
}

/** What is wrong with a page of promises: numbers that are not there once and in order, states, files. */
function faultsOf(markdown: string, exists = (path: string) => existsSync(join(ROOT, path))): string[] {
  const claims = readClaims(markdown);
  const numbers = claims.map(({ number }) => number);
  return [
    ...(numbers.join() === NUMBERS.join() ? [] : [`the numbers are ${numbers.join(' ')}`]),
    ...claims.flatMap(({ number, state, files }) => [
      ...(/^\*\*met\*\*|^\*\*(partly|not yet)\*\*: \S/.test(state) ? [] : [`${number} is neither met nor says what is missing`]),
      ...(files.some((path) => path.endsWith('.test.ts')) ? [] : [`${number} names no test`]),
    ]),
    ...namedFiles(markdown)
      .filter((path) => !exists(path))
      .map((path) => `${path} is not there`),
  ];
}

describe('docs/promises.md', () => {
  const text = readFileSync(join(ROOT, 'docs/promises.md'), 'utf8');

  test('has each numbered promise of security once, with its state and a test that is there', () => {
    expect(faultsOf(text)).toEqual([]);
  });

  test('would be refused with a number left out, a state without words, or a file that is gone', () => {
    const line = (number: string) => new RegExp(`^\\| ${number} \\|.*\\n`, 'm');
    expect(faultsOf(text.replace(line('N3'), ''))).toEqual([expect.stringContaining('N2 N4')]);
    expect(faultsOf(text.replace(line('S4'), (row) => row.replace(/\*\*partly\*\*: [^|]*/, '**partly** ')))).toEqual([
      'S4 is neither met nor says what is missing',
    ]);
    expect(faultsOf(text.replace(line('L2'), (row) => row.replaceAll('`', '')))).toEqual(['L2 names no test']);
    expect(faultsOf(text, (path) => path !== 'shared/log.test.ts')).toContain('shared/log.test.ts is not there');
  });
});
