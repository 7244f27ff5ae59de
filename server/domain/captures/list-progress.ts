import type { CaptureStatus } from '#shared/capture.ts';
import type { Step } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Actor } from '../access/actor.ts';
import { requireScope } from '../access/actor.ts';
import type { Deps } from '../deps.ts';

/** How far a capture is. `step` is set while it runs. */
export type CaptureProgress = { id: string; status: CaptureStatus; step: Step | null };

/**
 * Reads how far captures of the actor's workspace are: the named ones, or the newest twenty. Ids of other workspaces and
 * unknown ones are passed over.
 */
export async function listProgress(deps: Pick<Deps, 'db'>, actor: Actor, ids: readonly string[] | null): Promise<CaptureProgress[]> {
  requireScope(actor, 'captures:read');
  const em = deps.db.inWorkspace(actor.workspaceId);
  if (ids !== null)
    return ids.length === 0 ? [] : await em.execute<CaptureProgress[]>(`${PROGRESS} and capture.id in (?)`, [actor.workspaceId, ids]);
  return await em.execute<CaptureProgress[]>(`${PROGRESS} order by capture.id desc limit ?`, [actor.workspaceId, LIMITS.watchRecent]);
}

const PROGRESS = `
select capture.id, capture.status, case when capture.status = 'running' then job.step end as step
from capture left join job on job.capture_id = capture.id
where capture.workspace_id = ?`;
