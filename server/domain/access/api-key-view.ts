import type { ApiKeyRow } from '#server/db/access.entities.ts';
import type { ApiKeyView } from '#shared/console.ts';
import { shownDomain } from './allowed-domains.ts';

/** A key as it is shown: what it may do, and where it is used. Never its text or its hash. */
export function toKeyView(row: ApiKeyRow): ApiKeyView {
  const instant = (date: Date | null | undefined) => (date ? date.toISOString() : null);
  const networks = row.networks ?? [];
  // A successor knows the networks of the key before it, and was not used yet.
  const last = row.lastUsedAt ? networks[0] : undefined;
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    scopes: row.scopes,
    domains: row.domains?.map(shownDomain) ?? null,
    allowedAddresses: row.allowedAddresses ?? null,
    createdAt: row.createdAt.toISOString(),
    expiresAt: instant(row.expiresAt),
    revokedAt: instant(row.revokedAt),
    lastUsedAt: instant(row.lastUsedAt),
    lastUsedFrom: last?.address ?? null,
    lastUsedBy: last?.client ?? null,
    networks,
    maxConcurrentCaptures: row.maxConcurrentCaptures ?? null,
  };
}
