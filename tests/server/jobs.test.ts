import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelCapture } from '#server/domain/captures/cancel-capture.ts';
import { deleteCapture } from '#server/domain/captures/delete-capture.ts';
import { readCapture } from '#server/domain/captures/read-captures.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import { failJob } from '#server/domain/jobs/fail-job.ts';
import { heartbeatJob } from '#server/domain/jobs/heartbeat-job.ts';
import { recoverLostJobs } from '#server/domain/jobs/recover-jobs.ts';
import { releaseJob } from '#server/domain/jobs/release-job.ts';
import type { Claim, FailRequest } from '#shared/runner-protocol.ts';
import { capture, codeOf, completion, createDomainBed, type DomainBed, OBSERVED, upload } from './domain-bed.ts';

const BYTES = new TextEncoder().encode('a picture');
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
});

const claim = async (request = {}): Promise<Claim> => {
  const claimed = await claimJob(bed.deps, bed.runner, request);
  if (!claimed) throw new Error('There was nothing to claim');
  return claimed;
};
const expireLease = (jobId: string) => bed.sql(`update job set lease_until = now() - interval '1 second' where id = $1`, [jobId]);
const failed = ({ leaseToken }: Claim): FailRequest => ({
  leaseToken,
  observed: OBSERVED,
  failure: { code: 'login_wall', detail: 'It asked to sign in.', step: 'navigate' },
});
const beat = ({ jobId, leaseToken }: Claim, signal?: AbortSignal) =>
  heartbeatJob(bed.deps, bed.runner, jobId, { leaseToken, step: 'render' }, signal);

