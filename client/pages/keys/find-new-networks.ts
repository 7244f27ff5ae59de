import type { ApiKeyView, KeyNetwork } from '#shared/console.ts';

export type NewNetwork = { apiKey: ApiKeyView; network: KeyNetwork };

/** Where keys that still work are used and nobody has said that it is in order, the latest first. */
export function findNewNetworks(keys: readonly ApiKeyView[], now: number): NewNetwork[] {
  return keys
    .filter(({ revokedAt, expiresAt }) => !revokedAt && !(expiresAt && Date.parse(expiresAt) <= now))
    .flatMap((apiKey) => apiKey.networks.filter(({ isNew }) => isNew).map((network) => ({ apiKey, network })))
    .toSorted((a, b) => Date.parse(b.network.lastUsedAt) - Date.parse(a.network.lastUsedAt));
}

/** "203.0.113.9 (203.0.113.0/24)"; a network that is one address or one name by itself. */
export function placeWords({ address, network }: Pick<KeyNetwork, 'address' | 'network'>): string {
  return network.includes('/') ? `${address} (${network})` : address;
}
