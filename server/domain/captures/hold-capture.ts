import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Capture, type CaptureRow } from '#server/db/captures.entities.ts';
import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import type { Capture as CaptureView } from '#shared/capture.ts';
import { type Actor, requireAdmin } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { loadViews } from './load-views.ts';
import { findCapture } from './read-captures.ts';

type Holding = Pick<Deps, 'db' | 'blobs' | 'clock' | 'settings'>;

/**
 * Keeps a capture and its asset from being deleted, by hand or by the end of its retention, until it is released. For owners
 * and admins: an API key that may delete must not be able to clear its own way. `conflict` for one that is being deleted.
 */
export async function holdCapture(deps: Holding, actor: Actor, id: string): Promise<CaptureView> {
  return await change(deps, actor, id, async (em, capture) => {
    if (capture.assetExpiredAt)
      throw new AppError('conflict', 'The file of the capture was deleted at the end of its retention: there is nothing left to hold.');
    if (capture.deletingAt) throw new AppError('conflict', 'The capture is being deleted: it cannot be held any more.');
    if (capture.heldAt) return;
    capture.heldAt = await databaseNow(em);
    await recordAudit(em, actor, { action: 'capture.hold', target: capture.id });
  });
}

/** Takes a capture off hold. Its retention is what it was: one that is over ends with the next sweep. */
export async function releaseCapture(deps: Holding, actor: Actor, id: string): Promise<CaptureView> {
  return await change(deps, actor, id, async (em, capture) => {
    if (!capture.heldAt) return;
    capture.heldAt = null;
    await recordAudit(em, actor, { action: 'capture.release', target: capture.id });
  });
}

/**
 * Marks a capture as being deleted, so that it cannot be held from then on: between the blobs and their rows there is no
 * transaction. Locks its row until the caller's transaction ends. Refuses what is held.
 */
export async function beginDeletion(em: EntityManager, capture: CaptureRow): Promise<void> {
  await em.refresh(capture, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (capture.heldAt)
    throw new AppError(
      'conflict',
      'The capture is on hold: an owner or admin of the workspace has to release it before it can be deleted.',
    );
  capture.deletingAt ??= await databaseNow(em);
}

async function change(
  deps: Holding,
  actor: Actor,
  id: string,
  act: (em: EntityManager, capture: CaptureRow) => Promise<void>,
): Promise<CaptureView> {
  requireAdmin(actor);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const { id: captureId } = await findCapture(em, actor, id);
    const capture = await em.findOne(Capture, { id: captureId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
    if (!capture) throw notFound(); // deleted in between
    await act(em, capture);
    await em.flush();
    await notify(em, { kind: 'capture', captureId, workspaceId: actor.workspaceId, isFinal: capture.finishedAt !== null });
    const [view] = await loadViews(em, deps, { shown: [{ actor, capture }], withLinks: false });
    if (!view) throw notFound();
    return view;
  });
}
