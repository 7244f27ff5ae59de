import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair as generate, type JWK } from 'jose';
import { z } from 'zod';
import { SEAL_ALG } from '#shared/sealed-payload.ts';

export const PRIVATE_KEYS_FILE = 'private.jwks.json';
export const PUBLIC_KEYS_FILE = 'public.jwks.json';
export type KeyPairFiles = { kid: string; privateKeysFile: string; publicKeysFile: string; created: boolean };

/** One half of a key pair is there without the other: making a new one would orphan what was sealed to the old. */
export class HalfKeyPairError extends Error {
  override name = 'HalfKeyPairError';
}

const keySetSchema = z.object({ keys: z.array(z.object({ kid: z.string() })).min(1) });

/**
 * Makes the key pair of a runner pool in `folder`: the private half (mode 0600) for runners, the public half for the
 * server. A pair that is already there is kept, so that a start-up script may call this each time. Throws
 * `HalfKeyPairError`, and what the file system throws.
 */
export async function generateKeyPair(folder: string): Promise<KeyPairFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [privateKeysFile, publicKeysFile] = [join(folder, PRIVATE_KEYS_FILE), join(folder, PUBLIC_KEYS_FILE)];
  const [privateKid, publicKid] = [await readKid(privateKeysFile), await readKid(publicKeysFile)];
  if (privateKid !== null && privateKid === publicKid) return { kid: privateKid, privateKeysFile, publicKeysFile, created: false };
  if (privateKid !== null || publicKid !== null)
    throw new HalfKeyPairError(
      `${folder} holds one half of a key pair, or halves that do not match. Put the missing half back, or choose another folder.`,
    );
  const { privateKey, publicKey } = await generate(SEAL_ALG, { crv: 'X25519', extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const named = { kid: await calculateJwkThumbprint(publicJwk), use: 'enc', alg: SEAL_ALG };
  await writeKeys(privateKeysFile, { ...(await exportJWK(privateKey)), ...named }, 0o600);
  await writeKeys(publicKeysFile, { ...publicJwk, ...named }, 0o644);
  return { kid: named.kid, privateKeysFile, publicKeysFile, created: true };
}

async function writeKeys(file: string, key: JWK, mode: number): Promise<void> {
  // wx: two starts at once must not leave the halves of two pairs.
  await writeFile(file, `${JSON.stringify({ keys: [key] }, null, 2)}\n`, { mode, flag: 'wx' });
  await chmod(file, mode);
}

async function readKid(file: string): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : (keySetSchema.parse(JSON.parse(text)).keys[0]?.kid ?? null);
}
