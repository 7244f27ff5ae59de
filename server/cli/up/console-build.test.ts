import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isStale } from './console-build.ts';

const folder = mkdtempSync(join(tmpdir(), 'sessionshot-stale-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a build is stale when it is missing or older than any source, however deep', () => {
  const [built, source] = [join(folder, 'index.html'), join(folder, 'client', 'pages', 'a.tsx')];
  mkdirSync(join(folder, 'client', 'pages'), { recursive: true });
  writeFileSync(source, '');
  utimesSync(source, 1000, 1000);
  expect(isStale(built, [join(folder, 'client')])).toBe(true);
  writeFileSync(built, '');
  utimesSync(built, 2000, 2000);
  for (const path of [join(folder, 'client', 'pages'), join(folder, 'client')]) utimesSync(path, 1000, 1000);
  expect(isStale(built, [join(folder, 'client'), join(folder, 'not-there')])).toBe(false);
  utimesSync(source, 3000, 3000);
  expect(isStale(built, [join(folder, 'client')])).toBe(true);
});
