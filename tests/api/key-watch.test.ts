import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiKeyViewSchema } from '#shared/console.ts';
import { type ApiBed, createApiBed, GOOD, OPERATOR_TOKEN, problemOf, textOf } from './api-bed.ts';

// What HTTP adds to tests/server/key-watch.test.ts and key-captures.test.ts: whose address and name are kept, and the answer.
let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed({ trustedProxies: ['127.0.0.1'] });
});
afterAll(() => bed?.close());

const from = (address: string, agent?: string) => ({ 'x-forwarded-for': address, ...(agent === undefined ? {} : { 'user-agent': agent }) });
const viewOf = async (key: string) => {
  const { text } = await bed.call('/operator/v1/keys.list', { method: 'POST', key: OPERATOR_TOKEN });
  return apiKeyViewSchema
    .array()
    .parse(JSON.parse(text).data)
    .find(({ hint }) => hint === key.slice(8, 16));
};

test('the address is that of the caller behind the proxy, the program what it calls itself, and both are in the list', async () => {
  const key = await bed.makeKey();
  await bed.call('/api/captures', { key, headers: from('203.0.113.9', 'billing/1.0') });
  expect(await viewOf(key)).toMatchObject({ lastUsedFrom: '203.0.113.9', lastUsedBy: 'billing/1.0', networks: [{ isNew: false }] });
  const before = Number(/sessionshot_key_new_networks_last_hour (\d+)/.exec((await bed.call('/metrics')).text)?.[1]);
  await bed.call('/api/captures', { key, headers: from('198.51.100.9', `thief ${key}`) });
  expect(await viewOf(key)).toMatchObject({
    lastUsedFrom: '198.51.100.9',
    lastUsedBy: 'thief [secret]',
    networks: [{ network: '198.51.100.0/24', isNew: true }, { network: '203.0.113.0/24' }],
  });
  expect((await bed.call('/metrics')).text).toContain(`sessionshot_key_new_networks_last_hour ${before + 1}\n`);
  expect(JSON.stringify(await bed.sql('select * from api_key')) + bed.logs.join('')).not.toContain(key);
});

test('a call without a key, or with one that is none, is kept as the use of none', async () => {
  const key = await bed.makeKey();
  for (const given of [null, `${key}x`]) await bed.call('/api/captures', { key: given, headers: from('203.0.113.9') });
  expect(await viewOf(key)).toMatchObject({ lastUsedAt: null, networks: [] });
});

test('beyond its bound a key is answered 429 quota_exceeded with the time to wait, and 202 again once a capture is over', async () => {
  const key = await bed.makeKey({ maxConcurrentCaptures: 2 });
  const post = (body: object = GOOD) => bed.call('/api/captures', { key, body });
  const made = await Promise.all([post(), post()]);
  expect(made.map(({ status }) => status)).toEqual([202, 202]);
  for (const body of [GOOD, { ...GOOD, dryRun: true }]) {
    const refused = await post(body);
    expect([refused.status, problemOf(refused).code]).toEqual([429, 'quota_exceeded']);
    expect(problemOf(refused).detail).toContain('2 captures unfinished at once');
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  }
  const [first] = made;
  if (!first) throw new Error('nothing was made');
  expect((await bed.call(`/api/captures/${textOf(first, 'id')}/cancel`, { key, method: 'POST' })).status).toBe(200);
  expect([(await post()).status, (await post()).status]).toEqual([202, 429]);
});

test.each([0, -1, 1.5, 1001, '5'])('a bound of %j is refused with its path', async (maxConcurrentCaptures) => {
  const body = { name: 'x', maxConcurrentCaptures };
  const answer = await bed.call('/operator/v1/keys.create', { key: OPERATOR_TOKEN, body });
  expect([answer.status, problemOf(answer).errors?.[0]?.path]).toEqual([422, 'maxConcurrentCaptures']);
});
