import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchAsset } from './call-api.ts';
import { type Distributed, startDistributed } from './start-distributed.ts';
import type { Started } from './start-process.ts';

// Two servers and two runners on PostgreSQL, RabbitMQ and Azurite, with the demo app as the site to capture.
const FORMATS = ['png', 'jpeg', 'webp', 'pdf'] as const;
let shop: Distributed;
const runners: Started[] = [];

beforeAll(async () => {
  shop = await startDistributed();
  runners.push(await shop.startRunner('one'), await shop.startRunner('two'));
});
afterAll(async () => await shop.close());

const post = async (index: number) => {
  const body = {
    url: `${shop.demo.origin}/`,
    auth: { storageState: shop.demo.storageState, verify: { selector: '#user-name' } },
    output: { format: FORMATS[index % FORMATS.length] },
    reference: `n${index}`,
  };
  const { status, body: capture } = await (index % 2 ? shop.otherApi : shop.api).call('POST', '/api/captures', body, {
    'idempotency-key': `batch-${index}`,
  });
  expect(status).toBe(202);
  return capture.id;
};

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: shop.databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('50 captures at once all succeed and both runners take part; a runner killed in the middle loses none', {
  timeout: 400_000,
}, async () => {
  const ids = await Promise.all(Array.from({ length: 50 }, (_, index) => post(index)));
  const finished = async () => Number((await query("select count(*) from capture where status = 'succeeded'"))[0]?.count);
  await expect.poll(finished, { timeout: 120_000, interval: 200 }).toBeGreaterThan(10);
  runners[0]?.child.kill('SIGKILL');
  const captures = await Promise.all(ids.map((id) => shop.api.follow(id, 300_000)));
  expect(captures.filter((capture) => capture.status !== 'succeeded').map((capture) => capture.error)).toEqual([]);
  const taking = new Set(
    captures.flatMap((capture) => capture.attempts.filter((attempt) => attempt.code === null).map((attempt) => attempt.runner)),
  );
  expect(taking.size, 'both runners stored results').toBe(2);
  expect(await query('select count(*)::int as n, count(distinct capture_id)::int as captures from asset')).toEqual([
    { n: 50, captures: 50 },
  ]);
  expect(await query('select count(*)::int as n from capture_payload'), 'payloads are wiped').toEqual([{ n: 0 }]);
  for (const capture of captures.slice(0, 4)) expect((await fetchAsset(capture)).length).toBe(capture.asset?.bytes);
});

test('servers agree: a key repeated at the other one is the same capture, and its end is heard there', async () => {
  const body = { url: `${shop.demo.origin}/`, auth: { storageState: shop.demo.storageState }, output: { format: 'png' } };
  const headers = { 'idempotency-key': 'said-twice' };
  const first = await shop.api.call('POST', '/api/captures', body, headers);
  const again = await shop.otherApi.call('POST', '/api/captures', body, headers);
  expect([first.status, again.status, again.body.id]).toEqual([202, 202, first.body.id]);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  const waited = await shop.otherApi.call('POST', '/api/captures', { ...body, reference: 'waited' }, { prefer: 'wait=60' });
  expect([waited.status, waited.body.status]).toEqual([200, 'succeeded']);
});

test('an operator administers it by DATABASE_URL alone: a link signs in to the console, a revoked key is refused', async () => {
  const { url } = JSON.parse((await shop.cli('open', '--no-open', '--json')).stdout);
  const token = new URL(url).hash.replace('#token=', '');
  const signIn = (value: string) =>
    fetch(`${shop.url}/trpc/auth.signInWithLink`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sessionshot': '1' },
      body: JSON.stringify({ token: value }),
    });
  const first = await signIn(token);
  expect([first.status, first.headers.get('set-cookie')]).toEqual([200, expect.stringMatching(/HttpOnly.*SameSite=Lax/i)]);
  expect((await signIn(token)).status, 'a link works once').toBe(401);
  const made = JSON.parse((await shop.cli('keys', 'create', 'brief', '--json')).stdout);
  const list = () => fetch(`${shop.url}/api/captures`, { headers: { 'x-api-key': made.key } });
  expect((await list()).status).toBe(200);
  expect((await shop.cli('keys', 'revoke', made.id)).code).toBe(0);
  expect((await list()).status).toBe(401);
  const listed = JSON.parse((await shop.cli('domains', 'list', '--json')).stdout);
  expect(listed).toMatchObject([{ host: 'localhost', isPrivate: true }]);
});
