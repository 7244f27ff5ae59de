import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cancelCapture } from '#server/domain/captures/cancel-capture.ts';
import { purgePayloads, surveyPayloads } from '#server/domain/captures/purge-payloads.ts';
import { readCapture } from '#server/domain/captures/read-captures.ts';
import { LIMITS } from '#shared/limits.ts';
import { capture, codeOf, createDomainBed, type DomainBed } from './domain-bed.ts';

// Nothing of the product leaves a payload behind: what is purged here is planted, past the domain.
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
  await bed.sql('delete from idempotency_record');
  await bed.sql('delete from revoked_pool_key');
});

const purge = (kid?: string) => purgePayloads(bed.deps, bed.operator, { kid });
const survey = (kid?: string) => surveyPayloads(bed.deps, { kid });
const counts = async () =>
  (
    await bed.sql<{ payloads: number; records: number }>(
      'select (select count(*)::int from capture_payload) as payloads, (select count(*)::int from idempotency_record) as records',
    )
  )[0];
/** A payload that a final capture should not have. */
async function leavePayload(): Promise<string> {
  const { id } = await capture(bed);
  await cancelCapture(bed.deps, bed.key, id);
  await bed.sql(`insert into capture_payload (capture_id, sealed, kid) values ($1, 'left', 'pool-1')`, [id]);
  return id;
}
async function leaveRecords(count: number, ageMs: number): Promise<void> {
  await bed.sql(
    `insert into idempotency_record (workspace_id, key, fingerprint, capture_id, answer, created_at)
     select $1, $3::int || '-' || n, 'x', 'cap_x', '{}', now() - $3::int * interval '1 millisecond' from generate_series(1, $2) as n`,
    [bed.key.workspaceId, count, ageMs],
  );
}

test('a survey counts and changes nothing', async () => {
  await leavePayload();
  await capture(bed);
  await leaveRecords(3, LIMITS.idempotencyLifeMs + 1000);
  await leaveRecords(2, 1000);
  const before = await counts();
  expect(await survey('pool-1')).toEqual({
    payloads: 2,
    ofFinalCaptures: 1,
    pastDeadline: 0,
    underRevokedKeys: 0,
    underKey: 1,
    idempotencyRecords: 5,
    idempotencyExpired: 3,
  });
  expect(await counts()).toEqual(before);
});

test('payloads of final captures and answers past their day go; what waits and what may still be repeated stays', async () => {
  await leavePayload();
  const orphan = await capture(bed);
  await bed.sql('delete from job where capture_id = $1', [orphan.id]);
  const waiting = await capture(bed);
  await leaveRecords(3, LIMITS.idempotencyLifeMs + 1000);
  await leaveRecords(2, 1000);
  expect(await purge()).toEqual({ payloads: 2, captures: 0, idempotencyRecords: 3, more: true });
  expect(await purge()).toEqual({ payloads: 0, captures: 0, idempotencyRecords: 0, more: false });
  expect(await survey()).toMatchObject({ payloads: 1, ofFinalCaptures: 0, idempotencyRecords: 2, idempotencyExpired: 0 });
  expect(await readCapture(bed.deps, bed.key, waiting.id)).toMatchObject({ status: 'queued' });
  const [entry] = await bed.sql(
    `select actor_kind, detail, workspace_id from audit_event where action = 'payload.purge' order by at limit 1`,
  );
  expect(entry).toEqual({ actor_kind: 'operator', detail: '2 payloads, 0 captures, 3 idempotency answers', workspace_id: null });
});

test('what is past its deadline or under a revoked key ends with its payload', async () => {
  const [late, revoked] = [await capture(bed), await capture(bed)];
  await bed.sql(`update job set deadline_at = now() - interval '1 second' where capture_id = $1`, [late.id]);
  await bed.sql(`update capture_payload set kid = 'leaked' where capture_id = $1`, [revoked.id]);
  await bed.sql(`insert into revoked_pool_key values ('leaked', now())`);
  expect(await survey()).toMatchObject({ payloads: 2, pastDeadline: 1, underRevokedKeys: 1 });
  expect(await purge()).toMatchObject({ captures: 2, more: true });
  expect(await readCapture(bed.deps, bed.key, late.id)).toMatchObject({ error: { code: 'deadline_exceeded' } });
  expect(await readCapture(bed.deps, bed.key, revoked.id)).toMatchObject({ error: { code: 'payload_unreadable' } });
  expect(await survey()).toMatchObject({ payloads: 0, pastDeadline: 0, underRevokedKeys: 0 });
});

test('with an old key, what needs it ends and nothing else; the key in use, and any where that is not known, is refused', async () => {
  const [old, present] = [await capture(bed), await capture(bed)];
  await bed.sql(`update capture_payload set kid = 'old' where capture_id = $1`, [old.id]);
  expect(await codeOf(purge('pool-1'))).toBe('invalid_request');
  expect(await codeOf(purgePayloads({ ...bed.deps, sealer: null }, bed.operator, { kid: 'old' }))).toBe('invalid_request');
  expect(await counts()).toMatchObject({ payloads: 2 });
  expect(await purge('old')).toMatchObject({ payloads: 0, captures: 1 });
  expect(await readCapture(bed.deps, bed.key, old.id)).toMatchObject({
    error: { code: 'payload_unreadable', message: expect.stringContaining('left under an old key') },
  });
  expect(await readCapture(bed.deps, bed.key, present.id)).toMatchObject({ status: 'queued' });
});

test('a call takes a bounded batch, passes over what somebody holds, and holds up nobody', async () => {
  await leaveRecords(LIMITS.purgeRecordsBatch + 7, LIMITS.idempotencyLifeMs + 1000);
  const [held] = [await leavePayload(), await leavePayload()];
  const holding = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const holder = bed.deps.db.acrossWorkspaces().transactional(async (em) => {
    await em.execute('select 1 from capture_payload where capture_id = ? for update', [held]);
    holding.resolve();
    await done.promise;
  });
  await holding.promise;
  expect(await purge()).toEqual({ payloads: 1, captures: 0, idempotencyRecords: LIMITS.purgeRecordsBatch, more: true });
  expect(await purge()).toMatchObject({ payloads: 0, idempotencyRecords: 7 });
  expect(await survey()).toMatchObject({ ofFinalCaptures: 1 });
  done.resolve();
  await holder;
  expect(await purge()).toMatchObject({ payloads: 1 });
  expect(await survey()).toMatchObject({ ofFinalCaptures: 0, idempotencyExpired: 0 });
});
