import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiBed, createApiBed, GOOD, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

// What is counted so that an operator sees a broken promise before a customer does.
let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

const read = async (name: string): Promise<number | null> => {
  const { text } = await bed.call('/metrics');
  const value = new RegExp(`^sessionshot_${name} (\\S+)$`, 'm').exec(text)?.[1];
  return value === undefined ? null : Number(value);
};
const post = async () => textOf(await bed.call('/api/captures', { body: GOOD }), 'id');

test('counters are there from the start, so that the first event is seen as one', async () => {
  for (const name of [
    'lost_attempts_total',
    'deadlines_ended_total',
    'jobs_announced_again_total',
    'orphan_blobs_swept_total',
    'reports_fenced_total',
    'attempts_released_total',
    'captures_lost',
    'payloads_of_final',
  ])
    expect([name, await read(name)]).toEqual([name, 0]);
});

test('a report under a lost lease and an attempt that is given back are counted', async () => {
  const runner = createFakeRunner(bed);
  const claim = await runner.claimOf(await post());
  const stale = { leaseToken: 'x'.repeat(43), failure: { code: 'internal', detail: '', step: null }, observed: {} };
  expect((await runner.call(`/jobs/${claim.jobId}/fail`, stale)).status).toBe(409);
  await expect.poll(() => read('reports_fenced_total')).toBe(1);
  expect((await runner.call(`/jobs/${claim.jobId}/release`, { leaseToken: claim.leaseToken })).status).toBe(200);
  await expect.poll(() => read('attempts_released_total')).toBe(1);
  expect(await read('reports_fenced_total')).toBe(1);
  await runner.completeNext();
});

test('what the background puts right is counted', async () => {
  const id = await post();
  await bed.sql(`update job set deadline_at = now() - interval '1 second' where capture_id = $1`, [id]);
  await expect.poll(() => read('deadlines_ended_total'), { timeout: 15_000 }).toBe(1);
  await bed.sql('alter table job rename column deadline_at to deadline_gone');
  await expect.poll(() => read('background_failures_total'), { timeout: 15_000 }).toBeGreaterThan(0);
  await bed.sql('alter table job rename column deadline_gone to deadline_at');
});

test('a capture without a job that could run, and a payload of a final one, raise their numbers from 0', async () => {
  const [lost, final] = [await post(), await post()];
  expect([await read('captures_lost'), await read('payloads_of_final')]).toEqual([0, 0]);
  await bed.sql('delete from job where capture_id = $1', [lost]);
  expect(await read('captures_lost')).toBe(1);
  await bed.sql(`update job set state = 'settled' where capture_id = $1`, [final]);
  expect([await read('captures_lost'), await read('payloads_of_final')]).toEqual([2, 1]);
  await bed.sql('delete from capture');
  expect([await read('captures_lost'), await read('payloads_of_final')]).toEqual([0, 0]);
});
