import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { LIMITS } from '#shared/limits.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../services/webhook-receiver.ts';
import { type ApiBed, createApiBed, GOOD, problemOf, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

let bed: ApiBed;
let receiver: WebhookReceiver;
beforeAll(async () => {
  receiver = await startWebhookReceiver();
  bed = await createApiBed({ extraCas: [receiver.ca] });
  await addAllowedDomain(bed.app.deps, bed.operator, { domain: `localhost:${receiver.port}`, isPrivate: true });
});
afterAll(async () => {
  await bed?.close();
  await receiver?.close();
});

type Issued = { endpoint: { id: string } & Record<string, unknown>; secret: string };
async function create(input: object = {}): Promise<Issued> {
  const answer = await bed.call('/api/webhooks', { body: { url: `${receiver.origin}/inbox?token=t`, ...input } });
  expect([answer.status, answer.text.slice(0, 300)]).toEqual([201, expect.any(String)]);
  const issued: Issued = JSON.parse(answer.text);
  expect(answer.headers.get('location')).toBe(`/api/webhooks/${issued.endpoint.id}`);
  return issued;
}
const remove = (id: string) => bed.call(`/api/webhooks/${id}`, { method: 'DELETE' });

test('an endpoint is made, read, listed, changed, rotated and removed; its secret and its path are shown by none of that', async () => {
  const { endpoint, secret } = await create({ description: 'for tests', events: ['capture.failed', 'capture.failed'] });
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(endpoint).toMatchObject({ url: `${receiver.origin}/…`, description: 'for tests', events: ['capture.failed'], enabled: true });
  const read = await bed.call(`/api/webhooks/${endpoint.id}`);
  expect(read.body).toEqual(endpoint);
  const changed = await bed.call(`/api/webhooks/${endpoint.id}`, {
    method: 'PATCH',
    body: { enabled: false, description: '', events: ['capture.succeeded'] },
  });
  expect(changed.body).toMatchObject({ enabled: false, disabledReason: 'by_request', description: '', events: ['capture.succeeded'] });
  const back = await bed.call(`/api/webhooks/${endpoint.id}`, { method: 'PATCH', body: { enabled: true } });
  expect(back.body).toMatchObject({ enabled: true, disabledAt: null, disabledReason: null, events: ['capture.succeeded'] });
  const rotated = await bed.call(`/api/webhooks/${endpoint.id}/rotate`, { method: 'POST' });
  expect(rotated.status).toBe(201);
  expect(textOf(rotated, 'secret')).not.toBe(secret);
  const seen = [read, changed, back, await bed.call('/api/webhooks'), await bed.call('/api/webhooks/deliveries')]
    .map(({ text }) => text)
    .join();
  for (const hidden of [secret, textOf(rotated, 'secret'), 'inbox', 'token']) expect(seen).not.toContain(hidden);
  expect((await remove(endpoint.id)).status).toBe(204);
  const gone = await bed.call(`/api/webhooks/${endpoint.id}`);
  expect([gone.status, problemOf(gone).code]).toEqual([404, 'not_found']);
});

test('a list goes page by page, the newest first', async () => {
  const made = [];
  for (let i = 0; i < 3; i++) made.unshift((await create()).endpoint.id);
  const first: { data: { id: string }[]; nextCursor: string } = JSON.parse((await bed.call('/api/webhooks?limit=2')).text);
  const second: typeof first = JSON.parse((await bed.call(`/api/webhooks?limit=2&cursor=${first.nextCursor}`)).text);
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(made);
  expect(second.nextCursor).toBeNull();
  for (const id of made) await remove(id);
});

describe('refusals', () => {
  test.each([
    ['no url', {}, 'url'],
    ['http', { url: 'http://hooks.example.net/' }, 'url'],
    ['a private host', { url: 'https://localhost/' }, 'url'],
    ['an unknown event', { url: 'https://hooks.example.net/', events: ['capture.exploded'] }, 'events[0]'],
    ['no event', { url: 'https://hooks.example.net/', events: [] }, 'events'],
    ['an unknown key', { url: 'https://hooks.example.net/', secret: 'mine' }, 'secret'],
    ['a long description', { url: 'https://hooks.example.net/', description: 'x'.repeat(201) }, 'description'],
  ])('%s', async (_what, body, path) => {
    const problem = problemOf(await bed.call('/api/webhooks', { body }));
    expect([problem.status, problem.errors?.map((error) => error.path)]).toEqual([422, [path]]);
  });

  test('a query that is none, a cursor of another list, a date that is none', async () => {
    const { endpoint } = await create();
    const calls: [string, object?][] = [
      ['/api/webhooks?limt=2'],
      ['/api/webhooks?cursor=cap_01ARZ3NDEKTSV4RRFFQ69G5FAV'],
      ['/api/webhooks/deliveries?state=lost'],
      [`/api/webhooks/${endpoint.id}/recover`, { since: 'yesterday' }],
    ];
    for (const [path, body] of calls) expect([path, (await bed.call(path, { body })).status]).toEqual([path, 422]);
    await remove(endpoint.id);
  });

  test('more endpoints than a workspace may have', async () => {
    const made = [];
    for (let i = 0; i < LIMITS.webhookEndpointsMax; i++) made.push((await create()).endpoint.id);
    const answer = await bed.call('/api/webhooks', { body: { url: 'https://hooks.example.net/' } });
    expect([answer.status, problemOf(answer).code]).toEqual([409, 'conflict']);
    for (const id of made) await remove(id);
  });

  test.each([
    ['http', { url: 'http://hooks.example.net/x' }, 'webhook.url'],
    ['an address', { url: 'https://10.0.0.1/x' }, 'webhook.url'],
    ['a port that is not listed', { url: 'https://hooks.example.net:8443/x' }, 'webhook.url'],
    ['an unknown event', { url: 'https://hooks.example.net/x', events: ['webhook.test'] }, 'webhook.events[0]'],
    ['an unknown key', { url: 'https://hooks.example.net/x', headers: {} }, 'webhook.headers'],
  ])('a capture whose webhook has %s, dry or not', async (_what, webhook, path) => {
    for (const dryRun of [false, true]) {
      const problem = problemOf(await bed.call('/api/captures', { body: { ...GOOD, webhook, dryRun } }));
      expect([problem.status, problem.code, problem.errors?.map((error) => error.path)]).toEqual([422, 'invalid_request', [path]]);
    }
  });

  test('a server without a key of its own takes no webhook, and says what is missing', async () => {
    const keyless = await createApiBed({ secretKeys: [] });
    const { url } = { url: 'https://hooks.example.net/x' };
    for (const [path, body] of [
      ['/api/webhooks', { url }],
      ['/api/captures', { ...GOOD, webhook: { url } }],
    ] as const) {
      const problem = problemOf(await keyless.call(path, { body }));
      expect([problem.status, problem.detail]).toEqual([503, expect.stringContaining('SESSIONSHOT_SECRET_KEY_FILE')]);
    }
    expect((await keyless.call('/api/captures', { body: GOOD })).status).toBe(202);
    await keyless.close();
  });
});

test('from request to receiver: a running server tells an endpoint and the address in the request, each by its secret', async () => {
  const { endpoint, secret } = await create();
  const { secret: byDefault } = JSON.parse((await bed.call('/api/webhooks/default-secret', { method: 'POST' })).text);
  const webhook = { url: `${receiver.origin}/of-this-capture` };
  const id = textOf(await bed.call('/api/captures', { body: { ...GOOD, webhook } }), 'id');
  const runner = createFakeRunner(bed);
  await runner.complete(await runner.claimOf(id));
  await expect
    .poll(() => receiver.received.map(({ path }) => path).toSorted(), { timeout: 10_000 })
    .toEqual(['/inbox?token=t', '/of-this-capture']);
  for (const { path, body, headers } of receiver.received) {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const [own, other] = path === '/of-this-capture' ? [byDefault, secret] : [secret, byDefault];
    expect(new Webhook(own).verify(body, given)).toMatchObject({ type: 'capture.succeeded', data: { id } });
    expect(() => new Webhook(other).verify(body, given)).toThrow();
  }
  // Both are one event: a receiver that is told twice can tell.
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  const listed = async () => JSON.parse((await bed.call(`/api/webhooks/deliveries?capture=${id}`)).text).data;
  await expect.poll(async () => (await listed()).map(({ state }: { state: string }) => state)).toEqual(['delivered', 'delivered']);
  const [one] = await listed();
  expect((await bed.call(`/api/webhooks/deliveries/${one.id}`)).body).toEqual(one);
  expect((await bed.call(`/api/webhooks/deliveries/${one.id}/resend`, { method: 'POST' })).status).toBe(202);
  await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(3);
  expect((await bed.call(`/api/webhooks/${endpoint.id}/test`, { method: 'POST' })).status).toBe(202);
  await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(4);
  const recovered = await bed.call(`/api/webhooks/${endpoint.id}/recover`, { body: { since: '2026-01-01T00:00:00Z' } });
  expect([recovered.status, recovered.body]).toEqual([202, { count: 0, isMore: false }]);
  await expect
    .poll(async () => (await bed.call('/metrics')).text, { timeout: 10_000 })
    .toContain('sessionshot_webhook_deliveries_last_hour{state="delivered"} 3');
});
