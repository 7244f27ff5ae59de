import { failure } from '#shared/failure.ts';
import type { JobId } from '#shared/ids.ts';
import { type FailRequest, observedSchema } from '#shared/runner-protocol.ts';
import type { RunnerActor } from '../access/actor.ts';
import type { Deps } from '../deps.ts';
import { fence } from './fence.ts';
import { retryOrFail } from './requeue-job.ts';
import { settleJob } from './settle-job.ts';

/**
 * Takes the report of a failed attempt: tries again by the retry rules or makes the capture `failed`. Fenced by the
 * lease token (409 when lost) and safe to repeat.
 */
export async function failJob(deps: Pick<Deps, 'db'>, runner: RunnerActor, jobId: JobId, body: FailRequest): Promise<{ settled: boolean }> {
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const job = await fence(em, runner, { jobId, leaseToken: body.leaseToken, outcome: 'failed' });
    if (!job) return { settled: true };
    const observed = observedSchema.parse(body.observed);
    if (body.sideEffects) job.sideEffects = true;
    if (job.cancelRequested) {
      const late = failure('deadline_exceeded', body.failure.step);
      await settleJob(em, job, { status: 'failed', failure: late, observed }, { outcome: 'failed', code: late.code });
    } else {
      await retryOrFail(em, job, { failure: body.failure, observed, end: { outcome: 'failed', code: body.failure.code } });
    }
    return { settled: true };
  });
}