describe('claiming', () => {
  test('counts the attempt and hands out payload, lease and grant; only a hash of the token is stored', async () => {
    const made = await capture(bed, { timeouts: { total: 60_000 } });
    const claimed = await claim();
    expect(claimed).toMatchObject({ captureId: made.id, workspaceId: bed.key.workspaceId, attempt: 1, leaseMs: 30_000 });
    expect(claimed.limits).toMatchObject({ totalMs: 60_000, domains: [{ host: '*.example.com', port: null, isPrivate: false }] });
    const month = made.createdAt.slice(0, 7).replace('-', '/');
    expect(new URL(claimed.upload.url).pathname).toMatch(new RegExp(`/${bed.key.workspaceId}/${month}/${made.id}/1\\.png$`));
    const grantMs = Date.parse(claimed.upload.expiresAt) - Date.now();
    expect(grantMs).toBeGreaterThan(355_000);
    expect(grantMs).toBeLessThan(361_000);
    expect(JSON.stringify(await bed.sql('select * from job'))).not.toContain(claimed.leaseToken);
    expect(await readCapture(bed.deps, bed.key, made.id)).toMatchObject({
      status: 'running',
      attempts: [{ number: 1, runner: bed.runner.runnerId, finishedAt: null }],
    });
  });

  test('never gives one job to two runners', async () => {
    for (let i = 0; i < 10; i++) await capture(bed);
    const claims = await Promise.all(Array.from({ length: 30 }, () => claimJob(bed.deps, bed.runner, {})));
    const ids = claims.filter((one) => one !== null).map((one) => one.jobId);
    expect(ids).toHaveLength(10);
    expect(new Set(ids).size).toBe(10);
  });

  test('takes the oldest first, or the one a doorbell names', async () => {
    const first = await capture(bed);
    const second = await capture(bed);
    const [named] = await bed.sql<{ id: Claim['jobId'] }>('select id from job where capture_id = $1', [second.id]);
    expect((await claim({ jobId: named?.id })).captureId).toBe(second.id);
    expect(await claimJob(bed.deps, bed.runner, { jobId: named?.id })).toBeNull();
    expect((await claim()).captureId).toBe(first.id);
  });

  test('a doorbell for a job whose row is just being written waits for it, and is told to come again when that takes long', async () => {
    const made = await capture(bed);
    const [job] = await bed.sql<{ id: Claim['jobId'] }>('select id from job where capture_id = $1', [made.id]);
    await bed.sql('begin');
    await bed.sql('select 1 from job where id = $1 for update', [job?.id]);
    expect(await codeOf(claimJob(bed.deps, bed.runner, { jobId: job?.id }))).toBe('unavailable');
    const waiting = claimJob(bed.deps, bed.runner, { jobId: job?.id });
    await expect
      .poll(
        async () =>
          (await bed.sql(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).length,
      )
      .toBe(1);
    await bed.sql('commit');
    expect((await waiting)?.captureId).toBe(made.id);
  });

  test('a waiting runner gets a job as soon as it is there', async () => {
    const waiting = claimJob(bed.deps, bed.runner, { waitMs: 20_000 });
    const began = Date.now();
    const made = await capture(bed);
    expect((await waiting)?.captureId).toBe(made.id);
    expect(Date.now() - began).toBeLessThan(3000);
  });

  test('waiting ends with nothing when the time is up or the runner hangs up, and what came just then goes back', async () => {
    expect(await claimJob(bed.deps, bed.runner, { waitMs: 50 })).toBeNull();
    const hungUp = AbortSignal.abort();
    await capture(bed);
    expect(await claimJob(bed.deps, bed.runner, { waitMs: 5_000 }, hungUp)).toBeNull();
    expect((await claim()).attempt).toBe(1);
  });

  test('a claim for which no grant can be made is undone', async () => {
    await capture(bed);
    const blobs = { ...bed.deps.blobs, grantUpload: () => Promise.reject(new Error('storage is away')) };
    await expect(claimJob({ ...bed.deps, blobs }, bed.runner, {})).rejects.toThrow('storage is away');
    expect((await claim()).attempt).toBe(1);
  });
});

describe('finishing', () => {
  test('a result makes the capture succeed and wipes the payload; repeating the call answers the same', async () => {
    const made = await capture(bed);
    const claimed = await claim();
    expect((await upload(claimed, BYTES)).status).toBe(201);
    expect(await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES))).toEqual({ settled: true });
    expect(await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES))).toEqual({ settled: true });
    expect(await bed.sql('select 1 from capture_payload')).toEqual([]);
    const view = await readCapture(bed.deps, bed.key, made.id);
    expect(view).toMatchObject({
      status: 'succeeded',
      asset: { bytes: BYTES.length, contentType: 'image/png', width: 1280 },
      error: null,
      attempts: [{ code: null }],
    });
    expect(view.timeline.map(({ step }) => step)).toEqual(['requested', 'queued', 'processing', 'stored', 'link_issued']);
    expect(view.timings.total).toBeGreaterThanOrEqual(view.timings.queue ?? -1);
    expect(Date.parse(view.expiresAt ?? '') - Date.parse(view.finishedAt ?? '')).toBe(30 * 86_400_000);
    expect(await codeOf(failJob(bed.deps, bed.runner, claimed.jobId, failed(claimed)))).toBe('conflict');
  });

  test.each([
    ['missing', null],
    ['short', new TextEncoder().encode('a pic')],
  ])('a capture never succeeds with a %s blob: it is tried again', async (_what, bytes) => {
    const made = await capture(bed);
    const claimed = await claim();
    if (bytes) await upload(claimed, bytes);
    expect(await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES))).toEqual({ settled: true });
    expect(await readCapture(bed.deps, bed.key, made.id)).toMatchObject({
      status: 'queued',
      asset: null,
      attempts: [{ number: 1, code: 'storage_unavailable' }],
    });
  });

  test('a capture never succeeds with another kind of file than was asked for: it is tried again', async () => {
    const made = await capture(bed);
    const claimed = await claim();
    await upload(claimed, BYTES);
    const report = completion(claimed, BYTES);
    const other = { ...report, asset: { ...report.asset, contentType: 'text/html' } };
    expect(await completeJob(bed.deps, bed.runner, claimed.jobId, other)).toEqual({ settled: true });
    expect(await readCapture(bed.deps, bed.key, made.id)).toMatchObject({
      status: 'queued',
      asset: null,
      attempts: [{ number: 1, code: 'internal' }],
    });
  });

  test('a report with another token, of another runner, or for no job is refused', async () => {
    await capture(bed);
    const claimed = await claim();
    const stranger = await bed.addRunner();
    expect(await codeOf(failJob(bed.deps, bed.runner, claimed.jobId, { ...failed(claimed), leaseToken: 'x'.repeat(43) }))).toBe('conflict');
    expect(await codeOf(failJob(bed.deps, stranger, claimed.jobId, failed(claimed)))).toBe('conflict');
    expect(await codeOf(completeJob(bed.deps, stranger, claimed.jobId, completion(claimed, BYTES)))).toBe('conflict');
    expect(await codeOf(beat({ ...claimed, leaseToken: 'x'.repeat(43) }))).toBe('conflict');
  });

  test('a runner that slept past its lease cannot touch what another has begun, and its late blob is not the result', async () => {
    const made = await capture(bed);
    const asleep = await claim();
    await expireLease(asleep.jobId);
    expect(await recoverLostJobs(bed.deps)).toBe(1);
    await bed.sql('update job set available_at = now()');
    const other = await bed.addRunner();
    const awake = await claimJob(bed.deps, other, {});
    if (!awake) throw new Error('There was nothing to claim');
    await upload(asleep, BYTES);
    expect(await codeOf(completeJob(bed.deps, bed.runner, asleep.jobId, completion(asleep, BYTES)))).toBe('conflict');
    expect(await codeOf(beat(asleep))).toBe('conflict');
    await upload(awake, BYTES);
    await completeJob(bed.deps, other, awake.jobId, completion(awake, BYTES));
    const view = await readCapture(bed.deps, bed.key, made.id);
    expect(view.asset?.url).toContain('/2.png?');
    expect(view.attempts).toMatchObject([
      { number: 1, code: 'runner_lost' },
      { number: 2, code: null, runner: other.runnerId },
    ]);
  });

  test('what a runner that is known to be gone still held is taken back at once, and nothing of others', async () => {
    const made = await capture(bed);
    const kept = await capture(bed);
    const gone = await bed.addRunner();
    await claimJob(bed.deps, gone, {});
    await claim();
    expect(await recoverLostJobs(bed.deps), 'both leases are alive').toBe(0);
    expect(await recoverLostJobs(bed.deps, gone.runnerId)).toBe(1);
    expect(await readCapture(bed.deps, bed.key, made.id)).toMatchObject({ status: 'queued', attempts: [{ code: 'runner_lost' }] });
    expect((await readCapture(bed.deps, bed.key, kept.id)).status).toBe('running');
  });

  test('a lease that ran out while nobody else took the job still counts', async () => {
    const made = await capture(bed);
    const claimed = await claim();
    await expireLease(claimed.jobId);
    await upload(claimed, BYTES);
    await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES));
    expect((await readCapture(bed.deps, bed.key, made.id)).status).toBe('succeeded');
  });

  test('an attempt that is given back does not count and its number is free again', async () => {
    const made = await capture(bed);
    const claimed = await claim();
    await upload(claimed, BYTES);
    expect(await releaseJob(bed.deps, bed.runner, claimed.jobId, claimed)).toEqual({ settled: true });
    expect(await releaseJob(bed.deps, bed.runner, claimed.jobId, claimed)).toEqual({ settled: true });
    expect(await readCapture(bed.deps, bed.key, made.id)).toMatchObject({ status: 'queued', attempts: [] });
    const again = await claim();
    expect(again.attempt).toBe(1);
    expect((await upload(again, BYTES)).status).toBe(201);
    expect(await codeOf(releaseJob(bed.deps, bed.runner, claimed.jobId, claimed))).toBe('conflict');
  });
});

