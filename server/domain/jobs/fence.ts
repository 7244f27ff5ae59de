import type { EntityManager } from '@mikro-orm/postgresql';
import { LockMode } from '@mikro-orm/postgresql';
import { Attempt, type AttemptOutcome, Job, type JobRow } from '#server/db/captures.entities.ts';
import { AppError } from '#server/domain/app-error.ts';
import type { JobId } from '#shared/ids.ts';
import type { RunnerActor } from '../access/actor.ts';
import { hashLeaseToken } from './lease-token.ts';

export type Report = { jobId: JobId; leaseToken: string; outcome: AttemptOutcome };

/**
 * Locks the job for a report of its lease holder. Answers the job, or null when this very report was taken before (the
 * answer had been lost). Refuses everybody else with a conflict: a runner that slept past its lease would overwrite a
 * newer result. A lease that has run out is good until somebody else took the job, so that a runner which outlived an
 * outage of the servers can still hand in its work.
 */
export async function fence(em: EntityManager, runner: RunnerActor, report: Report): Promise<JobRow | null> {
  const hash = hashLeaseToken(report.leaseToken);
  const job = await em.findOne(Job, { id: report.jobId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!job) throw lostLease();
  if (holdsLease(job, runner, hash)) return job;
  const attempt = await em.findOne(Attempt, { capture: job.capture.id, leaseTokenHash: hash, runnerId: runner.runnerId });
  if (attempt?.outcome === report.outcome) return null;
  throw lostLease();
}

/** Tells whether the job is leased to this runner under the token with this hash. */
export function holdsLease(job: JobRow, runner: RunnerActor, hash: string): boolean {
  return job.state === 'leased' && job.leaseTokenHash === hash && job.runner?.id === runner.runnerId;
}

export function lostLease(): AppError {
  return new AppError('conflict', 'The lease of this attempt is lost: drop the work and claim again.');
}
