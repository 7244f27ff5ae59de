import type { IncomingHttpHeaders } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { UserActor } from '#server/domain/access/actor.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { cancelCapture } from '#server/domain/captures/cancel-capture.ts';
import { deleteCapture } from '#server/domain/captures/delete-capture.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { expireDeadlines } from '#server/domain/jobs/recover-jobs.ts';
import { listDeliveries } from '#server/domain/webhooks/read-deliveries.ts';
import { sendTestEvent } from '#server/domain/webhooks/resend-webhooks.ts';
import { rotateDefaultSecret, rotateWebhookSecret } from '#server/domain/webhooks/webhook-endpoints.ts';
import { LIMITS } from '#shared/limits.ts';
import { webhookBodySchema } from '#shared/webhook.ts';
import { startWebhookReceiver } from '../services/webhook-receiver.ts';
import { capture } from './domain-bed.ts';
import { adminOf } from './proof-bed.ts';
import { createWebhookBed, type WebhookBed } from './webhook-bed.ts';

// What is sent, how it is signed, and that no receiver is in the way of others.
let shop: WebhookBed;
beforeAll(async () => {
  shop = await createWebhookBed();
});
afterAll(() => shop?.close());
afterEach(async () => {
  await shop.bed.sql('delete from webhook_event');
  await shop.bed.sql('delete from webhook_endpoint');
  await shop.bed.sql('delete from capture');
  shop.receiver.received.length = 0;
  shop.receiver.answer(() => ({ status: 204 }));
});

/** Verifies the newest thing received by a secret; answers its body. */
function verify(secret: string, index = -1): unknown {
  const got = shop.receiver.received.at(index);
  const headers: IncomingHttpHeaders = got?.headers ?? {};
  return new Webhook(secret).verify(got?.body ?? '', {
    'webhook-id': String(headers['webhook-id']),
    'webhook-timestamp': String(headers['webhook-timestamp']),
    'webhook-signature': String(headers['webhook-signature']),
  });
}

test('a finished capture is told to an endpoint: ids alone, signed so that a Standard Webhooks verifier takes it', async () => {
  const { id: endpoint, secret } = await shop.addEndpoint();
  const named = { tags: { customer: 'tag-of-a-customer' }, reference: 'reference-of-ours' };
  const id = await shop.finish({ url: 'https://app.example.com/reports/path-of-a-report?q=query-of-a-report', ...named });
  await shop.fly();
  const [{ body, headers, path } = { body: '', headers: {}, path: '' }] = shop.receiver.received;
  const sent = webhookBodySchema.strict().parse(JSON.parse(body));
  expect(sent).toEqual({
    id: headers['webhook-id'],
    type: 'capture.succeeded',
    timestamp: expect.any(String),
    data: { id, object: 'capture', status: 'succeeded' },
  });
  expect([path, headers['content-type'], headers.host]).toEqual(['/inbox', 'application/json', `localhost:${shop.receiver.port}`]);
  expect(verify(secret)).toEqual(sent);
  for (const word of ['tag-of', 'reference-of', 'path-of', 'query-of', 'http', 'example.com', 'whsec_', 'sig='])
    expect(JSON.stringify([body, headers])).not.toContain(word);
  expect((await shop.deliveries()).data).toMatchObject([{ endpoint, capture: id, state: 'delivered', tries: 1, eventId: sent.id }]);
});

test('a changed body, another secret and an old time are no valid webhook', async () => {
  const { secret } = await shop.addEndpoint();
  await shop.finish();
  await shop.fly();
  const [got] = shop.receiver.received;
  const headers = { ...got?.headers };
  const check =
    (body: string, changed: object, by = secret) =>
    () =>
      new Webhook(by).verify(
        body,
        Object.fromEntries(Object.entries({ ...headers, ...changed }).map(([name, value]) => [name, String(value)])),
      );
  expect(check(got?.body ?? '', {})).not.toThrow();
  expect(check(`${got?.body} `, {})).toThrow();
  expect(check(got?.body ?? '', { 'webhook-id': 'evt_01ARZ3NDEKTSV4RRFFQ69G5FAV' })).toThrow();
  expect(check(got?.body ?? '', { 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) })).toThrow();
  expect(check(got?.body ?? '', {}, `whsec_${Buffer.alloc(32, 1).toString('base64')}`)).toThrow();
});

