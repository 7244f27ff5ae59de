import { expect, test } from 'vitest';
import type { ApiKeyView, KeyNetwork } from '#shared/console.ts';
import { findNewNetworks, placeWords } from './find-new-networks.ts';

const NOW = Date.UTC(2026, 0, 10);
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const network = (name: string, more: Partial<KeyNetwork> = {}): KeyNetwork => ({
  network: name,
  address: name.replace('0/24', '9'),
  client: null,
  firstUsedAt: at(-60),
  lastUsedAt: at(-60),
  isNew: true,
  ...more,
});
const key = (name: string, networks: KeyNetwork[], more: Partial<ApiKeyView> = {}): ApiKeyView => ({
  id: `key_${name}`,
  name,
  hint: 'abcdefgh',
  scopes: [],
  domains: null,
  allowedAddresses: null,
  createdAt: at(-100),
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  lastUsedFrom: null,
  lastUsedBy: null,
  networks,
  maxConcurrentCaptures: null,
  ...more,
});

test('only new networks of keys that still work, the latest use first', () => {
  const keys = [
    key('a', [network('203.0.113.0/24'), network('192.0.2.0/24', { isNew: false })]),
    key('b', [network('198.51.100.0/24', { lastUsedAt: at(-1) })], { expiresAt: at(1) }),
    key('revoked', [network('203.0.113.0/24')], { revokedAt: at(-1) }),
    key('ended', [network('203.0.113.0/24')], { expiresAt: at(0) }),
  ];
  expect(findNewNetworks(keys, NOW).map(({ apiKey, network: found }) => [apiKey.name, found.network])).toEqual([
    ['b', '198.51.100.0/24'],
    ['a', '203.0.113.0/24'],
  ]);
});

test('an address is shown with its network, and what is no address by itself', () => {
  expect(placeWords(network('203.0.113.0/24'))).toBe('203.0.113.9 (203.0.113.0/24)');
  expect(placeWords({ address: '127.0.0.1', network: 'loopback' })).toBe('127.0.0.1');
});
