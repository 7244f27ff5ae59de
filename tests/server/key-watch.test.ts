import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '#server/db/open-database.ts';
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { acknowledgeNetwork } from '#server/domain/access/key-networks.ts';
import type { Deps } from '#server/domain/deps.ts';
import { LIMITS } from '#shared/limits.ts';
import { codeOf, createDomainBed, type DomainBed, operatorOf } from './domain-bed.ts';

// Where keys are used, and what is said when one is used from a network that is new to it.
let bed: DomainBed;
let second: { deps: Deps; close(): Promise<void> };
beforeAll(async () => {
  bed = await createDomainBed();
  const { orm, db } = await openDatabase(bed.databaseUrl);
  second = { deps: { ...bed.deps, db }, close: () => orm.close(true) };
});
afterAll(async () => {
  await second?.close();
  await bed?.close();
});

const make = async (more = {}) => {
  const { apiKey, key } = await createApiKey(bed.deps, bed.operator, { name: 'watched', scopes: ['captures:read'], ...more });
  const use = (address: string, userAgent?: string, deps: Deps = bed.deps) => authenticateApiKey(deps, key, { address, userAgent });
  const view = async () => {
    const found = (await listApiKeys(bed.deps, bed.operator)).find(({ id }) => id === apiKey.id);
    if (!found) throw new Error('the key is not listed');
    return found;
  };
  const alerts = async () => (await view()).networks.filter(({ isNew }) => isNew).map(({ network }) => network);
  return { id: apiKey.id, key, use, view, alerts };
};
const entriesOf = (id: string) =>
  bed.sql<{ detail: string }>(`select * from audit_event where action = 'key.new_network' and target = $1 order by at`, [id]);
const versionOf = async (id: string) => (await bed.sql('select xmin::text, networks from api_key where id = $1', [id]))[0];
/** Lets a key's last uses lie further back. */
const age = (id: string, minutes: number) =>
  bed.sql(
    `update api_key set networks = (select jsonb_agg(n || jsonb_build_object('lastUsedAt', ((n->>'lastUsedAt')::timestamptz - $2 * interval '1 minute'))) from jsonb_array_elements(networks) n) where id = $1`,
    [id, minutes],
  );

test('a key shows when, from which address and by which program it was used last', async () => {
  const { use, view } = await make();
  expect(await view()).toMatchObject({ lastUsedAt: null, lastUsedFrom: null, lastUsedBy: null, networks: [] });
  await use('203.0.113.9', 'billing-reports/2.1');
  const used = { lastUsedFrom: '203.0.113.9', lastUsedBy: 'billing-reports/2.1' };
  expect(await view()).toMatchObject({ ...used, lastUsedAt: expect.any(String), networks: [{ network: '203.0.113.0/24', isNew: false }] });
  await use('2001:DB8:0:7::5');
  expect(await view()).toMatchObject({ lastUsedFrom: '2001:db8:0:7::5', lastUsedBy: null });
});

test('a use is written once a minute for each network: the others write nothing', async () => {
  const { id, use, view } = await make();
  await use('203.0.113.9', 'one');
  await use('198.51.100.9', 'one');
  const before = await versionOf(id);
  for (let i = 0; i < 5; i++) for (const address of ['203.0.113.10', '198.51.100.9']) await use(address, 'two');
  expect(await versionOf(id)).toEqual(before);
  await age(id, 2);
  await use('203.0.113.10', 'two');
  expect(await view()).toMatchObject({ lastUsedFrom: '203.0.113.10', lastUsedBy: 'two' });
  expect((await view()).networks).toHaveLength(2);
});

test('a call waits for nobody who holds the row, unless it comes from somewhere new', async () => {
  const { id, use, alerts } = await make();
  await use('203.0.113.9');
  await age(id, 2);
  await bed.sql('begin');
  try {
    await bed.sql('select 1 from api_key where id = $1 for update', [id]);
    await Promise.all(Array.from({ length: 5 }, () => use('203.0.113.9')));
    const fromElsewhere = use('198.51.100.9');
    await bed.sql('commit');
    await fromElsewhere;
  } finally {
    await bed.sql('rollback');
  }
  expect(await alerts()).toEqual(['198.51.100.0/24']);
});

