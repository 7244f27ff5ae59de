import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '#server/db/open-database.ts';
import type { ApiKeyActor } from '#server/domain/access/actor.ts';
import { createApiKey, listApiKeys, rotateApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import type { AppError } from '#server/domain/app-error.ts';
import { cancelCapture } from '#server/domain/captures/cancel-capture.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { dryRunCapture } from '#server/domain/captures/dry-run-capture.ts';
import type { Deps } from '#server/domain/deps.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import { SCOPES } from '#shared/scopes.ts';
import { capture, codeOf, completion, createDomainBed, type DomainBed, requestOf, upload } from './domain-bed.ts';

// The bound that a key has of its own on captures at once.
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

async function makeKey(maxConcurrentCaptures: number | null): Promise<ApiKeyActor> {
  const { key } = await createApiKey(bed.deps, bed.operator, { name: 'bound', scopes: SCOPES, maxConcurrentCaptures });
  return await authenticateApiKey(bed.deps, key, { address: '127.0.0.1' });
}
const create = (actor: ApiKeyActor, deps: Deps = bed.deps, idempotencyKey?: string) =>
  createCapture(deps, actor, requestOf(), { body: {}, ...(idempotencyKey ? { idempotencyKey } : {}) });
const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: AppError) => ({ code: error.code, seconds: error.retryAfterSeconds ?? 0, detail: error.detail }),
  );

async function finishAll(): Promise<void> {
  for (let claim = await claimJob(bed.deps, bed.runner, {}); claim; claim = await claimJob(bed.deps, bed.runner, {})) {
    const bytes = new Uint8Array([1, 2, 3]);
    await upload(claim, bytes);
    await completeJob(bed.deps, bed.runner, claim.jobId, completion(claim, bytes));
  }
}

test('of requests at the same moment on two servers no more get through than the key may have', async () => {
  const actor = await makeKey(3);
  const answers = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => create(actor, i % 2 ? bed.deps : second.deps)));
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(13);
  for (const answer of refused) expect(answer).toMatchObject({ reason: { code: 'quota_exceeded', retryAfterSeconds: expect.any(Number) } });
  expect(await bed.sql('select count(*)::int as n from capture where created_by = $1', [actor.keyId])).toEqual([{ n: 3 }]);
});

test('one that waits, runs or is being canceled counts until it is final, and then no more', async () => {
  await finishAll();
  const actor = await makeKey(1);
  const { capture: waits } = await create(actor);
  expect(await codeOf(create(actor))).toBe('quota_exceeded');
  const claim = await claimJob(bed.deps, bed.runner, {});
  expect(claim?.captureId).toBe(waits.id);
  expect(await codeOf(create(actor))).toBe('quota_exceeded');
  await cancelCapture(bed.deps, actor, waits.id);
  const { capture: next } = await create(actor);
  expect(await codeOf(create(actor))).toBe('quota_exceeded');
  await finishAll();
  expect(await bed.sql('select status from capture where id = $1', [next.id])).toEqual([{ status: 'succeeded' }]);
  await create(actor);
});

test('other keys, people and keys without a bound are not held up', async () => {
  const actor = await makeKey(1);
  await create(actor);
  for (let i = 0; i < 3; i++) await capture(bed, {}, bed.key);
  await capture(bed, {}, bed.operator);
  await create(await makeKey(1));
  expect(await codeOf(create(actor))).toBe('quota_exceeded');
});

test('a repeat is answered as the first was, a refused one leaves its key free, and a dry run says the same', async () => {
  await finishAll();
  const actor = await makeKey(1);
  const first = await create(actor, bed.deps, 'first');
  expect(await create(actor, bed.deps, 'first')).toEqual({ capture: first.capture, replayed: true });
  expect(await codeOf(create(actor, bed.deps, 'other'))).toBe('quota_exceeded');
  const dry = await refusalOf(dryRunCapture(bed.deps, actor, requestOf(), { body: {} }));
  expect(dry).toMatchObject({ code: 'quota_exceeded', detail: expect.stringContaining('one capture unfinished at once, and has 1') });
  await finishAll();
  expect((await create(actor, bed.deps, 'other')).replayed).toBe(false);
});

test('the wait that is told is what captures take, less what the oldest has had, and never beyond the first deadline', async () => {
  const other = await bed.addWorkspace();
  const actor: ApiKeyActor = { ...other, maxConcurrentCaptures: 1 };
  const { capture: made } = await create(actor);
  // A slow machine takes some of the time away, and never adds any.
  const expectWait = async (seconds: number) => {
    const refusal = await refusalOf(create(actor));
    expect(refusal?.code).toBe('quota_exceeded');
    expect(refusal?.seconds).toBeLessThanOrEqual(seconds);
    expect(refusal?.seconds).toBeGreaterThan(Math.max(0, seconds - 6));
  };
  const set = (column: string, seconds: number) =>
    bed.sql(`update capture set ${column} = now() + $2::float8 * interval '1 second' where id = $1`, [made.id, seconds]);
  // None has succeeded yet: ten seconds, less the moment that has gone by.
  await expectWait(10);
  // Three that took 30, 40 and 500 seconds.
  for (const seconds of [30, 40, 500])
    await bed.sql(
      `insert into capture select (jsonb_populate_record(c, jsonb_build_object('id', $2::text, 'status', 'succeeded',
        'finished_at', c.created_at + $3::float8 * interval '1 second'))).* from capture c where id = $1`,
      [made.id, `cap_${seconds}`, seconds],
    );
  await set('created_at', 0);
  await expectWait(40);
  await set('created_at', -15);
  await expectWait(25);
  await set('created_at', -100);
  await expectWait(1);
  // Within three seconds it is over whatever happens, and the loop that says so comes by every five.
  await set('created_at', 0);
  await set('deadline_at', 3);
  await expectWait(8);
});

test('the bound is shown, and goes over to a successor', async () => {
  const { apiKey } = await createApiKey(bed.deps, bed.operator, { name: 'shown', scopes: SCOPES, maxConcurrentCaptures: 7 });
  const rotated = await rotateApiKey(bed.deps, bed.operator, apiKey.id, { overlapMs: 0 });
  const shown = new Map((await listApiKeys(bed.deps, bed.operator)).map(({ id, maxConcurrentCaptures: max }) => [id, max]));
  expect([shown.get(apiKey.id), shown.get(rotated.apiKey.id), shown.get(bed.key.keyId)]).toEqual([7, 7, null]);
});
