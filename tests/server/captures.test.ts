import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ApiKeyActor, UserActor } from '#server/domain/access/actor.ts';
import { cancelCapture } from '#server/domain/captures/cancel-capture.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { deleteCapture } from '#server/domain/captures/delete-capture.ts';
import { expireCaptures, sweepOrphans } from '#server/domain/captures/expire-captures.ts';
import { issueAssetLink } from '#server/domain/captures/issue-asset-link.ts';
import { listProgress } from '#server/domain/captures/list-progress.ts';
import { listCaptures, readCapture, waitForCapture } from '#server/domain/captures/read-captures.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import type { ServerEvent } from '#server/domain/ports.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';
import { makeId } from '#shared/ids.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import { capture, codeOf, completion, createDomainBed, type DomainBed, requestOf, upload } from './domain-bed.ts';

const BYTES = new TextEncoder().encode('a picture');
let bed: DomainBed;
let stranger: ApiKeyActor;
beforeAll(async () => {
  bed = await createDomainBed();
  stranger = await bed.addWorkspace();
});
afterAll(() => bed.close());
beforeEach(async () => {
  await bed.sql('delete from capture');
});

async function claim(): Promise<Claim> {
  const claimed = await claimJob(bed.deps, bed.runner, {});
  if (!claimed) throw new Error('There was nothing to claim');
  return claimed;
}
async function succeed(input: Partial<CaptureRequestInput> = {}): Promise<string> {
  const made = await capture(bed, input);
  const claimed = await claim();
  await upload(claimed, BYTES);
  await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES));
  return made.id;
}
async function blobs(): Promise<string[]> {
  const names: string[] = [];
  for await (const blob of bed.deps.blobs.list(`${bed.key.workspaceId}/`)) names.push(blob.name);
  return names;
}

describe('links', () => {
  test('reading a capture gives a fresh link that opens the picture and never outlives its retention', async () => {
    const id = await succeed({ retention: 3_600_000 });
    const { asset } = await readCapture(bed.deps, bed.key, id);
    const answer = await fetch(asset?.url ?? '');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('content-disposition')).toBe(`inline; filename="${id}.png"`);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(BYTES);
    await bed.sql(`update capture set expires_at = now() + interval '2 minutes' where id = $1`, [id]);
    const link = await issueAssetLink(bed.deps, bed.key, id, 3_600_000);
    expect(Date.parse(link.expiresAt) - Date.now()).toBeLessThanOrEqual(120_000);
  });

  test('the first link is stamped once', async () => {
    const id = await succeed();
    const at = async () => (await readCapture(bed.deps, bed.key, id)).timeline.find(({ step }) => step === 'link_issued')?.at;
    const first = await at();
    expect(first).toBeDefined();
    expect(await at()).toBe(first);
  });

  test('reading a capture writes nothing to it but that stamp', async () => {
    const id = await succeed();
    await readCapture(bed.deps, bed.key, id);
    const version = () => bed.sql('select xmin from capture where id = $1', [id]);
    const before = await version();
    await readCapture(bed.deps, bed.key, id);
    await listCaptures(bed.deps, bed.key, {});
    await issueAssetLink(bed.deps, bed.key, id);
    expect(await version()).toEqual(before);
  });

  test('there is none before the capture has succeeded, and none of a life beyond the bounds', async () => {
    const made = await capture(bed);
    expect(await codeOf(issueAssetLink(bed.deps, bed.key, made.id))).toBe('conflict');
    expect(await codeOf(issueAssetLink(bed.deps, bed.key, made.id, 1_000))).toBe('invalid_request');
  });
});

describe('other workspaces', () => {
  test('a foreign id, an unknown id and no id at all are answered alike, by every call', async () => {
    const id = await succeed();
    const calls = [
      (given: string) => readCapture(bed.deps, stranger, given),
      (given: string) => issueAssetLink(bed.deps, stranger, given),
      (given: string) => cancelCapture(bed.deps, stranger, given),
      (given: string) => deleteCapture(bed.deps, stranger, given),
      (given: string) => waitForCapture(bed.deps, stranger, given, { ms: 1 }),
    ];
    for (const call of calls) {
      const answers = await Promise.all(
        [id, makeId('capture'), 'cap_1', "' or 1=1"].map((given) => call(given).catch((error: unknown) => JSON.stringify(error))),
      );
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toContain('not_found');
    }
    expect((await listCaptures(bed.deps, stranger, {})).data).toEqual([]);
    expect(await listProgress(bed.deps, stranger, [id, makeId('capture')])).toEqual([]);
    expect((await readCapture(bed.deps, bed.key, id)).status).toBe('succeeded');
  });
});

test('the names of rejected parts of an auth state are for API keys; at the console there are counts', async () => {
  const cookies = [
    { name: 'sid', value: 'v', domain: 'app.example.com', path: '/' },
    { name: 'tracker', value: 'v', domain: 'evil.test', path: '/' },
  ];
  const made = await capture(bed, { auth: { storageState: { cookies, origins: [] } } });
  expect((await readCapture(bed.deps, bed.key, made.id)).auth).toMatchObject({ cookies: 1, rejected: [{ name: 'tracker' }] });
  const { workspaceId, fingerprintKey } = bed.key;
  const user: UserActor = { kind: 'user', userId: makeId('user'), workspaceId, role: 'viewer', name: 'V', sessionHash: '', fingerprintKey };
  const shown = (await readCapture(bed.deps, user, made.id)).auth;
  expect(shown?.rejected).toHaveLength(1);
  expect(JSON.stringify(shown)).not.toMatch(/tracker|evil/);
});

