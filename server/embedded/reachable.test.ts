import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findBarrier } from './reachable.ts';

const base = mkdtempSync(join(tmpdir(), 'sessionshot-reach-'));
const inner = join(base, 'home', 'data');
mkdirSync(inner, { recursive: true });
afterAll(() => rmSync(base, { recursive: true }));
const stranger = { uid: 61_000, gid: 61_000 };

test('a path is reachable when every folder on the way lets the user through', () => {
  for (const folder of [base, join(base, 'home'), inner]) chmodSync(folder, 0o711);
  expect(findBarrier(inner, stranger)).toBeNull();
  expect(findBarrier(inner)).toBeNull();
});

test('the first closed folder is named', () => {
  chmodSync(join(base, 'home'), 0o700);
  expect(findBarrier(inner, stranger)).toBe(join(base, 'home'));
});

test('the owner of a private folder passes', () => {
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  expect(findBarrier(inner, self)).toBeNull();
});
