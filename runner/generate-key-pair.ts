import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair as generate, type JWK } from 'jose';
import { z } from 'zod';
import { SEAL_ALG } from '#shared/sealed-payload.ts';

export const PRIVATE_KEYS_FILE = 'private.jwks.json';
export const PUBLIC_KEYS_FILE = 'public.jwks.json';
const LOCK_FILE = 'keygen.lock';
/** By chance not even ten are needed. */
const TRIES_MAX = 100;
const [PRIVATE_MODE, PUBLIC_MODE] = [0o600, 0o644];
export type KeyPairFiles = { kid: string; privateKeysFile: string; publicKeysFile: string; created: boolean };
/** The files after a change, and the ids of the keys that each half holds, the newest first. */
export type ChangedKeys = KeyPairFiles & { publicKids: string[]; privateKids: string[] };

/** One half of a key pair is there without the other: making a new one would orphan what was sealed to the old. */
export class HalfKeyPairError extends Error {
  override name = 'HalfKeyPairError';
}

/** A change of the keys that is refused. `message` says what to do instead; nothing was changed. */
export class KeyChangeError extends Error {
  override name = 'KeyChangeError';
}

// Loose: a member that a later version writes is kept.
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string() })).min(1) });
type KeySet = z.infer<typeof keySetSchema>['keys'];
type Halves = { privateFile: string; publicFile: string; privateKeys: KeySet | null; publicKeys: KeySet | null };

/**
 * Makes the key pair of a runner pool in `folder`: the private half (mode 0600) for runners, the public half for the
 * server. A pair that is already there is kept, so that a start-up script may call this each time. Throws
 * `HalfKeyPairError`, and what the file system throws.
 */
export async function generateKeyPair(folder: string): Promise<KeyPairFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const halves = await readHalves(folder);
  const { privateFile: privateKeysFile, publicFile: publicKeysFile, privateKeys, publicKeys } = halves;
  if (privateKeys !== null || publicKeys !== null)
    return { kid: matching(folder, halves).publicKeys[0].kid, privateKeysFile, publicKeysFile, created: false };
  const { privateJwk, publicJwk } = await makePair();
  await writeNew(privateKeysFile, [privateJwk], PRIVATE_MODE);
  await writeNew(publicKeysFile, [publicJwk], PUBLIC_MODE);
  return { kid: publicJwk.kid, privateKeysFile, publicKeysFile, created: true };
}

/**
 * Makes a new key and puts it first in both halves; the keys before it stay. The private half is written first: at no moment
 * may a server seal to a key that no runner holds. Each file changes in one step, and two changes at once do not lose a key.
 * Throws `KeyChangeError`, `HalfKeyPairError`, and what the file system throws.
 */
export async function rotateKeys(folder: string): Promise<ChangedKeys> {
  return await changing(folder, async ({ privateFile, publicFile, privateKeys, publicKeys }) => {
    const { privateJwk, publicJwk } = await makePair();
    const [privates, publics] = [
      [privateJwk, ...privateKeys],
      [publicJwk, ...publicKeys],
    ];
    await replace(privateFile, privates, PRIVATE_MODE);
    await replace(publicFile, publics, PUBLIC_MODE);
    return changed({ privateFile, publicFile }, privates, publics, true);
  });
}

/**
 * Takes an old key out of both halves, out of the public one first. What is still sealed to it opens never again: whoever
 * calls this has seen that nothing waits under it. Refuses the key that is sealed to, and one that is not there.
 */
export async function retireKey(folder: string, kid: string): Promise<ChangedKeys> {
  return await changing(folder, async ({ privateFile, publicFile, privateKeys, publicKeys }) => {
    if (publicKeys[0].kid === kid)
      throw new KeyChangeError(`${kid} is the key that servers seal to. Make another one first: \`sessionshot runner keygen --rotate\`.`);
    if (![...privateKeys, ...publicKeys].some((key) => key.kid === kid))
      throw new KeyChangeError(`There is no key ${kid} in ${folder}. Its keys: ${privateKeys.map((key) => key.kid).join(', ')}.`);
    const keep = (keys: KeySet) => keys.filter((key) => key.kid !== kid);
    const [publics, privates] = [keep(publicKeys), keep(privateKeys)];
    if (publics.length < publicKeys.length) await replace(publicFile, publics, PUBLIC_MODE);
    await replace(privateFile, privates, PRIVATE_MODE);
    return changed({ privateFile, publicFile }, privates, publics, false);
  });
}

