import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CompactEncrypt, importJWK } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Distributed, startDistributed } from './start-distributed.ts';
import type { Started } from './start-process.ts';

// The life of the pool's keys as an operator lives it: two servers, a runner and the command line, each a process of its own,
// none of them restarted. The steps are those of docs/self-hosting.md, in their order.
let shop: Distributed;
let runner: Started;
let first = '';
let second = '';
let third = '';
beforeAll(async () => {
  shop = await startDistributed();
  runner = await shop.startRunner('one');
  first = (await jwks(shop.url))[0] ?? '';
});
afterAll(async () => await shop?.close());

const keyFile = (name: 'private' | 'public') => join(shop.keysFolder, `${name}.jwks.json`);
const secrets = () => JSON.parse(readFileSync(keyFile('private'), 'utf8')).keys.map(({ d }: { d: string }) => d);
const request = (more: Record<string, unknown> = {}) => ({
  url: `${shop.demo.origin}/`,
  auth: { storageState: shop.demo.storageState, verify: { selector: '#user-name' } },
  output: { format: 'png' },
  ...more,
});
async function jwks(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/api/keys/runner`);
  return (await answer.json()).keys.map(({ kid }: { kid: string }) => kid);
}
async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: shop.databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
/** Accepts captures that no runner takes: while it is stopped they wait. */
async function post(body: unknown = request()) {
  const answers = await Promise.all([shop.api, shop.otherApi].map((api) => api.call('POST', '/api/captures', body)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  return answers.map((answer) => answer.body.id);
}
async function sealAuth(kid: string): Promise<string> {
  const keys = JSON.parse(readFileSync(keyFile('public'), 'utf8')).keys;
  const key = keys.find((one: { kid: string }) => one.kid === kid);
  const [workspace] = await query('select id from workspace');
  return await new CompactEncrypt(new TextEncoder().encode(JSON.stringify({ storageState: shop.demo.storageState })))
    .setProtectedHeader({
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      typ: 'ss-auth+jwe',
      kid,
      aud: String(workspace?.id),
      exp: Math.floor(Date.now() / 1000) + 3600,
    })
    .encrypt(await importJWK(key, 'ECDH-ES'));
}

test('a rotation counts at once on servers and runners that go on, and what was sealed before still opens', {
  timeout: 180_000,
}, async () => {
  runner.child.kill('SIGSTOP');
  const before = await post();
  const rotated = await shop.cli('runner', 'keygen', '--rotate', '--out', shop.keysFolder, '--json');
  expect([rotated.code, rotated.stderr]).toEqual([0, '']);
  const { kid, keys } = JSON.parse(rotated.stdout);
  second = kid;
  expect(keys).toMatchObject([
    { kid: second, isSealedTo: true, isPublished: true, waiting: 0 },
    { kid: first, isSealedTo: false, isPublished: true },
  ]);
  expect(keys[1].waiting + keys[1].running).toBe(2);
  for (const secret of secrets()) expect(rotated.stdout + rotated.stderr).not.toContain(secret);
  expect(statSync(keyFile('private')).mode & 0o777).toBe(0o600);
  const after = await post();
  expect(await query(`select kid, count(*)::int as n from capture_payload group by kid order by n desc, kid`)).toEqual(
    [first, second].toSorted().map((one) => ({ kid: one, n: 2 })),
  );
  for (const url of [shop.url, shop.otherUrl]) expect(await jwks(url)).toEqual([second, first]);
  expect((await (await fetch(`${shop.url}/readyz`)).json()).poolKeys).toEqual([second, first]);

  const early = await shop.cli('runner', 'keygen', '--retire', first, '--out', shop.keysFolder);
  expect([early.code, early.stdout]).toEqual([65, '']);
  expect(early.stderr).toContain(`2 captures still need ${first}`);
  runner.child.kill('SIGCONT');
  for (const id of [...before, ...after])
    expect(await shop.api.follow(id)).toMatchObject({ status: 'succeeded', verdict: 'authenticated' });
});

test('the old key is retired once nothing waits under it, and the one in use never', { timeout: 120_000 }, async () => {
  const inUse = await shop.cli('runner', 'keygen', '--retire', second, '--out', shop.keysFolder);
  expect([inUse.code, inUse.stdout]).toEqual([65, '']);
  const retired = await shop.cli('runner', 'keygen', '--retire', first, '--out', shop.keysFolder, '--json');
  expect(JSON.parse(retired.stdout)).toMatchObject({ kid: second, keys: [{ kid: second }] });
  for (const url of [shop.url, shop.otherUrl]) expect(await jwks(url)).toEqual([second]);
  expect(secrets()).toHaveLength(1);
  expect(await shop.api.capture(request())).toMatchObject({ status: 'succeeded' });
});

test('a key that leaked: what waits under it fails at once on both servers, nothing more is taken, and the purge proves it', {
  timeout: 180_000,
}, async () => {
  third = JSON.parse((await shop.cli('runner', 'keygen', '--rotate', '--out', shop.keysFolder, '--json')).stdout).kid;
  runner.child.kill('SIGSTOP');
  const sealedByClient = request({ auth: { sealed: await sealAuth(second) } });
  const needing = await post(sealedByClient);
  const other = await post();
  const revoked = await shop.cli('runner', 'keys', 'revoke', second, '--json');
  expect([revoked.code, JSON.parse(revoked.stdout)]).toEqual([0, { kid: second, isNew: true, ended: 2, left: 0 }]);
  for (const id of needing)
    expect((await shop.otherApi.call('GET', `/api/captures/${id}`)).body).toMatchObject({
      status: 'failed',
      error: { code: 'payload_unreadable' },
    });
  expect(await query('select distinct kid, auth_kid from capture_payload')).toEqual([{ kid: third, auth_kid: null }]);
  for (const api of [shop.api, shop.otherApi])
    expect(await api.call('POST', '/api/captures', sealedByClient)).toMatchObject({
      status: 422,
      body: { code: 'invalid_request', errors: [{ path: 'auth.sealed', message: expect.stringContaining('GET /api/keys/runner') }] },
    });
  for (const url of [shop.url, shop.otherUrl]) expect(await jwks(url)).toEqual([third]);
  const list = JSON.parse((await shop.cli('runner', 'keys', 'list', '--json')).stdout);
  expect(list).toMatchObject([
    { kid: third, state: 'sealing' },
    { kid: second, state: 'revoked', waiting: 0, running: 0 },
  ]);
  runner.child.kill('SIGCONT');
  for (const id of other) expect(await shop.api.follow(id)).toMatchObject({ status: 'succeeded' });
  expect(await shop.api.capture(request({ auth: { sealed: await sealAuth(third) } }))).toMatchObject({ status: 'succeeded' });

  const retired = await shop.cli('runner', 'keygen', '--retire', second, '--out', shop.keysFolder);
  expect([retired.code, retired.stderr.includes(second)]).toEqual([0, true]);
  const purged = await shop.cli('purge', '--json');
  expect([purged.code, JSON.parse(purged.stdout)]).toMatchObject([
    0,
    { ok: true, after: { payloads: 0, ofFinalCaptures: 0, underRevokedKeys: 0 } },
  ]);
  expect((await shop.cli('audit', 'export', '--json')).stdout).toContain(`"action":"pool_key.revoke","target":"${second}"`);
  expect((await shop.cli('audit', 'verify')).code).toBe(0);
});

test('the last key revoked, nothing is accepted until there is a new one, and no server is restarted for it', {
  timeout: 120_000,
}, async () => {
  expect((await shop.cli('runner', 'keys', 'revoke', third)).code).toBe(0);
  for (const api of [shop.api, shop.otherApi])
    expect(await api.call('POST', '/api/captures', request())).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  const ready = await fetch(`${shop.url}/readyz`);
  expect([ready.status, (await ready.json()).poolKeys]).toEqual([503, []]);
  expect((await shop.cli('runner', 'keygen', '--rotate', '--out', shop.keysFolder)).code).toBe(0);
  expect(await shop.otherApi.capture(request())).toMatchObject({ status: 'succeeded' });
});

test('what cannot be done says so with the exit code of the contract', { timeout: 120_000 }, async () => {
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await shop.cli(...args);
    return { code, stdout, stderr };
  };
  expect(await cli('runner', 'keys', 'revoke', 'mistyped')).toMatchObject({ code: 65, stderr: expect.stringContaining('runner keys') });
  expect(await cli('runner', 'keys', 'revoke', 'two words')).toMatchObject({ code: 2, stdout: '' });
  expect(await cli('runner', 'keygen', '--rotate')).toMatchObject({ code: 2, stderr: expect.stringContaining('--out DIR') });
  expect(await cli('runner', 'keygen', '--rotate', '--retire', second, '--out', shop.keysFolder)).toMatchObject({ code: 2 });
  const empty = join(shop.keysFolder, 'empty');
  mkdirSync(empty);
  expect(await cli('runner', 'keygen', '--rotate', '--out', empty)).toMatchObject({ code: 65, stderr: expect.stringContaining('no keys') });
  const [sealing] = await jwks(shop.url);
  expect(await cli('purge', '--kid', sealing ?? '')).toMatchObject({ code: 65, stderr: expect.stringContaining('sealed to') });
  const dry = await cli('purge', '--dry-run');
  expect([dry.code, dry.stdout]).toEqual([0, '']);
  expect(dry.stderr).toContain('0 payloads of final captures');
});
