import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readCapture } from '#server/domain/captures/read-captures.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { dispatchJobs } from '#server/domain/jobs/dispatch-jobs.ts';
import { failJob } from '#server/domain/jobs/fail-job.ts';
import { heartbeatJob } from '#server/domain/jobs/heartbeat-job.ts';
import { expireDeadlines, reannounceJobs, recoverLostJobs } from '#server/domain/jobs/recover-jobs.ts';
import { releaseJob } from '#server/domain/jobs/release-job.ts';
import type { FailureCode } from '#shared/failure.ts';
import type { Claim, WakeUp } from '#shared/runner-protocol.ts';
import { capture, codeOf, createDomainBed, type DomainBed, OBSERVED } from './domain-bed.ts';

let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
});

/** Claims the one job there is, whatever it still has to wait. */
const claim = async (): Promise<Claim> => {
  await bed.sql('update job set available_at = now()');
  const claimed = await claimJob(bed.deps, bed.runner, {});
  if (!claimed) throw new Error('There was nothing to claim');
  return claimed;
};
const fail = (claimed: Claim, code: FailureCode, more: { sideEffects?: boolean; httpStatus?: number } = {}) =>
  failJob(bed.deps, bed.runner, claimed.jobId, {
    leaseToken: claimed.leaseToken,
    observed: { ...OBSERVED, httpStatus: more.httpStatus ?? 200 },
    failure: { code, detail: 'It went wrong.', step: 'actions' },
    sideEffects: more.sideEffects ?? false,
  });
const loseLease = async () => {
  await bed.sql(`update job set lease_until = now() - interval '1 second'`);
  await recoverLostJobs(bed.deps);
};
const read = (id: string) => readCapture(bed.deps, bed.key, id);
const payloads = async () => (await bed.sql('select 1 from capture_payload')).length;

test('a failure of the page is tried once more after some seconds, then final; each attempt is listed', async () => {
  const made = await capture(bed);
  const first = await claim();
  await fail(first, 'navigation_timeout');
  expect(await fail(first, 'navigation_timeout')).toEqual({ settled: true });
  expect((await read(made.id)).status).toBe('queued');
  const [job] = await bed.sql<{ wait: number; announced_at: Date | null }>(
    'select extract(epoch from available_at - now())::float8 as wait, announced_at from job',
  );
  expect(job?.wait).toBeGreaterThan(2);
  expect(job?.wait).toBeLessThanOrEqual(5);
  expect(job?.announced_at).toBeNull();
  expect(await payloads()).toBe(1);
  await fail(await claim(), 'navigation_timeout');
  const view = await read(made.id);
  expect(view).toMatchObject({
    status: 'failed',
    error: { code: 'navigation_timeout', blame: 'target', retryable: true, step: 'actions' },
  });
  expect(view.attempts.map(({ code }) => code)).toEqual(['navigation_timeout', 'navigation_timeout']);
  expect(view.timeline.at(-1)).toMatchObject({ step: 'failed', detail: 'actions' });
  expect(await payloads()).toBe(0);
});

test('a failure of ours is tried up to five times in all', async () => {
  const made = await capture(bed, { deadline: 3_600_000 });
  for (let i = 0; i < 5; i++) await fail(await claim(), 'browser_crashed');
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'browser_crashed' }, attempts: { length: 5 } });
});

test.each<[FailureCode, number]>([
  ['login_wall', 200],
  ['navigation_blocked', 200],
  ['target_http_error', 404],
  ['expectation_failed', 200],
])('%s (%i) is not repeated', async (code, httpStatus) => {
  const made = await capture(bed);
  await fail(await claim(), code, { httpStatus });
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code }, httpStatus });
});

test.each([
  [404, false],
  [410, false],
  [429, true],
  [500, true],
])('after a %i of the site sending the same request again may help: %s', async (httpStatus, retryable) => {
  const made = await capture(bed, { deadline: 60_000 });
  for (let status = 'queued'; status === 'queued'; status = (await read(made.id)).status)
    await fail(await claim(), 'target_http_error', { httpStatus });
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'target_http_error', retryable } });
});

test('a 503 of the site is repeated', async () => {
  const made = await capture(bed);
  await fail(await claim(), 'target_http_error', { httpStatus: 503 });
  expect((await read(made.id)).status).toBe('queued');
});

test.each<[FailureCode, FailureCode]>([
  ['action_timeout', 'action_timeout'],
  ['browser_crashed', 'interrupted'],
])('after an action with an effect %s ends as %s', async (code, ended) => {
  const made = await capture(bed);
  await fail(await claim(), code, { sideEffects: true });
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: ended } });
});

test('with retryAfterActions it is repeated all the same', async () => {
  const made = await capture(bed, { retryAfterActions: true });
  await fail(await claim(), 'browser_crashed', { sideEffects: true });
  expect((await read(made.id)).status).toBe('queued');
});

test('an effect that only a heartbeat told of counts when the runner is lost or drains', async () => {
  for (const end of ['lost', 'drained']) {
    const made = await capture(bed);
    const claimed = await claim();
    await heartbeatJob(
      bed.deps,
      bed.runner,
      claimed.jobId,
      { leaseToken: claimed.leaseToken, step: 'actions', sideEffects: true },
      AbortSignal.abort(),
    );
    if (end === 'lost') await loseLease();
    else await releaseJob(bed.deps, bed.runner, claimed.jobId, claimed);
    expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'interrupted' } });
    await bed.sql('delete from capture');
  }
});

