import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { UserActor } from '#server/domain/access/actor.ts';
import { deleteCapture } from '#server/domain/captures/delete-capture.ts';
import { expireCaptures } from '#server/domain/captures/expire-captures.ts';
import { holdCapture, releaseCapture } from '#server/domain/captures/hold-capture.ts';
import { issueAssetLink } from '#server/domain/captures/issue-asset-link.ts';
import { listCaptures, readCapture } from '#server/domain/captures/read-captures.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import { makeId } from '#shared/ids.ts';
import { capture, codeOf, completion, createDomainBed, type DomainBed, upload } from './domain-bed.ts';

const BYTES = new TextEncoder().encode('evidence');
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());
beforeEach(() => bed.sql('delete from capture'));

async function succeed(): Promise<string> {
  const made = await capture(bed);
  const claimed = await claimJob(bed.deps, bed.runner, {});
  if (!claimed) throw new Error('There was nothing to claim');
  await upload(claimed, BYTES);
  await completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES));
  return made.id;
}
const endRetention = (id: string) => bed.sql(`update capture set expires_at = now() - interval '1 second' where id = $1`, [id]);
const hold = (id: string) => holdCapture(bed.deps, bed.operator, id);
const release = (id: string) => releaseCapture(bed.deps, bed.operator, id);
const bytesOf = async (id: string) => {
  const { url } = await issueAssetLink(bed.deps, bed.key, id);
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
};

test('what is on hold is not deleted, by nobody, and goes when it is released', async () => {
  const id = await succeed();
  const held = await hold(id);
  expect(Date.now() - Date.parse(held.heldAt ?? '')).toBeLessThan(60_000);
  expect((await hold(id)).heldAt).toBe(held.heldAt);
  for (const actor of [bed.key, bed.operator]) expect(await codeOf(deleteCapture(bed.deps, actor, id))).toBe('conflict');
  expect(await bytesOf(id)).toEqual(BYTES);
  expect((await release(id)).heldAt).toBeNull();
  await deleteCapture(bed.deps, bed.key, id);
  expect(await codeOf(readCapture(bed.deps, bed.key, id))).toBe('not_found');
});

test('the end of its retention waits for the release, and links are made meanwhile', async () => {
  const [held, other] = [await succeed(), await succeed()];
  await hold(held);
  await endRetention(held);
  await endRetention(other);
  expect(await expireCaptures(bed.deps)).toBe(1);
  expect(await bytesOf(held)).toEqual(BYTES);
  expect((await readCapture(bed.deps, bed.key, held)).asset?.sha256).toBeDefined();
  await release(held);
  expect(await expireCaptures(bed.deps)).toBe(1);
  expect((await readCapture(bed.deps, bed.key, held)).assetExpiredAt).not.toBeNull();
});

test('a capture whose deletion has begun cannot be held: its file may be gone already', async () => {
  const id = await succeed();
  const { blobs } = bed.deps;
  const broken = { ...bed.deps, blobs: { ...blobs, remove: () => Promise.reject(new Error('the storage is away')) } };
  expect(await codeOf(deleteCapture(broken, bed.key, id))).toBe('unavailable');
  expect(await codeOf(hold(id))).toBe('conflict');
  await deleteCapture(bed.deps, bed.key, id);
  const next = await succeed();
  await endRetention(next);
  expect(await expireCaptures(broken)).toBe(0);
  expect(await codeOf(hold(next))).toBe('conflict');
  expect(await expireCaptures(bed.deps)).toBe(1);
});

test('holding and deleting at once, either holds or deletes', async () => {
  for (let round = 0; round < 5; round++) {
    const id = await succeed();
    const [held, deleted] = await Promise.allSettled([hold(id), deleteCapture(bed.deps, bed.key, id)]);
    expect([held.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected']);
    if (held.status === 'fulfilled') expect(await bytesOf(id)).toEqual(BYTES);
  }
});

test('a capture that is deleted while its runner reports is deleted, or its report is refused: neither waits for the other for ever', async () => {
  for (let round = 0; round < 8; round++) {
    const made = await capture(bed);
    const claimed = await claimJob(bed.deps, bed.runner, {});
    if (!claimed) throw new Error('There was nothing to claim');
    await upload(claimed, BYTES);
    const [deleted, reported] = await Promise.allSettled([
      deleteCapture(bed.deps, bed.key, made.id),
      completeJob(bed.deps, bed.runner, claimed.jobId, completion(claimed, BYTES)),
    ]);
    expect(deleted.status).toBe('fulfilled');
    if (reported.status === 'rejected') expect(reported.reason).toMatchObject({ code: 'conflict' });
    expect(await codeOf(readCapture(bed.deps, bed.key, made.id))).toBe('not_found');
  }
});

test('what is gone cannot be held, and says why', async () => {
  const [expired, deleted] = [await succeed(), await succeed()];
  await endRetention(expired);
  expect(await expireCaptures(bed.deps)).toBe(1);
  await expect(hold(expired)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('nothing left to hold') });
  await deleteCapture(bed.deps, bed.key, deleted);
  expect(await codeOf(hold(deleted))).toBe('not_found');
});

test('an API key may not, nor a developer; it is in the audit log; and lists tell them apart', async () => {
  const [held, other] = [await succeed(), await succeed()];
  const { workspaceId, fingerprintKey } = bed.operator;
  const developer: UserActor = {
    kind: 'user',
    userId: makeId('user'),
    workspaceId,
    role: 'developer',
    name: 'D',
    sessionHash: '',
    fingerprintKey,
  };
  for (const actor of [bed.key, developer]) {
    expect(await codeOf(holdCapture(bed.deps, actor, held))).toBe('forbidden');
    expect(await codeOf(releaseCapture(bed.deps, actor, held))).toBe('forbidden');
  }
  expect(await codeOf(holdCapture(bed.deps, bed.operator, 'cap_01ARZ3NDEKTSV4RRFFQ69G5FAV'))).toBe('not_found');
  await hold(held);
  const idsOf = async (filter: { held?: boolean }) => (await listCaptures(bed.deps, bed.key, filter)).data.map(({ id }) => id);
  expect([await idsOf({ held: true }), await idsOf({ held: false })]).toEqual([[held], [other]]);
  await release(held);
  const story = await bed.sql<{ action: string }>('select action from audit_event where target = $1 order by id', [held]);
  expect(story.map(({ action }) => action).filter((action) => /hold|release/.test(action))).toEqual(['capture.hold', 'capture.release']);
});