test('during a rotation both secrets verify, after it the new one alone; a second rotation ends the first secret', async () => {
  const { id, secret: first } = await shop.addEndpoint();
  const { secret: second, endpoint } = await rotateWebhookSecret(shop.deps, shop.bed.operator, id);
  expect(Date.parse(endpoint.secretExpiresAt ?? '') - Date.now()).toBeGreaterThan(LIMITS.webhookOverlapMs - 60_000);
  await shop.finish();
  await shop.fly();
  for (const secret of [first, second]) expect(() => verify(secret)).not.toThrow();
  const { secret: third } = await rotateWebhookSecret(shop.deps, shop.bed.operator, id);
  await shop.finish();
  await shop.fly();
  for (const secret of [second, third]) expect(() => verify(secret)).not.toThrow();
  expect(() => verify(first)).toThrow();
  await shop.bed.sql(`update webhook_secret set expires_at = now() where expires_at is not null`);
  await shop.finish();
  await shop.fly();
  expect(() => verify(third)).not.toThrow();
  expect(() => verify(second)).toThrow();
});

test('the webhook of one capture: its events alone, signed with the default secret of the workspace, and its address gone', async () => {
  const { secret } = await rotateDefaultSecret(shop.deps, shop.bed.operator);
  const id = await shop.finish({ webhook: { url: `${shop.receiver.origin}/only/this?token=one` } });
  const failing = await capture(shop.bed, { webhook: { url: `${shop.receiver.origin}/failed`, events: ['capture.failed'] } });
  await cancelCapture(shop.deps, shop.bed.key, failing.id);
  await shop.fly();
  expect(shop.receiver.received.map(({ path }) => path)).toEqual(['/only/this?token=one']);
  expect(verify(secret)).toMatchObject({ type: 'capture.succeeded', data: { id } });
  expect(await shop.bed.sql('select 1 from capture_webhook')).toEqual([]);
  expect((await shop.deliveries()).data).toMatchObject([{ endpoint: null, capture: id, url: `${shop.receiver.origin}/…` }]);
});

test('a workspace that never made a default secret has one with its first such capture', async () => {
  await shop.bed.sql('delete from webhook_secret');
  await Promise.all([1, 2, 3].map(() => capture(shop.bed, { webhook: { url: `${shop.receiver.origin}/a` } })));
  expect(await shop.bed.sql('select expires_at from webhook_secret where endpoint_id is null')).toEqual([{ expires_at: null }]);
});

test('whichever way a capture ends: failed by its deadline, canceled, deleted while it waits', async () => {
  await shop.addEndpoint({ events: ['capture.failed', 'capture.canceled'] });
  const [late, canceled, deleted] = [await capture(shop.bed), await capture(shop.bed), await capture(shop.bed)];
  await shop.bed.sql('update job set deadline_at = now() where capture_id = $1', [late.id]);
  await expireDeadlines(shop.deps);
  await cancelCapture(shop.deps, shop.bed.key, canceled.id);
  await deleteCapture(shop.deps, shop.bed.key, deleted.id);
  await shop.finish(); // nobody asked for this one
  await shop.fly();
  const told = shop.receiver.received.map(({ body }) => JSON.parse(body)).map(({ type, data }) => [type, data.id]);
  expect(told.toSorted()).toEqual(
    [
      ['capture.failed', late.id],
      ['capture.canceled', canceled.id],
      ['capture.canceled', deleted.id],
    ].toSorted(),
  );
});

test('a key that is used from a new network is told of by its id alone', async () => {
  await shop.addEndpoint({ events: ['key.new_network'] });
  const made = await createApiKey(shop.deps, shop.bed.operator, { name: 'name-of-a-key', scopes: ['captures:read'] });
  for (const address of ['203.0.113.9', '198.51.100.7']) await authenticateApiKey(shop.deps, made.key, { address, userAgent: 'program' });
  await shop.fly();
  expect(shop.receiver.received.map(({ body }) => JSON.parse(body))).toEqual([
    expect.objectContaining({ type: 'key.new_network', data: { id: made.apiKey.id, object: 'api_key' } }),
  ]);
});

test('an event is there if and only if its capture is final: what is rolled back leaves none', async () => {
  await shop.addEndpoint();
  const { id } = await capture(shop.bed, { webhook: { url: `${shop.receiver.origin}/b` } });
  await shop.bed.sql('alter table asset rename to asset_gone');
  await expect(shop.finish()).rejects.toThrow();
  await shop.bed.sql('alter table asset_gone rename to asset');
  expect(await shop.bed.sql('select 1 from webhook_event')).toEqual([]);
  expect(await shop.bed.sql('select capture_id from capture_webhook')).toEqual([{ capture_id: id }]);
  await shop.bed.sql('delete from job');
});

