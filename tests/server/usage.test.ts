import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cancelCapture } from '#server/domain/captures/cancel-capture.ts';
import { readQueue, readUsage } from '#server/domain/captures/read-usage.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import { failJob } from '#server/domain/jobs/fail-job.ts';
import { makeId } from '#shared/ids.ts';
import { capture, codeOf, completion, createDomainBed, type DomainBed, OBSERVED, upload } from './domain-bed.ts';

const BYTES = new TextEncoder().encode('a picture of some bytes');
const DAY_MS = 86_400_000;
let bed: DomainBed;
let other: DomainBed['key'];
beforeAll(async () => {
  bed = await createDomainBed({ queuedPerWorkspaceMax: 50 });
  other = await bed.addWorkspace();
});
afterAll(() => bed.close());
beforeEach(() => bed.sql('delete from capture'));

const claim = async () => {
  const claimed = await claimJob(bed.deps, bed.runner, {});
  if (!claimed) throw new Error('There was nothing to claim');
  return claimed;
};
const succeed = async (url?: string, by?: DomainBed['key']): Promise<string> => {
  const made = await capture(bed, url ? { url } : {}, by);
  const claimed = await claim();
  await upload(claimed, BYTES);
  await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES));
  return made.id;
};
const fail = async (): Promise<void> => {
  await capture(bed);
  const { jobId, leaseToken } = await claim();
  const failure = { code: 'login_wall' as const, detail: 'It asked to sign in.', step: 'navigate' as const };
  await failJob(bed.deps, bed.runner, jobId, { leaseToken, observed: OBSERVED, failure });
};
/** The id of a capture sorts by the time of its making: both are moved. */
const moveBack = async (id: string, days: number): Promise<void> => {
  const [row] = await bed.sql<{ at: Date }>('select created_at as at from capture where id = $1', [id]);
  const at = new Date((row?.at ?? new Date()).getTime() - days * DAY_MS);
  await bed.sql('delete from asset where capture_id = $1', [id]);
  await bed.sql('delete from attempt where capture_id = $1', [id]);
  await bed.sql('delete from job where capture_id = $1', [id]);
  await bed.sql('update capture set id = $2, created_at = $3 where id = $1', [id, makeId('capture', at.getTime()), at]);
};

test('every day is there, each capture on its own, by how it ended', async () => {
  await succeed('https://app.example.com/a');
  await succeed('https://app.example.com/b');
  await moveBack(await succeed('https://eu.example.com/'), 3);
  await moveBack(await succeed('https://old.example.com/'), 7);
  await fail();
  await cancelCapture(bed.deps, bed.key, (await capture(bed)).id);
  await capture(bed);
  const usage = await readUsage(bed.deps, bed.key, { days: 7 });
  const today = new Date().toISOString().slice(0, 10);
  expect(usage.days.map(({ day }) => day)).toEqual(
    Array.from({ length: 7 }, (_, index) => new Date(Date.parse(today) - (6 - index) * DAY_MS).toISOString().slice(0, 10)),
  );
  expect(usage.days[6]?.counts).toEqual({ queued: 1, running: 0, succeeded: 2, failed: 1, canceled: 1 });
  expect(usage.days[3]?.counts.succeeded).toBe(1);
  expect(usage.days.flatMap(({ counts }) => Object.values(counts)).reduce((a, b) => a + b)).toBe(6);
  expect(usage.hosts).toEqual([
    { name: 'app.example.com', count: 5 },
    { name: 'eu.example.com', count: 1 },
  ]);
  expect(usage.failures).toEqual([{ name: 'login_wall', count: 1 }]);
  expect(usage.stored).toEqual({ assets: 2, bytes: 2 * BYTES.length });
  expect(usage.durations.p50Ms).toBeGreaterThan(0);
  expect(usage.durations.p95Ms).toBeGreaterThanOrEqual(usage.durations.p50Ms ?? Number.NaN);
});

test('nothing of another workspace is counted, and nothing is nothing', async () => {
  await succeed(undefined, other);
  await capture(bed, {}, other);
  const usage = await readUsage(bed.deps, bed.key, { days: 30 });
  expect(usage.days).toHaveLength(30);
  expect(usage.days.every(({ counts }) => Object.values(counts).every((count) => count === 0))).toBe(true);
  expect(usage).toMatchObject({
    durations: { p50Ms: null, p95Ms: null },
    stored: { assets: 0, bytes: 0 },
    hosts: [],
    keys: [],
    failures: [],
  });
  expect(await readQueue(bed.deps, bed.key)).toEqual({ waiting: 0, running: 0, waitingMax: 50, oldestWaitingSeconds: null });
  expect(await readQueue(bed.deps, other)).toMatchObject({ waiting: 1, running: 0 });
});

test('what waits and what runs now, and how long the first has waited', async () => {
  const { id } = await capture(bed);
  await capture(bed);
  await capture(bed);
  await claim();
  await bed.sql(`update capture set created_at = now() - interval '90 seconds' where id <> $1`, [id]);
  const queue = await readQueue(bed.deps, bed.key);
  expect(queue).toMatchObject({ waiting: 2, running: 1, waitingMax: 50 });
  expect(Math.round((queue.oldestWaitingSeconds ?? 0) / 10)).toBe(9);
});

test('by key and by console, the most first; and not without the right to read', async () => {
  for (let i = 0; i < 2; i++) await capture(bed);
  await capture(bed, {}, bed.operator);
  const [key] = await bed.sql<{ name: string }>('select name from api_key where id = $1', [bed.key.keyId]);
  expect((await readUsage(bed.deps, bed.key, { days: 7 })).keys).toEqual([
    { name: key?.name, count: 2 },
    { name: '', count: 1 },
  ]);
  const blind = { ...bed.key, scopes: ['captures:create' as const] };
  expect(await codeOf(readUsage(bed.deps, blind, { days: 7 }))).toBe('insufficient_scope');
  expect(await codeOf(readQueue(bed.deps, blind))).toBe('insufficient_scope');
});
