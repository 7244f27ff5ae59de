import { notify } from '#server/db/notifications.ts';
import type { JobId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';

/** Longer than a confirm may take; after it another server may announce the same jobs again, which is harmless. */
const ANNOUNCING_MS = 2 * LIMITS.confirmMsMax;

/**
 * Announces the jobs that are due and were not announced yet (the outbox), at most a batch, and answers how many are
 * safe with the broker. What could not be announced stays in the outbox for the next turn. No lock is held while the
 * broker is waited for: a claim or a cancel must not wait for it too.
 */
export async function dispatchJobs(deps: Pick<Deps, 'db' | 'queue' | 'log'>): Promise<number> {
  const em = deps.db.acrossWorkspaces();
  const jobs = await em.execute<{ id: JobId; attempt: number }[]>(TAKE, [ANNOUNCING_MS, LIMITS.outboxBatch]);
  if (jobs.length === 0) return 0;
  const results = await Promise.allSettled(jobs.map((job) => deps.queue.announce({ jobId: job.id, attempt: job.attempt })));
  const announced = jobs.filter((_job, index) => results[index]?.status === 'fulfilled').map((job) => job.id);
  const kept = jobs.filter((_job, index) => results[index]?.status === 'rejected').map((job) => job.id);
  await em.transactional(async (tx) => {
    if (announced.length > 0) await tx.execute(MARK, [announced]);
    if (kept.length > 0) await tx.execute(KEEP, [kept]);
    // Runners that wait by long poll hear of jobs whose back-off has just ended; one word wakes them all.
    const last = announced.at(-1);
    if (last) await notify(tx, { kind: 'job', jobId: last });
  });
  const fault = results.find((result) => result.status === 'rejected');
  if (fault) deps.log.warn('Jobs could not be announced and stay in the outbox', { count: kept.length, error: fault.reason });
  return announced.length;
}

const TAKE = `
update job set announcing_until = now() + ? * interval '1 millisecond'
where id in (
  select id from job
  where state = 'available' and announced_at is null and available_at <= now() and (announcing_until is null or announcing_until < now())
  order by available_at, id limit ? for update skip locked
)
returning id, attempt`;
// A claim clears announcing_until: what was claimed and queued again meanwhile must be announced anew.
const MARK = `update job set announced_at = now(), announcing_until = null where id in (?) and state = 'available' and announcing_until is not null`;
const KEEP = 'update job set announcing_until = null where id in (?) and announced_at is null';
