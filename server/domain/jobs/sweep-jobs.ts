import type { EntityManager } from '@mikro-orm/postgresql';
import { Job, type JobRow } from '#server/db/captures.entities.ts';
import type { JobId } from '#shared/ids.ts';
import type { Deps } from '../deps.ts';

/** Which jobs a sweep takes: SQL of ours, what comes from elsewhere as parameters. */
export type Condition = { sql: string; parameters?: readonly unknown[] };

/** Jobs of one sweep at most; what is left is for the next turn. */
export const SWEEP_MAX = 500;

/**
 * Runs `handle` for each job that fits, every one in a transaction of its own with its row locked, so that one fault
 * does not hold up the others. Jobs that another server is handling are passed over. Answers how many were handled.
 */
export async function sweepJobs(
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
