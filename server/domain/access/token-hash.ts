import { createHash, createHmac, randomBytes } from 'node:crypto';
import { type Secret, secret } from '#shared/secret.ts';

/** The stored form of a token. Plain SHA-256 is right for tokens of 190 random bits and more: there is nothing to guess. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Makes a token for the console: 256 random bits, base64url. */
export function makeConsoleToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Derives the key of a caller's idempotency fingerprints from the token it sent: it is stored nowhere. */
export function fingerprintKeyOf(token: string): Secret<Uint8Array> {
  return secret(createHmac('sha256', token).update('sessionshot idempotency fingerprint').digest());
}
