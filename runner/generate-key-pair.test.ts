import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  generateKeyPair,
  HalfKeyPairError,
  KeyChangeError,
  PRIVATE_KEYS_FILE,
  PUBLIC_KEYS_FILE,
  retireKey,
  rotateKeys,
} from './generate-key-pair.ts';

let folder: string;
let first: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-rotate-'));
  first = (await generateKeyPair(folder)).kid;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Key = { kid: string; x: string; d?: string };
const read = async (name: string): Promise<Key[]> => JSON.parse(await readFile(join(folder, name), 'utf8')).keys;
const kids = async (name: string) => (await read(name)).map(({ kid }) => kid);
const halves = async () => [await kids(PRIVATE_KEYS_FILE), await kids(PUBLIC_KEYS_FILE)];
const text = async () => await Promise.all([PRIVATE_KEYS_FILE, PUBLIC_KEYS_FILE].map((name) => readFile(join(folder, name), 'utf8')));

describe('a rotation', () => {
  test('puts a new key first in both halves, keeps the old one, and no private part leaves its file', async () => {
    const rotated = await rotateKeys(folder);
    expect(rotated.kid).not.toBe(first);
    expect(rotated).toMatchObject({ publicKids: [rotated.kid, first], privateKids: [rotated.kid, first] });
    expect(await halves()).toEqual([
      [rotated.kid, first],
      [rotated.kid, first],
    ]);
    expect((await read(PUBLIC_KEYS_FILE)).filter((key) => key.d !== undefined)).toEqual([]);
    const secrets = (await read(PRIVATE_KEYS_FILE)).map(({ d }) => d ?? '');
    expect(new Set(secrets).size).toBe(2);
    for (const secret of secrets) expect(JSON.stringify(rotated)).not.toContain(secret);
    expect((await stat(join(folder, PRIVATE_KEYS_FILE))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, PUBLIC_KEYS_FILE))).mode & 0o777).toBe(0o644);
    expect((await readdir(folder)).toSorted()).toEqual([PRIVATE_KEYS_FILE, PUBLIC_KEYS_FILE]);
    expect(await generateKeyPair(folder)).toMatchObject({ kid: rotated.kid, created: false });
  });

  test('that broke off between the halves has harmed nothing, and can be repeated', async () => {
    const publicBefore = await readFile(join(folder, PUBLIC_KEYS_FILE), 'utf8');
    const broken = await rotateKeys(folder);
    await writeFile(join(folder, PUBLIC_KEYS_FILE), publicBefore);
    expect(await generateKeyPair(folder)).toMatchObject({ kid: first, created: false });
    const { kid } = await rotateKeys(folder);
    expect(await halves()).toEqual([
      [kid, broken.kid, first],
      [kid, first],
    ]);
    await retireKey(folder, broken.kid);
    expect(await halves()).toEqual([
      [kid, first],
      [kid, first],
    ]);
  });

  test('of two at once, none loses the key of the other', async () => {
    const results = await Promise.allSettled([rotateKeys(folder), rotateKeys(folder), rotateKeys(folder)]);
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.kid] : []));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    for (const error of refused) expect(error).toBeInstanceOf(KeyChangeError);
    expect(made.length).toBeGreaterThanOrEqual(1);
    const [privates] = await halves();
    expect(privates?.toSorted()).toEqual([...made, first].toSorted());
  });

  test('is refused where somebody else is at it, where there are no keys, and where halves do not match', async () => {
    await writeFile(join(folder, 'keygen.lock'), '');
    await expect(rotateKeys(folder)).rejects.toThrow(/delete .*keygen\.lock/);
    await rm(join(folder, 'keygen.lock'));
    await expect(rotateKeys(join(folder, 'missing'))).rejects.toThrow(/no keys in .*keygen --out/);
    const other = join(folder, 'other');
    await generateKeyPair(other);
    await writeFile(join(folder, PUBLIC_KEYS_FILE), await readFile(join(other, PUBLIC_KEYS_FILE)));
    const before = await text();
    await expect(rotateKeys(folder)).rejects.toThrow(HalfKeyPairError);
    expect(await text()).toEqual(before);
    expect(await readdir(folder)).not.toContain('keygen.lock');
  });
});

describe('retiring', () => {
  test('takes the old key out of both halves', async () => {
    const { kid } = await rotateKeys(folder);
    expect(await retireKey(folder, first)).toMatchObject({ kid, publicKids: [kid], privateKids: [kid] });
    expect(await halves()).toEqual([[kid], [kid]]);
    expect((await stat(join(folder, PRIVATE_KEYS_FILE))).mode & 0o777).toBe(0o600);
  });

  test('refuses the key that is sealed to and one that is not there, and changes nothing', async () => {
    const { kid } = await rotateKeys(folder);
    const before = await text();
    await expect(retireKey(folder, kid)).rejects.toThrow(/servers seal to/);
    await expect(retireKey(folder, 'nobody')).rejects.toThrow(KeyChangeError);
    expect(await text()).toEqual(before);
  });
});
