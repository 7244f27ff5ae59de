import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '#shared/log.ts';
import { generateKeyPair, type KeyPairFiles, retireKey, rotateKeys } from './generate-key-pair.ts';
import { type KeyRing, openKeyRing } from './key-ring.ts';

let folder: string;
let first: KeyPairFiles;
let ring: KeyRing;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-ring-'));
  first = await generateKeyPair(folder);
  lines = [];
  ring = await openKeyRing(
    first.privateKeysFile,
    createLog('test', 'info', (line) => lines.push(line)),
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const kids = async (revoked: string[] = []) => [...(await ring.keysFor(revoked)).keys()];

test('a key that is added or taken out counts at once', async () => {
  const { kid } = await rotateKeys(folder);
  // All who ask at once: none of them may miss the new key.
  const asked = await Promise.all(Array.from({ length: 5 }, () => kids()));
  expect(asked).toEqual(Array.from({ length: 5 }, () => [kid, first.kid]));
  await retireKey(folder, first.kid);
  expect(await kids()).toEqual([kid]);
});

test('a file that cannot be used is told once, without its contents, and the keys before it go on', async () => {
  await writeFile(first.privateKeysFile, '{"keys":[{"kid":"secret-part"}]}');
  expect([await kids(), await kids()]).toEqual([[first.kid], [first.kid]]);
  await rm(first.privateKeysFile);
  expect(await kids()).toEqual([first.kid]);
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain('secret-part');
});

test('a revoked key opens nothing though the file still has it', async () => {
  const { kid } = await rotateKeys(folder);
  expect(await kids([first.kid])).toEqual([kid]);
  expect(await kids([first.kid, 'unknown'])).toEqual([kid]);
  expect(await kids()).toEqual([kid, first.kid]);
  expect(lines.filter((line) => line.includes('revoked'))).toHaveLength(1);
});
