import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { claimDeliveries } from '#server/domain/webhooks/claim-deliveries.ts';
import { purgeWebhooks } from '#server/domain/webhooks/purge-webhooks.ts';
import { readDelivery } from '#server/domain/webhooks/read-deliveries.ts';
import { recoverDeliveries, resendDelivery, sendTestEvent } from '#server/domain/webhooks/resend-webhooks.ts';
import { readWebhookEndpoint, updateWebhookEndpoint } from '#server/domain/webhooks/webhook-endpoints.ts';
import { LIMITS } from '#shared/limits.ts';
import { codeOf } from './domain-bed.ts';
import { createWebhookBed, type WebhookBed } from './webhook-bed.ts';

// What becomes of a webhook whose receiver does not take it. Gaps are those of production; the tests let them go by in the rows.
let shop: WebhookBed;
beforeAll(async () => {
  shop = await createWebhookBed();
});
afterAll(() => shop?.close());
afterEach(async () => {
  await shop.bed.sql('delete from webhook_event');
  await shop.bed.sql('delete from webhook_endpoint');
  shop.receiver.received.length = 0;
  shop.receiver.answer(() => ({ status: 204 }));
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const idsAtReceiver = () => [...new Set(shop.receiver.received.map(({ headers }) => headers['webhook-id']))];

test('the table of gaps is the one that was promised, and ends within 24 hours', () => {
  const gaps = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, 10 * HOUR];
  expect(LIMITS.webhookGapsMs).toEqual(gaps);
  expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeLessThan(24 * HOUR);
});

test('a receiver that is down gets eight tries at those gaps, each the same event, and no ninth', async () => {
  shop.receiver.answer(() => ({ status: 503, body: 'down for today' }));
  await shop.addEndpoint();
  await shop.finish();
  await shop.fly();
  for (const gap of LIMITS.webhookGapsMs.slice(1)) {
    // What the last try left is waited for and not a moment less than nine tenths of it; nothing is due before.
    expect(await shop.courier.turn()).toBe(0);
    const waited = await shop.skipGap();
    expect([gap, waited <= gap + 1, waited >= 0.9 * gap - 1, waited]).toEqual([gap, true, true, waited]);
    await shop.fly();
  }
  const { data } = await shop.deliveries();
  expect(data).toMatchObject([{ state: 'failed', tries: 8, nextTryAt: null }]);
  expect(data[0]?.attempts.map(({ number, status, error, response }) => [number, status, error, response])).toEqual(
    Array.from({ length: 8 }, (_, index) => [index + 1, 503, 'answered 503', 'down for today']),
  );
  expect(shop.receiver.received).toHaveLength(8);
  expect(idsAtReceiver()).toHaveLength(1);
  expect(new Set(shop.receiver.received.map(({ body }) => body)).size).toBe(1);
  await shop.skipGap();
  expect(await shop.courier.turn()).toBe(0);
});

test('500 three times, then 404, then 204: delivered with the fifth try', async () => {
  shop.receiver.answer((_received, before) => ({ status: [500, 500, 500, 404][before] ?? 204 }));
  const { id } = await shop.addEndpoint();
  await shop.finish();
  for (let i = 0; i < 5; i++) {
    await shop.fly();
    await shop.skipGap();
  }
  const { data } = await shop.deliveries();
  expect(data).toMatchObject([{ state: 'delivered', tries: 5 }]);
  expect(data[0]?.attempts.map(({ status }) => status)).toEqual([500, 500, 500, 404, 204]);
  expect(idsAtReceiver()).toEqual([data[0]?.eventId]);
  expect(await readWebhookEndpoint(shop.deps, shop.bed.operator, id)).toMatchObject({ enabled: true, failingSince: null });
});

test('a server that was killed between send and record: another sends again, with the same id and body', async () => {
  await shop.addEndpoint();
  await shop.finish();
  // The first server has taken it and sent it, and never says how that ended.
  const [lost] = await claimDeliveries(shop.deps, 10);
  expect(lost).toBeDefined();
  expect(await shop.courier.turn()).toBe(0);
  await shop.bed.sql(`update webhook_delivery set next_try_at = now(), lease_until = now()`); // the lease is over
  await shop.fly(shop.makeCourier());
  const { data } = await shop.deliveries();
  expect(data).toMatchObject([{ state: 'delivered', tries: 2 }]);
  expect(shop.receiver.received).toMatchObject([{ headers: { 'webhook-id': lost?.eventId }, body: lost?.body }]);
});

test('one that was lost with its server at the last try is given up, not forgotten as pending', async () => {
  await shop.addEndpoint();
  await shop.finish();
  await claimDeliveries(shop.deps, 10);
  await shop.bed.sql(`update webhook_delivery set tries = 8, next_try_at = now(), lease_until = now()`);
  expect(await shop.courier.turn()).toBe(0);
  await purgeWebhooks(shop.deps);
  expect((await shop.deliveries()).data).toMatchObject([{ state: 'failed' }]);
});

test('410 disables the endpoint at once, and the audit log says so', async () => {
  shop.receiver.answer(() => ({ status: 410 }));
  const { id } = await shop.addEndpoint();
  await shop.finish();
  await shop.finish();
  await shop.fly();
  expect(await readWebhookEndpoint(shop.deps, shop.bed.operator, id)).toMatchObject({ enabled: false, disabledReason: 'gone' });
  expect((await shop.deliveries()).data.map(({ state }) => state)).toEqual(['failed', 'failed']);
  const entries = await shop.bed.sql('select actor_kind, action, detail from audit_event where target = $1 and actor_kind = $2', [
    id,
    'server',
  ]);
  expect(entries).toEqual([{ actor_kind: 'server', action: 'webhook.disable', detail: 'gone' }]);
});

test('an endpoint that nothing reaches for five days is disabled when it loses a delivery, not before', async () => {
  shop.receiver.answer(() => 'break');
  const { id } = await shop.addEndpoint();
  const lose = async (since: string) => {
    await shop.finish();
    await shop.fly();
    await shop.bed.sql(`update webhook_endpoint set failing_since = now() - interval '${since}'`);
    await shop.bed.sql(`update webhook_delivery set tries = 7 where state = 'pending'`);
    await shop.skipGap();
    await shop.fly();
    return await readWebhookEndpoint(shop.deps, shop.bed.operator, id);
  };
  expect(await lose('4 days 23 hours')).toMatchObject({ enabled: true });
  expect(await lose('5 days 1 minute')).toMatchObject({ enabled: false, disabledReason: 'failing' });
  // Nothing more is sent to it, and what happens is kept for a recovery.
  await shop.finish();
  expect((await shop.deliveries()).data.map(({ state }) => state)).toEqual(['failed', 'failed']);
  expect(await codeOf(sendTestEvent(shop.deps, shop.bed.operator, id))).toBe('conflict');
  expect(await codeOf(recoverDeliveries(shop.deps, shop.bed.operator, { id, since: '2020-01-01T00:00:00Z' }))).toBe('conflict');
});

test('recovery sends what was missed since a date, each event once, and what arrived not again', async () => {
  const { id } = await shop.addEndpoint();
  await shop.finish();
  await shop.fly(); // arrived
  const early = await shop.finish();
  await shop.bed.sql(`update webhook_event set created_at = now() - interval '3 days' where capture_id = $1`, [early]);
  await updateWebhookEndpoint(shop.deps, shop.bed.operator, id, { enabled: false }); // gives the early one up
  const missed = [await shop.finish(), await shop.finish()];
  await updateWebhookEndpoint(shop.deps, shop.bed.operator, id, { enabled: true });
  await shop.fly();
  expect(shop.receiver.received).toHaveLength(1);
  const since = new Date(Date.now() - 24 * HOUR).toISOString();
  const recovering = await Promise.all([1, 2].map(() => recoverDeliveries(shop.deps, shop.bed.operator, { id, since })));
  expect(recovering.map(({ count }) => count).toSorted()).toEqual([0, 2]);
  await shop.fly();
  expect(
    shop.receiver.received
      .slice(1)
      .map(({ body }) => JSON.parse(body).data.id)
      .toSorted(),
  ).toEqual(missed.toSorted());
  const older = new Date(Date.now() - 96 * HOUR).toISOString();
  expect(await recoverDeliveries(shop.deps, shop.bed.operator, { id, since: older })).toEqual({ count: 1, isMore: false });
  await shop.fly();
  expect(JSON.parse(shop.receiver.received.at(-1)?.body ?? '').data.id).toBe(early);
});

test('one is sent again by hand, whatever became of it: same id, same body, eight tries anew', async () => {
  await shop.addEndpoint();
  await shop.finish();
  await shop.fly();
  const [first] = (await shop.deliveries()).data;
  shop.receiver.answer(() => ({ status: 500 }));
  await resendDelivery(shop.deps, shop.bed.operator, first?.id ?? '');
  await shop.fly();
  for (let i = 0; i < 9; i++) {
    await shop.skipGap();
    await shop.fly();
  }
  expect(await readDelivery(shop.deps, shop.bed.operator, first?.id ?? '')).toMatchObject({ state: 'failed', tries: 9 });
  expect(idsAtReceiver()).toEqual([first?.eventId]);
  expect(new Set(shop.receiver.received.map(({ body }) => body)).size).toBe(1);
});

test('while a try runs it is not sent a second time by hand', async () => {
  await shop.addEndpoint();
  await shop.finish();
  const [running] = await claimDeliveries(shop.deps, 10);
  expect(await codeOf(resendDelivery(shop.deps, shop.bed.operator, running?.id ?? ''))).toBe('conflict');
});

test('events are forgotten after 30 days, with their deliveries', async () => {
  await shop.addEndpoint();
  const [old, young] = [await shop.finish(), await shop.finish()];
  await shop.bed.sql(`update webhook_event set created_at = now() - interval '30 days 1 minute' where capture_id = $1`, [old]);
  await purgeWebhooks(shop.deps);
  expect((await shop.deliveries()).data.map(({ capture }) => capture)).toEqual([young]);
});
