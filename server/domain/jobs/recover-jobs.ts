import type { EntityManager } from '@mikro-orm/postgresql';
import { Job, type JobRow } from '#server/db/captures.entities.ts';
import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import { failure } from '#shared/failure.ts';
import type { JobId, RunnerId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';
import { retryOrFail } from './requeue-job.ts';
import { settleJob } from './settle-job.ts';

/** Which jobs a sweep takes: SQL of ours, what comes from elsewhere as parameters. */
type Condition = { sql: string; parameters?: readonly unknown[] };

/** Jobs of one sweep at most; what is left is for the next turn. */
const SWEEP_MAX = 500;

/**
 * Takes back the jobs whose lease has run out: the attempt ends as `runner_lost` and is repeated by the retry rules. A
 * job that ended `LIMITS.runnerDeathsMax` runners is put aside as `poison`. With `endedRunner` those of a runner that is
 * known to be gone, whose leases need not be waited for. Answers how many were taken back.
 */
export async function recoverLostJobs(deps: Pick<Deps, 'db' | 'log'>, endedRunner?: RunnerId): Promise<number> {
  const lost: Condition = endedRunner
    ? { sql: `state = 'leased' and runner_id = ?`, parameters: [endedRunner] }
    : { sql: `state = 'leased' and lease_until < now()` };
  return await sweep(deps, lost, async (em, job) => {
    const now = await databaseNow(em);
    const end = { outcome: 'lost', code: 'runner_lost' } as const;
    job.processDeaths += 1;
    const late = job.cancelRequested || job.deadlineAt.getTime() <= now.getTime();
    if (late || job.processDeaths >= LIMITS.runnerDeathsMax) {
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
  const waiting = await sweep(deps, { sql: `state = 'available' and deadline_at <= now()` }, async (em, job) => {
    await settleJob(em, job, { status: 'failed', failure: failure('deadline_exceeded', null), observed: null });
  });
  const running = await sweep(deps, { sql: `state = 'leased' and deadline_at <= now() and not cancel_requested` }, async (em, job) => {
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

/**
 * Runs `handle` for each job that fits, every one in a transaction of its own with its row locked, so that one fault
 * does not hold up the others. Jobs that another server is handling are passed over.
 */
async function sweep(
  deps: Pick<Deps, 'db' | 'log'>,
  { sql, parameters = [] }: Condition,
  handle: (em: EntityManager, job: JobRow) => Promise<void>,
): Promise<number> {
  const found = await deps.db
    .acrossWorkspaces()
    .execute<{ id: JobId }[]>(`select id from job where ${sql} limit ${SWEEP_MAX}`, [...parameters]);
  let handled = 0;
  for (const { id } of found) {
    try {
      handled += await deps.db.acrossWorkspaces().transactional(async (em) => {
        const locked = await em.execute<unknown[]>(`select id from job where id = ? and ${sql} for update skip locked`, [
          id,
          ...parameters,
        ]);
        if (locked.length === 0) return 0;
        await handle(em, await em.findOneOrFail(Job, { id }));
        return 1;
      });
    } catch (error) {
      deps.log.error('A job could not be put right; it is tried again with the next sweep', { jobId: id, error });
    }
  }
  return handled;
}
