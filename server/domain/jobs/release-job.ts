import { LockMode } from '@mikro-orm/postgresql';
import { Attempt, Capture, Job, type JobRow } from '#server/db/captures.entities.ts';
import { failure } from '#shared/failure.ts';
import type { JobId } from '#shared/ids.ts';
import type { RunnerActor } from '../access/actor.ts';
import type { Deps } from '../deps.ts';
import { blobName } from './blob-name.ts';
import { holdsLease, lostLease } from './fence.ts';
import { hashLeaseToken } from './lease-token.ts';
import { requeueJob } from './requeue-job.ts';
import { settleJob } from './settle-job.ts';

/**
 * Takes an attempt back unused (a runner that drains): it does not count and the job is available at once. An attempt
 * in which an action may have had an effect was not unused: it ends as `interrupted`, unless repeating was allowed.
 * Refuses a lost lease with a conflict; a repeat of the same release is answered as the first was.
 */
export async function releaseJob(
  deps: Pick<Deps, 'db' | 'blobs'>,
  runner: RunnerActor,
  jobId: JobId,
  body: { leaseToken: string },
): Promise<{ settled: boolean }> {
  const hash = hashLeaseToken(body.leaseToken);
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const job = await em.findOne(Job, { id: jobId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!job) throw lostLease();
    if (!holdsLease(job, runner, hash)) {
      if (wasReleased(job, runner, hash)) return { settled: true };
      throw lostLease();
    }
    if (job.cancelRequested) {
      await settleJob(
        em,
        job,
        { status: 'failed', failure: failure('deadline_exceeded', null), observed: null },
        { outcome: 'failed', code: 'deadline_exceeded' },
      );
    } else if (job.sideEffects && !job.retryAfterActions) {
      await settleJob(
        em,
        job,
        { status: 'failed', failure: failure('interrupted', null), observed: null },
        { outcome: 'failed', code: 'interrupted' },
      );
    } else {
      const capture = await em.findOneOrFail(Capture, { id: job.capture.id });
      // The number will be used again, and its blob can be written only once.
      await deps.blobs.remove(
        blobName({ workspaceId: job.workspace.id, captureId: capture.id, createdAt: capture.createdAt }, job.attempt, capture.format),
      );
      await em.nativeDelete(Attempt, { capture: capture.id, number: job.attempt });
      job.attempt -= 1;
      await requeueJob(em, job, 0);
    }
    return { settled: true };
  });
}

/** The attempt is gone with its release; the job remembers the token until the next claim. */
function wasReleased(job: JobRow, runner: RunnerActor, hash: string): boolean {
  return job.state !== 'leased' && job.leaseTokenHash === hash && job.runner?.id === runner.runnerId;
}
