import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunner } from '#server/domain/access/runners.ts';
import { makeToken } from '#shared/api-key.ts';
import { captureSchema } from '#shared/capture.ts';
import { type ApiBed, createApiBed, GOOD, problemOf, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

// The door for whoever finds a key or the token of a runner: it needs nothing but that, and tells nothing of it.
let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed({ trustedProxies: ['127.0.0.1'] });
});
afterAll(() => bed?.close());

let calls = 0;
const handIn = (body: unknown, address = `203.0.113.${++calls}`) =>
  bed.call('/api/keys/revoke', { key: null, body, headers: { 'x-forwarded-for': address } });
const entriesOf = (id: unknown) => bed.sql(`select * from audit_event where action = 'key.revoke' and target = $1`, [id]);
const rowOf = async (key: string) =>
  (await bed.sql('select id, workspace_id, revoked_at from api_key where hint = $1', [key.slice(8, 16)]))[0];

test('a call that waits with a key gets nothing any more once it is revoked', async () => {
  const [key, other] = [await bed.makeKey(), await bed.makeKey()];
  const waiting = bed.call('/api/captures', { key, body: GOOD, headers: { prefer: 'wait=30' } });
  const list = async () => JSON.parse((await bed.call('/api/captures', { key: other })).text).data;
  await expect.poll(async () => (await list()).length).toBe(1);
  expect((await handIn({ key })).status).toBe(204);
  const [{ id }] = await list();
  expect((await bed.call(`/api/captures/${id}/cancel`, { key: other, body: {} })).status).toBe(200);
  const answer = await waiting;
  expect([answer.status, problemOf(answer).code]).toEqual([401, 'invalid_api_key']);
});

test('a link that was made with it before goes on for its minutes, unless the capture is deleted', async () => {
  const key = await bed.makeKey();
  const id = textOf(await bed.call('/api/captures', { key, body: GOOD }), 'id');
  const runner = createFakeRunner(bed);
  await runner.complete(await runner.claimOf(id));
  const { asset } = captureSchema.parse((await bed.call(`/api/captures/${id}`, { key })).body);
  expect((await handIn({ key })).status).toBe(204);
  expect((await bed.call(`/api/captures/${id}`, { key })).status).toBe(401);
  expect((await fetch(asset?.url ?? '')).status).toBe(200);
  expect((await bed.call(`/api/captures/${id}`, { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(asset?.url ?? '')).status).toBe(404);
});

test('a key that is handed in does not work any more, and the log says so without it', async () => {
  const key = await bed.makeKey();
  expect((await bed.call('/api/captures', { key })).status).toBe(200);
  const answer = await handIn({ key }, '203.0.113.77');
  expect([answer.status, answer.text]).toEqual([204, '']);
  const refused = await bed.call('/api/captures', { key });
  expect([refused.status, problemOf(refused).code]).toEqual([401, 'invalid_api_key']);
  const row = await rowOf(key);
  const entries = await entriesOf(row?.id);
  expect(entries).toMatchObject([
    {
      actor_kind: 'anyone',
      actor_id: null,
      address: '203.0.113.77',
      detail: 'by the key itself',
      workspace_id: row?.workspace_id,
      outcome: 'ok',
    },
  ]);
  expect(JSON.stringify([entries, bed.logs])).not.toContain(key);
});

test('a key of any workspace, one that nobody has, one that is revoked already: the same answer', async () => {
  const foreign = await bed.otherWorkspace();
  const revoked = await bed.makeKey();
  await handIn({ key: revoked });
  const before = await rowOf(revoked);
  const answers = [await handIn({ key: foreign }), await handIn({ key: makeToken('apiKey') }), await handIn({ key: revoked })];
  const told = answers.map(({ status, text, headers }) => [status, text, [...headers.keys()].toSorted()]);
  expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
  expect((await bed.call('/api/captures', { key: foreign })).status).toBe(401);
  expect(await rowOf(revoked)).toEqual(before);
  expect(await entriesOf(before?.id)).toHaveLength(1);
});

test("a runner's token that is handed in claims and reports nothing any more, and the log says so without it", async () => {
  const { runner, token } = await createRunner(bed.app.deps, { name: 'found' });
  const claim = () => bed.call('/runner/v1/claim', { key: token, body: {} });
  expect([200, 204]).toContain((await claim()).status);
  const answer = await handIn({ key: token }, '203.0.113.78');
  expect([answer.status, answer.text]).toEqual([204, '']);
  const refused = await claim();
  expect([refused.status, problemOf(refused).code]).toEqual([401, 'invalid_api_key']);
  const entries = () => bed.sql(`select * from audit_event where action = 'runner.revoke' and target = $1`, [runner.id]);
  expect(await entries()).toMatchObject([
    { actor_kind: 'anyone', actor_id: null, address: '203.0.113.78', detail: 'by the token itself', workspace_id: null, outcome: 'ok' },
  ]);
  const row = () => bed.sql('select revoked_at from runner where id = $1', [runner.id]);
  const before = await row();
  const told = [await handIn({ key: token }), await handIn({ key: makeToken('runner') }), answer];
  expect(new Set(told.map(({ status, text, headers }) => JSON.stringify([status, text, [...headers.keys()].toSorted()]))).size).toBe(1);
  expect([await row(), await entries()]).toMatchObject([before, { length: 1 }]);
  expect(JSON.stringify([await entries(), bed.logs])).not.toContain(token);
  // The others work on.
  expect([200, 204]).toContain((await bed.call('/runner/v1/claim', { key: bed.runnerToken, body: {} })).status);
});

test('a key that is not whole is refused and not echoed: nobody shall think that he has ended it', async () => {
  const key = await bed.makeKey();
  const other = key.endsWith('a') ? 'b' : 'a';
  for (const text of [key.slice(0, -1), `${key.slice(0, -1)}${other}`, ` ${key}`, bed.runnerToken.slice(0, -1), bed.cookie, 'x', '']) {
    const answer = await handIn({ key: text });
    const { code, errors } = problemOf(answer);
    expect([answer.status, code, errors?.[0]?.path]).toEqual([422, 'invalid_request', 'key']);
    if (text.length > 1) expect(answer.text).not.toContain(text.trim());
  }
  for (const body of [{}, { key: 1 }, { key, token: key }, [key], null]) expect((await handIn(body)).status).toBe(422);
  expect((await bed.call('/api/captures', { key })).status).toBe(200);
});

test('who hands in too many is told to wait, and others are not', async () => {
  const answers = [];
  for (let i = 0; i < 32; i++) answers.push(await handIn({ key: makeToken('apiKey') }, '198.51.100.1'));
  expect(answers.slice(0, 30).map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 204));
  for (const answer of answers.slice(30)) {
    expect(problemOf(answer).code).toBe('rate_limited');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  expect((await handIn({ key: makeToken('apiKey') }, '198.51.100.2')).status).toBe(204);
});
