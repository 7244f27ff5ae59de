import { randomBytes } from 'node:crypto';
import type { AllowedDomainRow } from '#server/db/access.entities.ts';
import type { DomainView } from '#shared/console.ts';

/** How long a name of DNS may be as it is written, without the final dot (RFC 1035). */
const DNS_NAME_MAX = 253;

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
  return { recordName: recordNameOf(host), recordValue: `sessionshot-verification=${proofToken}` };
}

/** Says why no record can ever prove a host: with the label before it, its name is longer than DNS has names. Null where one can. */
export function proofFault(host: string): string | null {
  const { length } = recordNameOf(host);
  if (length <= DNS_NAME_MAX) return null;
  const hostMax = DNS_NAME_MAX - recordNameOf('').length;
  return `It cannot be proved: the name of its record would have ${length} characters, and DNS allows ${DNS_NAME_MAX}. Name a host of at most ${hostMax} characters, or a wildcard above it; the operator of this machine can add it without a proof, with \`sessionshot domains add HOST\`.`;
}

function recordNameOf(host: string): string {
  return `_sessionshot-challenge.${host.replace(/^\*\./, '')}`;
}
