import { randomBytes } from 'node:crypto';
import type { AllowedDomainRow } from '#server/db/access.entities.ts';
import type { DomainView } from '#shared/console.ts';

/** Makes what the owner of a host publishes to prove an entry: of this entry alone, so that no other workspace's proves it. */
export function makeProofToken(): string {
  return randomBytes(20).toString('hex');
}

/** The record that an entry waits for; null where it holds: it is proved, or no proof was asked for. */
export function awaitedProof({
  host,
  proofToken,
  provedAt,
}: Pick<AllowedDomainRow, 'host' | 'proofToken' | 'provedAt'>): DomainView['proof'] {
  if (proofToken === null || provedAt !== null) return null;
  return { recordName: `_sessionshot-challenge.${host.replace(/^\*\./, '')}`, recordValue: `sessionshot-verification=${proofToken}` };
}