test('the first network is learned silently; a new one is in the audit log, the log, the list and the events, once', async () => {
  const { id, use, alerts } = await make();
  await use('203.0.113.9');
  expect([await alerts(), await entriesOf(id)]).toEqual([[], []]);
  const told = bed.deps.events.next((event) => event.kind === 'key_network' && event.keyId === id, 10_000);
  const linesBefore = bed.logs.length;
  await use('198.51.100.77', 'curl/8.5.0');
  for (let i = 0; i < 3; i++) await use('198.51.100.78');
  await use('203.0.113.200');
  expect(await told).toBe(true);
  expect(await alerts()).toEqual(['198.51.100.0/24']);
  expect(await entriesOf(id)).toMatchObject([
    {
      actor_kind: 'apiKey',
      actor_id: id,
      address: '198.51.100.77',
      detail: '198.51.100.0/24',
      outcome: 'ok',
      workspace_id: bed.operator.workspaceId,
    },
  ]);
  const lines = bed.logs.slice(linesBefore).map((line) => JSON.parse(line));
  expect(lines.filter(({ network }) => network)).toMatchObject([{ level: 'warn', keyId: id, network: '198.51.100.0/24' }]);
});

test('calls at the same moment on two servers raise one alert', async () => {
  const { id, use, alerts } = await make();
  await use('203.0.113.9');
  await Promise.all(Array.from({ length: 24 }, (_, i) => use(`198.51.100.${i}`, `client ${i}`, i % 2 ? bed.deps : second.deps)));
  expect([await alerts(), (await entriesOf(id)).length]).toEqual([['198.51.100.0/24'], 1]);
});

test('of two networks that a new key is used from at the same moment one is the first', async () => {
  const { id, use, view } = await make();
  await Promise.all([use('203.0.113.9'), use('198.51.100.9', 'x', second.deps)]);
  const { networks } = await view();
  expect(networks.map(({ isNew }) => isNew).toSorted()).toEqual([false, true]);
  expect(await entriesOf(id)).toHaveLength(1);
});

test('neighbors in a /24 or a /64 are one network, and both names of the machine itself', async () => {
  const { use, view } = await make();
  const addresses = ['203.0.113.1', '::ffff:203.0.113.254', '203.0.113.2:5678', '2001:db8:0:7::1', '[2001:db8:0:7:ffff::2]:443'];
  for (const address of [...addresses, '127.0.0.1', '::1', '203.0.114.1', '2001:db8:0:8::1', 'no\u001b address', '']) await use(address);
  expect((await view()).networks.map(({ network }) => network).toSorted()).toEqual([
    '2001:db8:0:7::/64',
    '2001:db8:0:8::/64',
    '203.0.113.0/24',
    '203.0.114.0/24',
    'loopback',
    'no address',
    'unknown',
  ]);
});

test('what a program calls itself is kept as one short line, without anything secret in it', async () => {
  const { id, key, use, view } = await make();
  await use('203.0.113.1', `\u001b]0;title\u0007 my\u202e\r\nagent   ${key} Bearer abc.def ${'x'.repeat(500)}`);
  const { lastUsedBy } = await view();
  expect(lastUsedBy).toMatch(/^\]0;title my agent \[secret\] \[secret\] x+$/);
  expect(lastUsedBy).toHaveLength(LIMITS.clientCharsMax);
  expect(JSON.stringify(await versionOf(id))).not.toContain(key.slice(8));
  const silent = await make();
  for (const name of ['', ' \u0007 ']) await silent.use('203.0.113.1', name);
  expect((await silent.view()).lastUsedBy).toBeNull();
});

