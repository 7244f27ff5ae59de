import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '#shared/log.ts';
import { ConfigError } from '../config.ts';
import { createSealer } from '../domain/captures/seal-payload.ts';
import { followPublicKeys } from './public-key-file.ts';

let folder: string;
let file: string;
let lines: string[];
const log = createLog('test', 'info', (line) => lines.push(line));
beforeEach(() => {
  lines = [];
  folder = mkdtempSync(join(tmpdir(), 'sessionshot-public-'));
  file = join(folder, 'public.jwks.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function makeKey(kid: string, crv: 'X25519' | 'P-256' = 'X25519') {
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv, extractable: true });
  return { open: { ...(await exportJWK(publicKey)), kid }, secret: { ...(await exportJWK(privateKey)), kid } };
}
/** As a rotation does: a reader sees the one or the other. */
function replace(text: string): void {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}
const put = (...keys: object[]) => replace(JSON.stringify({ keys }));

test('a sealer has the keys of the file as it is now, the first one first', async () => {
  const [old, fresh] = [await makeKey('old'), await makeKey('new')];
  put(old.open);
  const sealer = await createSealer(followPublicKeys(file, log));
  const kids = async () => (await sealer.keys()).map(({ kid }) => kid);
  expect(await kids()).toEqual(['old']);
  put(fresh.open, old.open);
  expect(await Promise.all([kids(), kids()])).toEqual([
    ['new', 'old'],
    ['new', 'old'],
  ]);
});

test('a file that cannot be used any more is told once, and the keys before it go on', async () => {
  const [old, other] = [await makeKey('old'), await makeKey('other', 'P-256')];
  put(old.open);
  const faults: unknown[] = [];
  const sealer = await createSealer(followPublicKeys(file, log), (error) => faults.push(error));
  const kids = async () => (await sealer.keys()).map(({ kid }) => kid);
  for (const broken of [() => replace('{'), () => rmSync(file), () => put(old.secret), () => put(other.open)]) {
    broken();
    expect([await kids(), await kids()]).toEqual([['old'], ['old']]);
  }
  expect(lines.filter((line) => line.includes('cannot be used'))).toHaveLength(3);
  expect(lines.join()).not.toContain(String(old.secret.d));
  expect(faults).toHaveLength(1); // a set in good form without a key to seal to
});

test('at the start a file that cannot be used is refused', () => {
  expect(() => followPublicKeys(file, log)).toThrow(ConfigError);
});
