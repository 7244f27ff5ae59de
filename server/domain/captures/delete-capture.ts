import { Capture, IdempotencyRecord } from '#server/db/captures.entities.ts';
import { notify } from '#server/db/notifications.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { capturePrefix } from '../jobs/blob-name.ts';
import { cancelJob } from './cancel-capture.ts';
import { beginDeletion } from './hold-capture.ts';
import { findCapture } from './read-captures.ts';

/**
 * Deletes a capture with all that is kept of it: sealed payload, every blob it ever stored, rows, idempotency answer.
 * One that is not finished is canceled first; one that is on hold is refused with `conflict`. When storage cannot be reached
 * the capture stays, so that the call can be repeated: rows that are gone could not name the blobs any more.
 */
export async function deleteCapture(deps: Pick<Deps, 'db' | 'blobs'>, actor: Actor, id: string): Promise<void> {
  requireScope(actor, 'captures:delete');
  const em = deps.db.inWorkspace(actor.workspaceId);
  const capture = await em.transactional(async (tx) => {
    const found = await findCapture(tx, actor, id);
    // The job first: a runner that reports locks them in this order, and a refusal below takes the cancel back.
    await cancelJob(tx, actor, found.id);
    await beginDeletion(tx, found);
    return found;
  });
  const owner = { workspaceId: actor.workspaceId, captureId: capture.id, createdAt: capture.createdAt };
  try {
    for await (const blob of deps.blobs.list(capturePrefix(owner))) await deps.blobs.remove(blob.name);
  } catch (cause) {
    throw new AppError('unavailable', 'The storage cannot be reached, so nothing was deleted yet: send the request again.', {
      cause,
      retryAfterSeconds: 5,
    });
  }
  await em.transactional(async (tx) => {
    await tx.nativeDelete(IdempotencyRecord, { workspace: actor.workspaceId, captureId: capture.id });
    const deleted = await tx.nativeDelete(Capture, { id: capture.id, workspace: actor.workspaceId });
    // Of two who delete it at once, one did.
    if (deleted > 0) await recordAudit(tx, actor, { action: 'capture.delete', target: capture.id });
    await notify(tx, { kind: 'capture', captureId: capture.id, workspaceId: actor.workspaceId, isFinal: true });
  });
}
