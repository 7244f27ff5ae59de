import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { secret } from '#shared/secret.ts';
import { createVault } from './vault.ts';

const key = () => secret(new Uint8Array(randomBytes(32)));

test('what is sealed opens again, for the same use and by the same key alone', () => {
  const [mine, other] = [key(), key()];
  const vault = createVault([mine]);
  const sealed = vault.seal('JBSWY3DPEHPK3PXP', 'totp usr_1');
  expect(sealed).toMatch(/^v1\.[\w-]{8}\.[\w-]+$/);
  expect(vault.open(sealed, 'totp usr_1')).toBe('JBSWY3DPEHPK3PXP');
  expect(vault.open(sealed, 'totp usr_2')).toBeNull();
  expect(createVault([other]).open(sealed, 'totp usr_1')).toBeNull();
});

test('the same text is sealed to another one each time, and a changed one does not open', () => {
  const vault = createVault([key()]);
  const sealed = vault.seal('text', 'use');
  expect(vault.seal('text', 'use')).not.toBe(sealed);
  const [version, mark, body = ''] = sealed.split('.');
  for (let at = 0; at < body.length; at++) {
    const changed = body.slice(0, at) + (body[at] === 'A' ? 'B' : 'A') + body.slice(at + 1);
    // The last character carries bits that are not part of a byte.
    if (Buffer.from(changed, 'base64url').equals(Buffer.from(body, 'base64url'))) continue;
    expect(vault.open(`${version}.${mark}.${changed}`, 'use')).toBeNull();
  }
  for (const nonsense of ['', 'v1', 'v1..', `v2.${mark}.${body}`, `v1.${mark}.AAAA`, `v1.${mark}`])
    expect(vault.open(nonsense, 'use')).toBeNull();
});

test('a new key is put before the old one, which still opens what it sealed', () => {
  const [old, young] = [key(), key()];
  const before = createVault([old]).seal('text', 'use');
  const both = createVault([young, old]);
  expect(both.open(before, 'use')).toBe('text');
  expect(createVault([young]).open(both.seal('text', 'use'), 'use')).toBe('text');
});

test('a key of another length is refused', () => {
  expect(() => createVault([secret(new Uint8Array(16))])).toThrow('32 bytes');
  expect(() => createVault([])).toThrow('needs a key');
});