type WholePair = Omit<Halves, 'privateKeys' | 'publicKeys'> & { privateKeys: KeySet; publicKeys: [KeySet[number], ...KeySet] };

/** Holds the folder while its keys are changed, and reads them under that lock. */
async function changing(folder: string, change: (pair: WholePair) => Promise<ChangedKeys>): Promise<ChangedKeys> {
  const lockFile = join(folder, LOCK_FILE);
  const lock = await open(lockFile, 'wx', PRIVATE_MODE).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') throw noKeys(folder);
    if (code !== 'EEXIST') throw error;
    throw new KeyChangeError(
      `The keys in ${folder} are being changed by somebody else. If no other \`sessionshot runner keygen\` runs, one broke off: delete ${lockFile} and repeat.`,
    );
  });
  try {
    const halves = await readHalves(folder);
    if (halves.privateKeys === null && halves.publicKeys === null) throw noKeys(folder);
    return await change(matching(folder, halves));
  } finally {
    await lock.close();
    await rm(lockFile, { force: true });
  }
}

function noKeys(folder: string): KeyChangeError {
  return new KeyChangeError(`There are no keys in ${folder} yet: make them with \`sessionshot runner keygen --out DIR\`.`);
}

/** Both halves, where each public key has its private one. A private key alone is what a rotation that broke off leaves: it does no harm. */
function matching(folder: string, halves: Halves): WholePair {
  const { privateKeys, publicKeys } = halves;
  const privateKids = new Set(privateKeys?.map((key) => key.kid));
  const [first, ...rest] = publicKeys ?? [];
  if (privateKeys !== null && first && [first, ...rest].every((key) => privateKids.has(key.kid)))
    return { ...halves, privateKeys, publicKeys: [first, ...rest] };
  throw new HalfKeyPairError(
    `${folder} holds one half of a key pair, or halves that do not match. Put the missing half back, or choose another folder.`,
  );
}

function changed(files: Pick<Halves, 'privateFile' | 'publicFile'>, privates: KeySet, publics: KeySet, created: boolean): ChangedKeys {
  const kids = (keys: KeySet) => keys.map((key) => key.kid);
  return {
    kid: kids(publics)[0] ?? '',
    privateKeysFile: files.privateFile,
    publicKeysFile: files.publicFile,
    created,
    publicKids: kids(publics),
    privateKids: kids(privates),
  };
}

async function makePair(): Promise<{ privateJwk: JWK & { kid: string }; publicJwk: JWK & { kid: string } }> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const { privateKey, publicKey } = await generate(SEAL_ALG, { crv: 'X25519', extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const kid = await calculateJwkThumbprint(publicJwk);
    // One in 64 begins like an option of a command line, where operators have to type it.
    if (kid.startsWith('-')) continue;
    const named = { kid, use: 'enc', alg: SEAL_ALG };
    return { privateJwk: { ...(await exportJWK(privateKey)), ...named }, publicJwk: { ...publicJwk, ...named } };
  }
  throw new Error('No key with a usable id came out');
}

function textOf(keys: readonly object[]): string {
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}

async function writeNew(file: string, keys: readonly object[], mode: number): Promise<void> {
  // wx: two starts at once must not leave the halves of two pairs.
  await writeFile(file, textOf(keys), { mode, flag: 'wx' });
  await chmod(file, mode);
}

/** A reader sees the old set or the new one, never half of it; after a crash as well. */
async function replace(file: string, keys: readonly object[], mode: number): Promise<void> {
  const { uid, gid } = await stat(file);
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.chmod(mode);
      // Changed by root, the file stays with whoever reads it.
      if (process.getuid?.() === 0) await handle.chown(uid, gid);
      await handle.writeFile(textOf(keys));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function readHalves(folder: string): Promise<Halves> {
  const [privateFile, publicFile] = [join(folder, PRIVATE_KEYS_FILE), join(folder, PUBLIC_KEYS_FILE)];
  return { privateFile, publicFile, privateKeys: await readKeys(privateFile), publicKeys: await readKeys(publicFile) };
}

async function readKeys(file: string): Promise<KeySet | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const parsed = keySetSchema.safeParse(parseJson(text));
  // The parser's own words may quote the file.
  if (!parsed.success) throw new HalfKeyPairError(`${file} is no set of keys with their ids. Put the right file back.`);
  return parsed.data.keys;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema that follows
  }
}
