import { Job } from '#server/db/captures.entities.ts';
import { failure } from '#shared/failure.ts';
import type { JobId } from '#shared/ids.ts';
import { CONTENT_TYPES } from '#shared/output.ts';
import { type CompleteRequest, observedSchema } from '#shared/runner-protocol.ts';
import type { RunnerActor } from '../access/actor.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { blobName } from './blob-name.ts';
import { fence, holdsLease, lostLease } from './fence.ts';
import { hashLeaseToken } from './lease-token.ts';
import { retryOrFail } from './requeue-job.ts';
import { settleJob } from './settle-job.ts';

/**
 * Takes the result of an attempt: the capture succeeds, its payload is wiped. The blob is looked at first, so that a
 * capture never succeeds with a missing or short result; such an attempt has failed with `storage_unavailable`, one
 * that reports another content type than the format's with `internal`. Fenced by the lease token (409 when lost) and safe to repeat. Throws `unavailable` when storage cannot be asked.
 */
export async function completeJob(
  deps: Pick<Deps, 'db' | 'blobs'>,
  runner: RunnerActor,
  jobId: JobId,
  body: CompleteRequest,
): Promise<{ settled: boolean }> {
  const stored = await findStored(deps, runner, jobId, body);
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const job = await fence(em, runner, { jobId, leaseToken: body.leaseToken, outcome: 'completed' });
    if (!job) return { settled: true };
    if (stored === null || stored.attempt !== job.attempt) throw lostLease();
    const observed = observedSchema.parse(body.observed);
    if (job.cancelRequested) {
      await settleJob(
        em,
        job,
        { status: 'failed', failure: failure('deadline_exceeded', 'store'), observed },
        { outcome: 'completed', code: 'deadline_exceeded' },
      );
    } else if (stored.contentType !== body.asset.contentType) {
      const other = failure('internal', 'store', 'The runner reported another kind of file than was asked for.');
      await retryOrFail(em, job, { failure: other, observed, end: { outcome: 'completed', code: other.code } });
    } else if (stored.bytes !== body.asset.bytes) {
      const lost = failure(
        'storage_unavailable',
        'store',
        stored.bytes === null ? 'The upload did not arrive.' : 'The upload arrived incomplete.',
      );
      await retryOrFail(em, job, { failure: lost, observed, end: { outcome: 'completed', code: lost.code } });
    } else {
      const { bytes, sha256, width, height, pages } = body.asset;
      const asset = { blobName: stored.name, contentType: stored.contentType, bytes, sha256, width, height, pages };
      await settleJob(em, job, { status: 'succeeded', asset, observed }, { outcome: 'completed', code: null });
    }
    return { settled: true };
  });
}

type Stored = { attempt: number; name: string; contentType: string; bytes: number | null };

/** Looks at the attempt's blob before any row is locked; null when the lease is not (or no longer) this runner's. */
async function findStored(
  deps: Pick<Deps, 'db' | 'blobs'>,
  runner: RunnerActor,
  jobId: JobId,
  body: CompleteRequest,
): Promise<Stored | null> {
  const em = deps.db.acrossWorkspaces();
  const job = await em.findOne(Job, { id: jobId }, { populate: ['capture'], strategy: 'joined' });
  if (!job || !holdsLease(job, runner, hashLeaseToken(body.leaseToken))) return null;
  const capture = job.capture.unwrap();
  const name = blobName(
    { workspaceId: job.workspace.id, captureId: capture.id, createdAt: capture.createdAt },
    job.attempt,
    capture.format,
  );
  const found = await deps.blobs.stat(name).catch((cause: unknown) => {
    throw new AppError('unavailable', 'The storage cannot be reached: report again in a moment.', { cause, retryAfterSeconds: 2 });
  });
  return { attempt: job.attempt, name, contentType: CONTENT_TYPES[capture.format], bytes: found?.bytes ?? null };
}
