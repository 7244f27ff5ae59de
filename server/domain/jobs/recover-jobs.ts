import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import { failure } from '#shared/failure.ts';
import type { JobId, RunnerId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';
import { diedInCompany } from './judge-death.ts';
import { retryOrFail } from './requeue-job.ts';
import { settleJob } from './settle-job.ts';
import { type Condition, sweepJobs } from './sweep-jobs.ts';

/**
 * Takes back the jobs whose lease has run out: the attempt ends as `runner_lost` and is repeated by the retry rules,
 * alone. A job lost for the `LIMITS.runnerDeathsMax`th time that had its runner for itself has ended it, and is put aside
 * as `poison`; one beside others may be innocent. With `endedRunner` those of a runner that is
 * known to be gone, whose leases need not be waited for. Answers how many were taken back.
 */
export async function recoverLostJobs(deps: Pick<Deps, 'db' | 'log'>, endedRunner?: RunnerId): Promise<number> {
  const lost: Condition = endedRunner
    ? { sql: `state = 'leased' and runner_id = ?`, parameters: [endedRunner] }
    : { sql: `state = 'leased' and lease_until < now()` };
  return await sweepJobs(deps, lost, async (em, job) => {
    const now = await databaseNow(em);
    const end = { outcome: 'lost', code: 'runner_lost' } as const;
    job.processDeaths += 1;
    const late = job.cancelRequested || job.deadlineAt.getTime() <= now.getTime();
    const isPoison = job.processDeaths >= LIMITS.runnerDeathsMax && !(await diedInCompany(em, job, endedRunner !== undefined));
    if (late || isPoison) {
      const ended = failure(late ? 'deadline_exceeded' : 'poison', job.step ?? null);
      await settleJob(em, job, { status: 'failed', failure: ended, observed: null }, end);
    } else {
      await retryOrFail(em, job, { failure: failure('runner_lost', job.step ?? null), observed: null, end });
    }
  });
}

/**
 * Ends the captures that are past their deadline: waiting ones fail at once; for running ones the runner is told to
 * stop, and they fail with its report or when its lease ends. Answers how many were ended or told.
 */
export async function expireDeadlines(deps: Pick<Deps, 'db' | 'log'>): Promise<number> {
  const waiting = await sweepJobs(deps, { sql: `state = 'available' and deadline_at <= now()` }, async (em, job) => {
    await settleJob(em, job, { status: 'failed', failure: failure('deadline_exceeded', null), observed: null });
  });
  const running = await sweepJobs(deps, { sql: `state = 'leased' and deadline_at <= now() and not cancel_requested` }, async (em, job) => {
    job.cancelRequested = true;
    await notify(em, { kind: 'cancel', jobId: job.id });
  });
  return waiting + running;
}

/**
 * Puts jobs back into the outbox that were announced long ago and that nobody claimed: the broker lost the message, or
 * was restored from an older state. A doorbell too many is harmless. Answers how many.
 */
export async function reannounceJobs(deps: Pick<Deps, 'db'>): Promise<number> {
  const rows = await deps.db.acrossWorkspaces().execute<{ id: JobId }[]>(
    `update job set announced_at = null, announcing_until = null
     where state = 'available' and available_at <= now() and announced_at < now() - ? * interval '1 millisecond' returning id`,
    [LIMITS.announcedStaleMs],
  );
  return rows.length;
}
