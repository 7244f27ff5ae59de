import { Workspace } from '#server/db/access.entities.ts';
import type { EgressMode } from '#shared/console.ts';
import type { Deps } from '../deps.ts';
import { type Actor, requireAdmin } from './actor.ts';
import { recordAudit } from './audit.ts';

type EgressPolicy = { mode: EgressMode };

/** Reads how far pages of the workspace may load from elsewhere. */
export async function readEgressMode(deps: Pick<Deps, 'db'>, actor: Actor): Promise<EgressPolicy> {
  const { egressMode } = await deps.db.inWorkspace(actor.workspaceId).findOneOrFail(Workspace, { id: actor.workspaceId });
  return { mode: egressMode };
}

/** Sets how far pages of the workspace may load from elsewhere. Captures that are waiting go by it too. */
export async function setEgressMode(deps: Pick<Deps, 'db'>, actor: Actor, { mode }: EgressPolicy): Promise<EgressPolicy> {
  requireAdmin(actor);
  await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const changed = await em.nativeUpdate(Workspace, { id: actor.workspaceId, egressMode: { $ne: mode } }, { egressMode: mode });
    if (changed > 0) await recordAudit(em, actor, { action: 'workspace.policy', target: actor.workspaceId, detail: `egress ${mode}` });
  });
  return { mode };
}
