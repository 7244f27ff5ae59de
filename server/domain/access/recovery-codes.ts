import { randomInt } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { RecoveryCode } from '#server/db/access.entities.ts';
import type { UserId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { hashToken } from './token-hash.ts';

/** Crockford's base 32: no two characters that look alike in print. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const CHARS = 16;
const GROUP = 4;

/** Makes a user's recovery codes anew, inside the caller's transaction: those from before are void. 80 random bits each. */
export async function makeRecoveryCodes(em: EntityManager, userId: UserId): Promise<string[]> {
  const codes = Array.from({ length: LIMITS.recoveryCodes }, () =>
    Array.from({ length: CHARS }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(''),
  );
  await em.nativeDelete(RecoveryCode, { user: userId });
  for (const code of codes) await em.insert(RecoveryCode, { codeHash: hashRecoveryCode(userId, code), user: userId });
  return codes.map((code) => code.replace(new RegExp(`(.{${GROUP}})(?=.)`, 'g'), '$1-'));
}

/** Reads what a person typed as a recovery code, with or without its hyphens; null for what has not that form. */
export function readRecoveryCode(typed: string): string | null {
  const plain = typed.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');
  return plain.length === CHARS && [...plain].every((char) => ALPHABET.includes(char)) ? plain : null;
}

/** The stored form. Plain SHA-256 is right for 80 random bits; the user in it keeps two users' codes apart. */
export function hashRecoveryCode(userId: UserId, code: string): string {
  return hashToken(`recovery ${userId} ${code}`);
}
