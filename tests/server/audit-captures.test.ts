import { afterAll, beforeAll, expect, test } from 'vitest';
import { listAudit } from '#server/domain/access/read-audit.ts';
import { deleteCapture } from '#server/domain/captures/delete-capture.ts';
import { expireCaptures } from '#server/domain/captures/expire-captures.ts';
import { issueAssetLink } from '#server/domain/captures/issue-asset-link.ts';
import { listCaptures, readCapture } from '#server/domain/captures/read-captures.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import type { AuditEntry } from '#shared/audit.ts';
import { capture, completion, createDomainBed, type DomainBed, upload } from './domain-bed.ts';

// What the audit log has of the life of a capture.
const BYTES = new TextEncoder().encode('a picture');
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed?.close());

async function finish(): Promise<string> {
  const { id } = await capture(bed);
  const claim = await claimJob(bed.deps, bed.runner, {});
  if (claim?.captureId !== id) throw new Error('another capture was claimed');
  await upload(claim, BYTES);
  await completeJob(bed.deps, bed.runner, claim.jobId, completion(claim, BYTES));
  return id;
}

/** The entries about a capture, oldest first, as "action by whom". */
async function storyOf(id: string): Promise<string[]> {
  const { data } = await listAudit(bed.deps, bed.operator, { limit: 100 });
  const who = ({ actor }: AuditEntry) => actor.id ?? actor.kind;
  return data
    .filter(({ target }) => target === id)
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .map((entry) => `${entry.action} by ${who(entry)}`);
}

test('from its making to its deletion, each hand it went through is there', async () => {
  const id = await finish();
  const [key, runner] = [bed.key.keyId, bed.runner.runnerId];
  expect(await storyOf(id)).toEqual([`capture.create by ${key}`, `payload.open by ${runner}`]);
  await issueAssetLink(bed.deps, bed.operator, id);
  await deleteCapture(bed.deps, bed.key, id);
  expect((await storyOf(id)).slice(2)).toEqual(['capture.link by operator', `capture.delete by ${key}`]);
});

test('every signed link is there: of a reading and of each line of a list, and none where none was signed', async () => {
  const [first, second] = [await finish(), await finish()];
  const waiting = await capture(bed);
  const links = async (id: string) => (await storyOf(id)).filter((line) => line.startsWith('capture.link')).length;
  await readCapture(bed.deps, bed.key, first);
  await listCaptures(bed.deps, bed.key, {});
  await listCaptures(bed.deps, bed.key, { withLinks: false });
  expect([await links(first), await links(second), await links(waiting.id)]).toEqual([2, 1, 0]);
  await deleteCapture(bed.deps, bed.key, waiting.id);
  expect((await storyOf(waiting.id)).slice(1)).toEqual([`capture.cancel by ${bed.key.keyId}`, `capture.delete by ${bed.key.keyId}`]);
});

test('an asset whose retention ends is deleted by the server, and said so', async () => {
  const id = await finish();
  await bed.sql(`update capture set expires_at = now() - interval '1 second' where id = $1`, [id]);
  expect(await expireCaptures(bed.deps)).toBe(1);
  expect((await storyOf(id)).at(-1)).toBe('capture.expire by server');
});
