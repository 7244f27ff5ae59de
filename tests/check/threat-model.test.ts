import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { namedFiles, tableRows } from './read-document.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENT = 'docs/threat-model.md';
/** The tables whose lines are claims: each names the test that shows it, or says that none does. */
const CLAIMS = ['shown by'];

describe('docs/threat-model.md', () => {
  const text = read(DOCUMENT);

  test('names only files and folders that are there', () => {
    const named = namedFiles(text);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names for each claim a test, or says plainly that none shows it', () => {
    const claims = tableRows(text, CLAIMS);
    expect(claims.length).toBeGreaterThan(30);
    const silent = claims.filter(({ cell }) => !/not shown/i.test(cell) && !namedFiles(cell).some(isTest));
    expect(silent.map(({ row }) => row)).toEqual([]);
  });

  test('is found by whoever looks for it', () => {
    for (const page of ['README.md', 'SECURITY.md']) expect(read(page)).toContain('docs/threat-model.md');
    for (const page of ['README.md', 'CONTRIBUTING.md']) expect(read(page)).toContain('SECURITY.md');
  });
});

describe('the reader of documents', () => {
  test('finds paths in code spans, whole or with a folder named before, and nothing else', () => {
    expect(namedFiles('`tests/a/b.test.ts`, `shared/limits.ts`, `Seccomp: 2`, `/readyz`, tests/c.ts and `runner/browser/`')).toEqual([
      'tests/a/b.test.ts',
      'shared/limits.ts',
      'runner/browser/',
    ]);
  });

  test('finds the last cell of each row in the tables that are asked for', () => {
    const text =
      '| claim | shown by |\n| --- | --- |\n| a | `tests/a.test.ts` |\n| b | not shown |\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n';
    expect(tableRows(text, CLAIMS).map(({ cell }) => cell)).toEqual(['`tests/a.test.ts`', 'not shown']);
  });
});

function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path === 'tests/check.ts';
}