test('whoever says that it was he ends the alert for good, and the log says who', async () => {
  const { id, use, alerts } = await make();
  await use('203.0.113.9');
  await use('198.51.100.9');
  const call = (network: string, actor = bed.operator) => acknowledgeNetwork(bed.deps, actor, { id, network });
  expect(await codeOf(call('192.0.2.0/24'))).toBe('not_found');
  expect(await codeOf(call('198.51.100.0/24', operatorOf((await bed.addWorkspace()).workspaceId)))).toBe('not_found');
  expect(await codeOf(acknowledgeNetwork(bed.deps, bed.key, { id, network: '198.51.100.0/24' }))).toBe('forbidden');
  expect(await alerts()).toHaveLength(1);
  for (let i = 0; i < 2; i++) expect((await call('198.51.100.0/24')).networks.map(({ isNew }) => isNew)).toEqual([false, false]);
  await age(id, 2);
  await use('198.51.100.10');
  expect([await alerts(), (await entriesOf(id)).length]).toEqual([[], 1]);
  expect(await bed.sql(`select actor_kind, detail from audit_event where action = 'key.acknowledge' and target = $1`, [id])).toEqual([
    { actor_kind: 'operator', detail: '198.51.100.0/24' },
  ]);
});

test('networks are bounded, the oldest out: new ones push out no known one, and known ones no new one', async () => {
  const { id, use, view, alerts } = await make();
  await use('203.0.113.9');
  await age(id, 60);
  for (let i = 0; i <= LIMITS.keyNewNetworksMax; i++) await use(`10.0.${i}.1`);
  expect(await alerts()).toEqual(Array.from({ length: LIMITS.keyNewNetworksMax }, (_, i) => `10.0.${LIMITS.keyNewNetworksMax - i}.0/24`));
  expect((await view()).networks.at(-1)).toMatchObject({ network: '203.0.113.0/24', isNew: false });
  for (let i = 0; i <= LIMITS.keyNetworksMax; i++) {
    await use(`10.1.${i}.1`);
    await acknowledgeNetwork(bed.deps, bed.operator, { id, network: `10.1.${i}.0/24` });
  }
  const known = (await view()).networks.filter(({ isNew }) => !isNew).map(({ network }) => network);
  expect(known).toEqual(Array.from({ length: LIMITS.keyNetworksMax }, (_, i) => `10.1.${LIMITS.keyNetworksMax - i}.0/24`));
  // Each that came was one more alert, and pushed out the oldest of them alone.
  expect(await alerts()).toHaveLength(LIMITS.keyNewNetworksMax - 1);
});

test('a successor is known by the networks of the key before it, and not by those that nobody has vouched for', async () => {
  const { id, use } = await make();
  await use('203.0.113.9');
  await use('198.51.100.9');
  const { apiKey, key } = await rotateApiKey(bed.deps, bed.operator, id, { overlapMs: 60_000 });
  expect(apiKey).toMatchObject({ lastUsedAt: null, lastUsedFrom: null, networks: [{ network: '203.0.113.0/24', isNew: false }] });
  await age(apiKey.id, 2);
  for (const address of ['203.0.113.10', '198.51.100.9']) await authenticateApiKey(bed.deps, key, { address });
  expect((await entriesOf(apiKey.id)).map(({ detail }) => detail)).toEqual(['198.51.100.0/24']);
});

test('a use that is refused is none: it is shown as no last use and raises no alert', async () => {
  const narrow = await make({ allowedAddresses: ['203.0.113.0/24'] });
  await narrow.use('203.0.113.9');
  expect(await codeOf(narrow.use('198.51.100.9'))).toBe('address_not_allowed');
  await revokeApiKey(bed.deps, bed.operator, narrow.id);
  expect(await codeOf(narrow.use('203.0.113.9'))).toBe('invalid_api_key');
  expect((await narrow.view()).networks).toMatchObject([{ network: '203.0.113.0/24' }]);
  expect(await entriesOf(narrow.id)).toEqual([]);
});
