import { Asset } from '#server/db/captures.entities.ts';
import { LIMITS } from '#shared/limits.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { signLink, stampLink } from './load-views.ts';
import { findCapture } from './read-captures.ts';

/**
 * Signs a new link to the asset of a capture, for `ttlMs` (default: the instance's life of links) but never beyond the
 * asset's retention. Earlier links run out by themselves. Refuses with `conflict` when there is no asset.
 */
export async function issueAssetLink(
  deps: Pick<Deps, 'db' | 'blobs' | 'clock' | 'settings'>,
  actor: Actor,
  id: string,
  ttlMs?: number,
): Promise<{ url: string; expiresAt: string }> {
  requireScope(actor, 'captures:read');
  const lifeMs = ttlMs ?? deps.settings.linkLifeMs;
  if (ttlMs !== undefined && (ttlMs < LIMITS.linkLifeMsMin || ttlMs > LIMITS.linkLifeMsMax)) {
    const message = `must lie between ${LIMITS.linkLifeMsMin} and ${LIMITS.linkLifeMsMax} milliseconds`;
    throw new AppError('invalid_request', `ttl ${message}.`, { errors: [{ path: 'ttl', message }] });
  }
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const capture = await findCapture(em, actor, id);
    const asset = await em.findOne(Asset, { capture: capture.id });
    const link = asset && (await signLink(deps, { capture, asset, lifeMs }));
    if (!link) throw new AppError('conflict', noAsset(capture.status));
    stampLink(capture, deps.clock.now());
    await recordAudit(em, actor, { action: 'capture.link', target: capture.id });
    return { url: link.url, expiresAt: link.expiresAt.toISOString() };
  });
}

function noAsset(status: string): string {
  if (status === 'queued' || status === 'running') return `The capture is ${status}: its asset can be linked to once it has succeeded.`;
  return status === 'succeeded'
    ? 'The asset was deleted at the end of its retention: make a new capture.'
    : `The capture is ${status}: it has no asset.`;
}