test('a lost runner is no fault of the capture: it is repeated; the second one makes it poison', async () => {
  const made = await capture(bed);
  await claim();
  await loseLease();
  expect(await read(made.id)).toMatchObject({ status: 'queued', attempts: [{ code: 'runner_lost' }] });
  await claim();
  await loseLease();
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'poison' }, attempts: { length: 2 } });
  expect(await payloads()).toBe(0);
});

test('who was lost with a runner is repeated alone, and is judged only by a death that nobody shared', async () => {
  const [first, second] = [await capture(bed), await capture(bed)];
  for (const isAlone of [undefined, true]) {
    expect((await claim()).alone).toBe(isAlone);
    expect((await claim()).alone).toBe(isAlone);
    await loseLease();
    for (const { id } of [first, second]) expect((await read(id)).status).toBe('queued');
  }
  const alone = await claim();
  await loseLease();
  expect(await read(alone.captureId)).toMatchObject({ status: 'failed', error: { code: 'poison' }, attempts: { length: 3 } });
  const other = alone.captureId === first.id ? second : first;
  expect((await read(other.id)).status).toBe('queued');
});

test('what another runner, or this one when it is back, holds alive is no company', async () => {
  await capture(bed);
  await claim();
  await loseLease();
  const alone = await claim();
  await bed.sql(`update job set lease_until = now() - interval '1 second'`);
  await capture(bed);
  const alive = await claimJob(bed.deps, bed.runner, {});
  expect(alive?.alone).toBeUndefined();
  await recoverLostJobs(bed.deps);
  expect(await read(alone.captureId)).toMatchObject({ status: 'failed', error: { code: 'poison' } });
});

test('a retry that could not begin before the deadline is none', async () => {
  const made = await capture(bed, { deadline: 5_000 });
  const claimed = await claim();
  await bed.sql(`update job set deadline_at = now() + interval '1 second'`);
  await fail(claimed, 'target_unreachable');
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'target_unreachable' } });
});

test('a waiting capture past its deadline fails with its payload wiped', async () => {
  const made = await capture(bed);
  await bed.sql(`update job set deadline_at = now() - interval '1 second'`);
  expect(await claimJob(bed.deps, bed.runner, {})).toBeNull();
  expect(await expireDeadlines(bed.deps)).toBe(1);
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
  expect(await payloads()).toBe(0);
});

test('a running capture past its deadline is stopped by its heartbeat and fails with its report', async () => {
  const made = await capture(bed);
  const claimed = await claim();
  await bed.sql(`update job set deadline_at = now() - interval '1 second'`);
  const held = heartbeatJob(bed.deps, bed.runner, claimed.jobId, { leaseToken: claimed.leaseToken, step: 'settle' });
  // A row that is just being written is passed over until the next sweep.
  await expect.poll(async () => (await bed.sql('select step from job'))[0]).toEqual({ step: 'settle' });
  expect(await expireDeadlines(bed.deps)).toBe(1);
  expect(await held).toMatchObject({ canceled: true });
  expect(await expireDeadlines(bed.deps)).toBe(0);
  await fail(claimed, 'internal');
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
});

test('a running capture past its deadline whose runner is silent fails when its lease ends', async () => {
  const made = await capture(bed);
  const claimed = await claim();
  await bed.sql(`update job set deadline_at = now() - interval '1 second'`);
  await expireDeadlines(bed.deps);
  await loseLease();
  expect(await read(made.id)).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } });
  expect(await codeOf(fail(claimed, 'internal'))).toBe('conflict');
});

test('the outbox is announced once, kept when the broker fails, and rung again when nobody came', async () => {
  await capture(bed);
  const rung: WakeUp[] = [];
  const queue = { ...bed.deps.queue, announce: async (wakeUp: WakeUp) => void rung.push(wakeUp) };
  const broken = { ...bed.deps.queue, announce: () => Promise.reject(new Error('the broker is away')) };
  expect(await dispatchJobs({ ...bed.deps, queue: broken })).toBe(0);
  const counts = await Promise.all([dispatchJobs({ ...bed.deps, queue }), dispatchJobs({ ...bed.deps, queue })]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(1);
  expect(await dispatchJobs({ ...bed.deps, queue })).toBe(0);
  expect(rung).toMatchObject([{ attempt: 0 }]);
  expect(await reannounceJobs(bed.deps)).toBe(0);
  await bed.sql(`update job set announced_at = now() - interval '3 minutes'`);
  expect(await reannounceJobs(bed.deps)).toBe(1);
  expect(await dispatchJobs({ ...bed.deps, queue })).toBe(1);
});

test('a dispatcher that died between taking and announcing holds a job up for seconds only', async () => {
  await capture(bed);
  const never = { ...bed.deps.queue, announce: () => new Promise<void>(() => undefined) };
  void dispatchJobs({ ...bed.deps, queue: never });
  await expect.poll(async () => (await bed.sql('select 1 from job where announcing_until is not null')).length).toBe(1);
  expect(await dispatchJobs(bed.deps)).toBe(0);
  expect((await claimJob(bed.deps, bed.runner, {}))?.attempt).toBe(1);
  await bed.sql(`update job set state = 'available', announcing_until = now() - interval '1 millisecond'`);
  expect(await dispatchJobs(bed.deps)).toBe(1);
});