describe('lists', () => {
  test('go newest first, page by page, without a gap or a double', async () => {
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.push((await capture(bed)).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listCaptures(bed.deps, bed.key, { limit: 3, cursor });
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual([...made].sort().reverse());
  });

  test('filter by status, tag, reference, host and time', async () => {
    const done = await succeed({ tags: { customer: '42', kind: 'a' }, reference: 'r1' });
    const other = (await capture(bed, { url: 'https://other.example.com/', tags: { customer: '7' } })).id;
    const ids = async (filter: Parameters<typeof listCaptures>[2]) =>
      (await listCaptures(bed.deps, bed.key, filter)).data.map(({ id }) => id);
    expect(await ids({ status: 'succeeded' })).toEqual([done]);
    expect(await ids({ tags: { customer: '42' } })).toEqual([done]);
    expect(await ids({ tags: { customer: '42', kind: 'b' } })).toEqual([]);
    expect(await ids({ reference: 'r1' })).toEqual([done]);
    expect(await ids({ host: 'Other.example.com' })).toEqual([other]);
    expect(await ids({ createdAfter: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
    expect(await ids({ createdBefore: new Date(Date.now() + 60_000).toISOString() })).toHaveLength(2);
    expect(await listProgress(bed.deps, bed.key, [done, other])).toHaveLength(2);
  });

  test('a cursor that is not ours is refused', async () => {
    expect(await codeOf(listCaptures(bed.deps, bed.key, { cursor: 'x' }))).toBe('invalid_request');
  });
});

test('waiting for a capture ends when it is final', async () => {
  const told: ServerEvent[] = [];
  const off = bed.deps.events.on((event) => told.push(event));
  const made = await capture(bed);
  const waiting = waitForCapture(bed.deps, bed.key, made.id, { ms: 30_000 });
  const began = Date.now();
  await cancelCapture(bed.deps, bed.key, made.id);
  expect((await waiting).status).toBe('canceled');
  expect(Date.now() - began).toBeLessThan(3000);
  // Those who wait are woken once, by the event that says so: each look costs the server as much as a step of the capture.
  await expect
    .poll(() => told.flatMap((event) => (event.kind === 'capture' && event.captureId === made.id ? [event.isFinal] : [])))
    .toEqual([false, true]);
  off();
  const still = await capture(bed);
  expect((await waitForCapture(bed.deps, bed.key, still.id, { ms: 20 })).status).toBe('queued');
});

describe('keeping and deleting', () => {
  test('a deleted capture leaves nothing: no blob, no row, no idempotency answer', async () => {
    const { capture: made } = await createCapture(bed.deps, bed.key, requestOf({ reference: 'gone' }), {
      idempotencyKey: 'gone',
      body: {},
    });
    const claimed = await claim();
    await upload(claimed, BYTES);
    await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES));
    const { asset } = await readCapture(bed.deps, bed.key, made.id);
    await deleteCapture(bed.deps, bed.key, made.id);
    expect((await fetch(asset?.url ?? '')).status).toBe(404);
    expect((await blobs()).filter((name) => name.includes(made.id))).toEqual([]);
    for (const table of ['capture', 'job', 'attempt', 'asset', 'capture_payload', 'idempotency_record']) {
      expect(JSON.stringify(await bed.sql(`select * from ${table}`))).not.toContain(made.id);
    }
    expect(await codeOf(deleteCapture(bed.deps, bed.key, made.id))).toBe('not_found');
  });

  test('with the storage away nothing is deleted, and the call can be repeated', async () => {
    const id = await succeed();
    const broken = { ...bed.deps.blobs, remove: () => Promise.reject(new Error('storage is away')) };
    expect(await codeOf(deleteCapture({ ...bed.deps, blobs: broken }, bed.key, id))).toBe('unavailable');
    expect((await readCapture(bed.deps, bed.key, id)).asset).not.toBeNull();
    await deleteCapture(bed.deps, bed.key, id);
  });

  test('at the end of the retention the asset goes and the capture stays', async () => {
    const id = await succeed();
    const kept = await succeed();
    const { asset } = await readCapture(bed.deps, bed.key, id);
    await bed.sql(`update capture set expires_at = now() - interval '1 second' where id = $1`, [id]);
    expect((await readCapture(bed.deps, bed.key, id)).asset).toBeNull();
    expect(await expireCaptures(bed.deps)).toBe(1);
    expect(await expireCaptures(bed.deps)).toBe(0);
    expect((await fetch(asset?.url ?? '')).status).toBe(404);
    const view = await readCapture(bed.deps, bed.key, id);
    expect(view).toMatchObject({ status: 'succeeded', asset: null });
    expect(view.assetExpiredAt).not.toBeNull();
    expect((await readCapture(bed.deps, bed.key, kept)).asset).not.toBeNull();
  });

  test('orphan blobs are swept; results, running uploads, young blobs and strange names are not', async () => {
    const done = await succeed();
    await capture(bed);
    const running = await claim();
    await upload(running, BYTES);
    const lost = await capture(bed);
    const orphan = await claim();
    await upload(orphan, BYTES);
    await bed.sql('delete from capture where id = $1', [lost.id]);
    const later = { ...bed.deps, clock: { now: () => new Date(Date.now() + 2 * 3_600_000) } };
    expect(await sweepOrphans(bed.deps)).toBe(0);
    await sweepOrphans(later);
    const left = (await blobs()).join();
    expect(left).toContain(done);
    expect(left).toContain(running.captureId);
    expect(left).not.toContain(lost.id);
  });
});
