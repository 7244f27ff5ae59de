import { createHash, randomBytes } from 'node:crypto';

/** Makes a lease token (256 random bits, base64url). Only its hash is stored: a dump of the database holds no lease. */
export function makeLeaseToken(): { token: string; hash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashLeaseToken(token) };
}

export function hashLeaseToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
