import { Job } from '#server/db/captures.entities.ts';
import type { AuditAction } from '#shared/audit-actions.ts';
import type { JobId } from '#shared/ids.ts';
import type { RunnerActor } from '../access/actor.ts';
import { recordRefusal } from '../access/audit.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';

type Recording = Pick<Deps, 'db' | 'log'>;
export type RunnerCall = { action: Extract<AuditAction, `runner.${string}`>; jobId: JobId };

/**
 * Records what a runner was refused about a job: a lease that is not (or no longer) its own, a job that is none. Faults of
 * ours and of its message are no refusals. Passes on what was thrown.
 */
export async function recordRefusedCall<T>(deps: Recording, runner: RunnerActor, call: RunnerCall, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AppError && error.code === 'conflict')
      await recordRefusal(deps, runner, { action: call.action, target: call.jobId, detail: 'not the lease of this runner' });
    throw error;
  }
}

/** Records that a runner asked by name for a job that another one holds. What it hears is the same as of a job that is done. */
export async function recordHeldJob(deps: Recording, runner: RunnerActor, jobId: JobId): Promise<void> {
  const job = await deps.db.acrossWorkspaces().findOne(Job, { id: jobId, state: 'leased' });
  const isForeign = job?.runner && job.runner.id !== runner.runnerId;
  if (isForeign) await recordRefusal(deps, runner, { action: 'runner.claim', target: jobId, detail: 'held by another runner' });
}