describe('heartbeats and cancel', () => {
  test('a heartbeat extends the lease and shows the step', async () => {
    await capture(bed);
    const claimed = await claim();
    await expireLease(claimed.jobId);
    const stop = new AbortController();
    const held = beat(claimed, stop.signal);
    await expect
      .poll(async () => (await bed.sql(`select step from job where lease_until > now() + interval '25 seconds'`))[0])
      .toEqual({ step: 'render' });
    stop.abort();
    expect(await held).toEqual({ canceled: false, leaseMs: 30_000 });
    expect(await recoverLostJobs(bed.deps)).toBe(0);
  });

  test('a cancel reaches a held heartbeat within 2 s, the capture is final at once, a late result is refused', async () => {
    const made = await capture(bed);
    const claimed = await claim();
    const held = beat(claimed);
    await expect.poll(async () => (await bed.sql('select step from job'))[0]).toEqual({ step: 'render' });
    const began = Date.now();
    const told = bed.deps.events.next((event) => event.kind === 'cancel' && event.jobId === claimed.jobId, 5_000);
    expect(await cancelCapture(bed.deps, bed.key, made.id)).toMatchObject({ status: 'canceled', asset: null });
    expect(await held).toEqual({ canceled: true, leaseMs: 30_000 });
    expect(Date.now() - began).toBeLessThan(2000);
    expect(await told).toBe(true);
    expect(await beat(claimed)).toMatchObject({ canceled: true });
    expect(await bed.sql('select 1 from capture_payload')).toEqual([]);
    await upload(claimed, BYTES);
    expect(await codeOf(completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES)))).toBe('conflict');
    expect(await codeOf(cancelCapture(bed.deps, bed.key, made.id))).toBe('conflict');
  });

  test('a waiting capture that is canceled never runs', async () => {
    const made = await capture(bed);
    const view = await cancelCapture(bed.deps, bed.key, made.id);
    expect(view.timeline.map(({ step }) => step)).toEqual(['requested', 'queued', 'canceled']);
    expect(await claimJob(bed.deps, bed.runner, {})).toBeNull();
    expect(await bed.sql('select 1 from capture_payload')).toEqual([]);
  });

  test('deleting a running capture stops it', async () => {
    const made = await capture(bed);
    const claimed = await claim();
    const held = beat(claimed);
    await expect.poll(async () => (await bed.sql('select step from job'))[0]).toEqual({ step: 'render' });
    await deleteCapture(bed.deps, bed.key, made.id);
    expect(await held).toMatchObject({ canceled: true });
  });
});
