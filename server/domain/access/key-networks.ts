import { LockMode } from '@mikro-orm/postgresql';
import { ApiKey } from '#server/db/access.entities.ts';
import type { ApiKeyView, KeyNetwork } from '#shared/console.ts';
import { isId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, requireAdmin } from './actor.ts';
import { toKeyView } from './api-key-view.ts';
import { recordAudit } from './audit.ts';

/**
 * The latest first, and no more than may be kept: known ones and new ones by bounds of their own. So whoever goes from
 * network to network with a stolen key pushes none of its owner's out, and an owner who travels pushes out no alert.
 */
export function boundNetworks(networks: readonly KeyNetwork[]): KeyNetwork[] {
  const latest = networks.toSorted((a, b) => Date.parse(b.lastUsedAt) - Date.parse(a.lastUsedAt));
  const left = { known: LIMITS.keyNetworksMax, new: LIMITS.keyNewNetworksMax };
  return latest.filter(({ isNew }) => left[isNew ? 'new' : 'known']-- > 0);
}

/**
 * Says that a network new to a key is in order: its alert is over, and it is one of those the key is known by. One that is
 * known already stays as it is; one that the key was not used from, or that is forgotten, is not found.
 */
export async function acknowledgeNetwork(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  { id, network }: { id: string; network: string },
): Promise<ApiKeyView> {
  requireAdmin(actor);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const where = { id, workspace: actor.workspaceId };
    const row = isId('apiKey', id) ? await em.findOne(ApiKey, { ...where, id }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null;
    const entry = row?.networks?.find((each) => each.network === network);
    if (!row || !entry) throw notFound();
    if (!entry.isNew) return toKeyView(row);
    row.networks = boundNetworks((row.networks ?? []).map((each) => (each === entry ? { ...each, isNew: false } : each)));
    await em.flush();
    await recordAudit(em, actor, { action: 'key.acknowledge', target: row.id, detail: network });
    return toKeyView(row);
  });
}
