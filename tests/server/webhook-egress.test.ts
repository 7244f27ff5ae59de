import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeAuthority } from '#runner/fixtures/certificates.ts';
import type { SenderOptions } from '#server/adapters/webhook-sender.ts';
import { addAllowedDomain, listAllowedDomains, removeAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { setEgressMode } from '#server/domain/access/egress-mode.ts';
import { LIMITS } from '#shared/limits.ts';
import { startWebhookReceiver } from '../services/webhook-receiver.ts';
import { capture, codeOf } from './domain-bed.ts';
import { createWebhookBed, type WebhookBed } from './webhook-bed.ts';

// Where webhooks may go: as far as pages of the workspace may, at judged addresses alone.
let shop: WebhookBed;
beforeAll(async () => {
  shop = await createWebhookBed();
});
afterAll(() => shop?.close());
afterEach(async () => {
  await setEgressMode(shop.deps, shop.bed.operator, { mode: 'standard' });
  await shop.bed.sql('delete from webhook_event');
  await shop.bed.sql('delete from webhook_endpoint');
  shop.receiver.received.length = 0;
  shop.receiver.answer(() => ({ status: 204 }));
});

/** Sends one event to `url` by a courier with these means; answers how its try ended. */
async function tryAt(url: string, options: SenderOptions = {}) {
  await shop.addEndpoint({ url });
  await shop.finish();
  await shop.fly(shop.makeCourier(options));
  const [attempt] = (await shop.deliveries()).data[0]?.attempts ?? [];
  await shop.bed.sql('delete from webhook_endpoint');
  return attempt;
}

test('what is listed as private is reached, by the name that its certificate is for', async () => {
  expect(await tryAt(`${shop.receiver.origin}/`)).toMatchObject({ status: 204, error: null });
  expect(shop.receiver.received).toHaveLength(1);
});

describe.each([
  ['loopback', ['127.0.0.1']],
  ['a private network', ['10.1.2.3']],
  ['the metadata service', ['169.254.169.254']],
  ['a public address and a private one', ['93.184.215.14', '10.1.2.3']],
  ['a mapped address', ['::ffff:127.0.0.1']],
  ['a unique local address', ['fd00::1']],
])('a public name that resolves to %s', (_what, addresses) => {
  test('is refused, and nothing is dialed', async () => {
    const attempt = await tryAt('https://hooks.example.net/in', { resolve: async () => addresses });
    expect(attempt).toMatchObject({ status: null, error: 'private address' });
    expect(shop.receiver.received).toEqual([]);
  });
});

test('a public address of this machine or of a neighbor is refused', async () => {
  const attempt = await tryAt('https://hooks.example.net/in', { resolve: async () => ['93.184.215.14'], isOwn: () => true });
  expect(attempt).toMatchObject({ error: 'private address' });
});

test('the name is resolved once for a try: what it says the second time is not asked', async () => {
  let asked = 0;
  const rebinding = async () => [asked++ === 0 ? '192.0.2.1' : '127.0.0.1'];
  expect(await tryAt('https://hooks.example.net/in', { resolve: rebinding })).toMatchObject({ error: 'private address' });
  expect(asked).toBe(1);
});

test('a private entry that is taken off the list is not reached any more, also by what waits', async () => {
  const other = await startWebhookReceiver();
  await shop.allow(`localhost:${other.port}`);
  await shop.addEndpoint({ url: `${other.origin}/` });
  await shop.finish();
  const entry = (await listAllowedDomains(shop.deps, shop.bed.operator)).find(({ port }) => port === other.port);
  await removeAllowedDomain(shop.deps, shop.bed.operator, entry?.id ?? '');
  await shop.fly();
  expect((await shop.deliveries()).data[0]?.attempts).toMatchObject([{ error: 'port not allowed' }]);
  expect(other.received).toEqual([]);
  await other.close();
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async (status) => {
  const other = await startWebhookReceiver();
  await shop.allow(`localhost:${other.port}`);
  shop.receiver.answer(() => ({ status, headers: { location: `${other.origin}/elsewhere` } }));
  expect(await tryAt(`${shop.receiver.origin}/`)).toMatchObject({ status, error: `answered ${status}: redirects are not followed` });
  expect([shop.receiver.received.length, other.received]).toEqual([1, []]);
  await other.close();
});

test.each([
  ['http', 'http://hooks.example.net/'],
  ['an address', 'https://93.184.215.14/'],
  ['an inner address', 'https://127.0.0.1/'],
  ['a name of the inside', 'https://intranet/'],
  ['a name without a public suffix', 'https://db.corp.internal/'],
  ['localhost', 'https://localhost/'],
  ['another port', 'https://hooks.example.net:8443/'],
  ['a user name', 'https://me:secret@hooks.example.net/'],
  ['no URL', 'hooks'],
  ['a file', 'file:///etc/passwd'],
])('%s is refused when it is registered', async (_what, url) => {
  expect(await codeOf(shop.addEndpoint({ url }))).toBe('invalid_request');
});

test('a key that is narrowed tells private hosts only where it may capture, and public ones as before', async () => {
  const narrowed = { ...shop.bed.key, domains: [{ host: 'app.example.com', port: null, isPrivate: false }] };
  const told = (url: string) => capture(shop.bed, { webhook: { url } }, narrowed);
  expect(await codeOf(told(`${shop.receiver.origin}/`))).toBe('invalid_request');
  await told('https://hooks.example.net/');
  const own = { host: 'localhost', port: shop.receiver.port, isPrivate: false };
  await capture(shop.bed, { webhook: { url: `${shop.receiver.origin}/` } }, { ...narrowed, domains: [...narrowed.domains, own] });
  await shop.bed.sql('delete from capture');
});

test('in strict egress only what is on the list is told anything, for parts or for pages', async () => {
  await setEgressMode(shop.deps, shop.bed.operator, { mode: 'strict' });
  expect(await codeOf(shop.addEndpoint({ url: 'https://hooks.example.net/' }))).toBe('invalid_request');
  await addAllowedDomain(shop.deps, shop.bed.operator, { domain: 'parts.example.org', use: 'parts' });
  await shop.addEndpoint({ url: 'https://parts.example.org/' });
  await shop.bed.sql('delete from webhook_endpoint');
  expect(await tryAt(`${shop.receiver.origin}/`)).toMatchObject({ status: 204 });
  // One that was registered before is judged by the mode that holds now, and its name is not looked up.
  await setEgressMode(shop.deps, shop.bed.operator, { mode: 'standard' });
  await shop.addEndpoint({ url: 'https://hooks.example.net/' });
  await setEgressMode(shop.deps, shop.bed.operator, { mode: 'strict' });
  await shop.finish();
  let asked = 0;
  await shop.fly(shop.makeCourier({ resolve: async () => [String(asked++)] }));
  expect([(await shop.deliveries()).data[0]?.attempts[0]?.error, asked]).toEqual(['not listed', 0]);
});

test('a certificate for another name, and one of an unknown authority, are refused', async () => {
  const wrong = await startWebhookReceiver(['elsewhere.example.net']);
  const unknown = await startWebhookReceiver(['localhost'], await makeAuthority('somebody else'));
  for (const { port } of [wrong, unknown]) await shop.allow(`localhost:${port}`);
  for (const receiver of [wrong, unknown]) {
    const attempt = await tryAt(`${receiver.origin}/`);
    expect([attempt?.status, attempt?.error]).toEqual([
      null,
      expect.stringMatching(/^the certificate or TLS of the receiver is not valid/),
    ]);
    expect(receiver.received).toEqual([]);
    await receiver.close();
  }
});

test('of an answer no more is read than is kept: one that never ends, and a head that is too large', { timeout: 30_000 }, async () => {
  shop.receiver.answer(() => 'endless');
  expect((await tryAt(`${shop.receiver.origin}/`))?.response).toHaveLength(LIMITS.webhookAnswerBytesKept);
  shop.receiver.answer(() => ({ status: 200, headers: { 'x-large': 'x'.repeat(LIMITS.webhookHeadBytesMax) } }));
  expect(await tryAt(`${shop.receiver.origin}/`)).toMatchObject({ status: null, error: expect.stringContaining('head of the answer') });
});

test.each([
  ['ends without an answer', async () => shop.receiver.answer(() => 'break'), /^the connection broke/],
  ['asks to change the protocol', async () => shop.receiver.answer(() => ({ status: 101 })), /^(the connection broke|answered 101)/],
] as const)('a receiver that %s has failed', async (_what, prepare, error) => {
  await prepare();
  expect((await tryAt(`${shop.receiver.origin}/`))?.error).toMatch(error);
});
