import type { EntityManager } from '@mikro-orm/postgresql';
import type { JobRow } from '#server/db/captures.entities.ts';
import { LIMITS } from '#shared/limits.ts';

/**
 * Leases that ended with one runner run out within a heartbeat of each other, and one that is alive has more left than
 * this: a runner that is back, or another with the same token, is no company.
 */
const LEFT_MS = LIMITS.leaseMs - 1.5 * LIMITS.heartbeatHoldMsMax;

/**
 * Whether other jobs were lost with the runner of this one, which is about to be taken back: any of them may have ended
 * it. With `isKnownDead` every lease of that runner is dead, however much time it has left.
 */
export async function diedInCompany(em: EntityManager, job: JobRow, isKnownDead: boolean): Promise<boolean> {
  const runnerId = job.runner?.id ?? null;
  const values = [job.id, runnerId, isKnownDead, LEFT_MS, runnerId, job.leaseUntil, LIMITS.leaseMs, job.capture.id, job.attempt];
  return (await em.execute<unknown[]>(COMPANY, values)).length > 0;
}

// Those still to be taken back, and those that were it, whatever became of them, during this attempt and since its last heartbeat. Parameters: job,
// runner, whether it is known to be dead, the milliseconds above, runner, end of the job's lease, life of a lease in
// milliseconds, capture, number of its attempt.
const COMPANY = `
select 1 from job other
where id <> ? and (
  (state = 'leased' and runner_id = ? and (?::boolean or lease_until < now() + ? * interval '1 millisecond'))
  or (process_deaths > 0 and exists (
    select 1 from attempt where attempt.capture_id = other.capture_id and attempt.runner_id = ? and outcome = 'lost'
      and finished_at >= greatest(?::timestamptz - ? * interval '1 millisecond',
        (select started_at from attempt where capture_id = ? and number = ?))))
)
limit 1`;
