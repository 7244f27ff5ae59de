import { expect, test } from 'vitest';
import { keyEnd, keyState } from './key-state.ts';

const now = Date.UTC(2026, 0, 10);
const day = (days: number) => new Date(now + days * 86_400_000).toISOString();

test('a revoked key is revoked whatever its expiry and whatever this machine’s clock says', () => {
  expect(keyState({ revokedAt: day(1), expiresAt: day(90) }, now)).toBe('revoked');
  expect(keyEnd({ revokedAt: day(1), expiresAt: day(90) })).toBe(day(1));
});

test('a key ends soon in its last week, and is over at its expiry', () => {
  expect(keyState({ revokedAt: null, expiresAt: null }, now)).toBe('active');
  expect(keyState({ revokedAt: null, expiresAt: day(8) }, now)).toBe('active');
  expect(keyState({ revokedAt: null, expiresAt: day(6) }, now)).toBe('expiring');
  expect(keyState({ revokedAt: null, expiresAt: day(0) }, now)).toBe('expired');
});
