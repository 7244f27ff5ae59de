import { stat } from 'node:fs/promises';
import type { Log } from '#shared/log.ts';
import { type PayloadKeys, readPayloadKeys } from './open-payload.ts';

/** The private keys of this runner's pool, as their file has them now. */
export type KeyRing = {
  /** The keys that may open the payload of a claim: those of the file without the revoked ones. Never rejects. */
  keysFor(revokedKids: readonly string[]): Promise<PayloadKeys>;
};

/**
 * Reads the key file and follows it: a key that was added or taken out counts from the next claim on, without a restart. A
 * file that cannot be used any more is told once, and the keys before it go on. Throws `KeyFileError` for the first reading.
 */
export async function openKeyRing(file: string, log: Log): Promise<KeyRing> {
  let version = await versionOf(file);
  let current = readPayloadKeys(file);
  await current;
  let told = '';

  const follow = async (): Promise<PayloadKeys> => {
    const present = await versionOf(file);
    if (present !== version) {
      // Whoever comes while it is read waits for it: his payload may be the first under the new key.
      const before = current;
      version = present;
      current = readAgain(file, before, log);
    }
    return await current;
  };

  return {
    keysFor: async (revokedKids) => {
      const held = await follow();
      const refused = revokedKids.filter((kid) => held.has(kid));
      if (refused.length === 0) return held;
      if (told !== refused.join()) log.warn('a revoked key is still in the key file: it opens nothing', { count: refused.length });
      told = refused.join();
      return new Map([...held].filter(([kid]) => !refused.includes(kid)));
    },
  };
}

async function readAgain(file: string, before: Promise<PayloadKeys>, log: Log): Promise<PayloadKeys> {
  try {
    const keys = await readPayloadKeys(file);
    log.info('the key file has changed: its keys count from now on', { count: keys.size });
    return keys;
  } catch (error) {
    log.error('the key file has changed and cannot be used: the keys before it go on', { error });
    return await before;
  }
}

/** What changes whenever the file is written or replaced; the same word while it is not there. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    return 'none'; // the reading that follows says why
  }
}
