import type { EntityManager } from '@mikro-orm/postgresql';
import type { WorkspaceId } from '#shared/ids.ts';
import { AppError } from '../app-error.ts';

/**
 * How many more captures of a workspace may wait, `wanted` at the most. Exact for a caller who holds the workspace's turns
 * (`holdTurns`): of those who come at once, on all servers together, no more are let in than there is room for.
 */
export async function roomInQueue(
  em: EntityManager,
  workspaceId: WorkspaceId,
  { max, wanted }: { max: number; wanted: number },
): Promise<number> {
  if (max <= 0) return 0;
  if (max >= wanted && !(await areWaiting(em, workspaceId, max - wanted + 1))) return wanted;
  const [row] = await em.execute<{ waiting: number }[]>(COUNT, [workspaceId, max]);
  return Math.min(wanted, Math.max(0, max - (row?.waiting ?? 0)));
}

/** The refusal of a capture for which there is no room, with the time until there is. */
export async function queueFull(em: EntityManager, workspaceId: WorkspaceId, max: number): Promise<AppError> {
  return new AppError('queue_full', `${max} captures of this workspace are waiting already: send again when some are done.`, {
    retryAfterSeconds: await secondsToFree(em, workspaceId, max),
  });
}

/** Until the caller's transaction ends, no other capture of the workspace is given a turn: not by another server either. */
export async function holdTurns(em: EntityManager, workspaceId: WorkspaceId): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [workspaceId]);
}

/** The seconds in which one capture of the workspace is begun, as it went in the last five minutes; 5 to 300. */
async function secondsToFree(em: EntityManager, workspaceId: WorkspaceId, max: number): Promise<number> {
  const looked = max + DRAIN_SECONDS / RETRY_SECONDS_MIN;
  const [row] = await em.execute<{ begun: number }[]>(BEGUN, [workspaceId, looked, DRAIN_SECONDS]);
  return Math.max(RETRY_SECONDS_MIN, Math.ceil(DRAIN_SECONDS / Math.max(1, row?.begun ?? 0)));
}

/** Whether so many captures of a workspace wait, or more. */
async function areWaiting(em: EntityManager, workspaceId: WorkspaceId, count: number): Promise<boolean> {
  const [row] = await em.execute<{ waiting: boolean }[]>(WAITING, [workspaceId, workspaceId, count, workspaceId, count - 1]);
  return row?.waiting === true;
}

// By `job_by_workspace`: its first and its last entry, and only then entry by entry, up to the bound.
const WAITING = `select case
  when coalesce((select max(turn) from job where workspace_id = ? and state = 'available')
    - (select min(turn) from job where workspace_id = ? and state = 'available') + 1, 0) < ? then false
  else exists (select 1 from job where workspace_id = ? and state = 'available' order by turn offset ? limit 1) end as waiting`;
const COUNT = `select count(*)::int as waiting from (select 1 from job where workspace_id = ? and state = 'available' limit ?) as those`;
const DRAIN_SECONDS = 300;
const RETRY_SECONDS_MIN = 5;
// The newest wait and those before them were begun: as many are looked at as may wait, and so many more as make a difference.
const BEGUN = `select count(*)::int as begun from (
  select started_at from capture where workspace_id = ? order by id desc limit ?
) newest where started_at > now() - ? * interval '1 second'`;