test('where there is no webhook, nothing is kept', async () => {
  await shop.finish();
  expect(await shop.bed.sql('select 1 from webhook_event')).toEqual([]);
});

test('secrets and addresses are in no row in clear', async () => {
  const { secret } = await shop.addEndpoint({ url: `${shop.receiver.origin}/path-is-secret?query=is-secret` });
  await shop.finish();
  await shop.fly();
  await capture(shop.bed, { webhook: { url: `${shop.receiver.origin}/path-is-secret?query=is-secret` } });
  const tables = ['endpoint', 'secret', 'event', 'delivery', 'attempt'].map((name) => `webhook_${name}`);
  for (const table of [...tables, 'capture_webhook']) {
    const rows = JSON.stringify(await shop.bed.sql(`select * from ${table}`));
    expect([table, rows.length > 2]).toEqual([table, true]);
    for (const word of [secret, secret.slice('whsec_'.length), 'is-secret']) expect([table, rows.includes(word)]).toEqual([table, false]);
  }
  expect(shop.bed.logs.join('\n')).not.toMatch(/is-secret|whsec_/);
});

test('a receiver that hangs is given up after 10 s; meanwhile captures go on and others are told', { timeout: 60_000 }, async () => {
  const other = await startWebhookReceiver();
  await shop.allow(`localhost:${other.port}`);
  shop.receiver.answer(() => 'hang');
  await shop.addEndpoint();
  for (let i = 0; i < 6; i++) await shop.finish();
  expect(await shop.courier.turn()).toBe(LIMITS.webhookHostSendsMax); // no more than its share, and nobody waits for it
  expect(await shop.courier.turn()).toBe(0);
  await shop.addEndpoint({ url: `${other.origin}/` });
  const id = await shop.finish();
  expect(await shop.courier.turn()).toBe(1);
  await expect.poll(() => other.received.map(({ body }) => JSON.parse(body).data.id)).toEqual([id]);
  await capture(shop.bed);
  expect(await claimJob(shop.deps, shop.bed.runner, {})).not.toBeNull();
  expect(shop.receiver.received.length).toBe(LIMITS.webhookHostSendsMax);
  await shop.courier.landed();
  const tried = (await shop.deliveries()).data.flatMap(({ attempts, url }) => (url.startsWith(shop.receiver.origin) ? attempts : []));
  expect(tried.map(({ status, error }) => [status, error])).toEqual(
    Array.from({ length: LIMITS.webhookHostSendsMax }, () => [null, 'no answer within 10 s']),
  );
  await other.close();
});

test('several servers share the work: each event is sent once', async () => {
  await shop.addEndpoint();
  for (let i = 0; i < 12; i++) await shop.finish();
  const couriers = [shop.courier, shop.makeCourier(), shop.makeCourier()];
  for (let turns = 0; turns < 20; turns++) {
    await Promise.all(couriers.map((courier) => courier.turn()));
    await Promise.all(couriers.map((courier) => courier.landed()));
  }
  expect((await shop.deliveries()).data.map(({ state, tries }) => [state, tries])).toEqual(
    Array.from({ length: 12 }, () => ['delivered', 1]),
  );
  expect(shop.receiver.received).toHaveLength(12);
});

test('a test event goes to the one endpoint; what the receiver answers is for those who administer', async () => {
  const { id, secret } = await shop.addEndpoint();
  await shop.addEndpoint({ url: `${shop.receiver.origin}/other` });
  shop.receiver.answer(() => ({ status: 200, body: `thanks ss_live_0123456789abcdefghijklmnopqrstuvwxyz01 ${'x'.repeat(5000)}` }));
  await sendTestEvent(shop.deps, shop.bed.operator, id);
  await shop.fly();
  expect(shop.receiver.received.map(({ path }) => path)).toEqual(['/inbox']);
  expect(verify(secret)).toMatchObject({ type: 'webhook.test', data: { id, object: 'webhook_endpoint' } });
  const [seen] = (await shop.deliveries()).data[0]?.attempts ?? [];
  expect(seen?.response).toMatch(/^thanks \[secret\] x+$/);
  expect(seen?.response?.length).toBeLessThanOrEqual(LIMITS.webhookAnswerBytesKept);
  const developer: UserActor = { ...adminOf(shop.bed.operator.workspaceId), role: 'developer' };
  const [hidden] = (await listDeliveries(shop.deps, developer, {})).data[0]?.attempts ?? [];
  expect(hidden).toMatchObject({ status: 200, response: null });
});
