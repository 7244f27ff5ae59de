import { Asset, Capture } from '#server/db/captures.entities.ts';
import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import type { CaptureId, WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { recordAudit } from '../access/audit.ts';
import type { Deps } from '../deps.ts';
import { captureOfBlob } from '../jobs/blob-name.ts';
import type { StoredBlob } from '../ports.ts';

/** Assets of one sweep at most; what is left is for the next turn. */
const EXPIRE_MAX = 200;
const ORPHAN_BATCH = 200;

/**
 * Deletes the assets whose retention is over and that nobody holds: first the blob, then its row, so that a blob is never forgotten. The
 * capture stays. Also forgets idempotency keys past their life. Answers how many assets were deleted.
 */
export async function expireCaptures(deps: Pick<Deps, 'db' | 'blobs' | 'log'>): Promise<number> {
  const em = deps.db.acrossWorkspaces();
  await em.execute(`delete from idempotency_record where created_at < now() - ? * interval '1 millisecond'`, [LIMITS.idempotencyLifeMs]);
  const due = await em.execute<{ id: CaptureId; workspace_id: WorkspaceId; blob_name: string }[]>(
    `select capture.id, capture.workspace_id, asset.blob_name from capture join asset on asset.capture_id = capture.id
     where capture.asset_expired_at is null and capture.held_at is null and capture.expires_at <= now() order by capture.expires_at limit ${EXPIRE_MAX}`,
  );
  let expired = 0;
  for (const { id, workspace_id: workspaceId, blob_name: blobName } of due) {
    try {
      // It may have been held since: from this statement on it cannot be.
      const begun = await em.execute<unknown[]>(BEGIN, [id]);
      if (begun.length === 0) continue;
      await deps.blobs.remove(blobName);
      await em.transactional(async (tx) => {
        await tx.nativeDelete(Asset, { capture: id });
        await tx.nativeUpdate(Capture, { id }, { assetExpiredAt: await databaseNow(tx) });
        await recordAudit(tx, { kind: 'server' }, { action: 'capture.expire', target: id, workspaceId });
        await notify(tx, { kind: 'capture', captureId: id, workspaceId, isFinal: true });
      });
      expired += 1;
    } catch (error) {
      deps.log.error('An asset past its retention could not be deleted; it is tried again with the next sweep', { captureId: id, error });
    }
  }
  return expired;
}

const BEGIN = 'update capture set deleting_at = coalesce(deleting_at, now()) where id = ? and held_at is null returning id';

/**
 * Deletes blobs that no capture names as its result and that nobody is writing: those of attempts that were lost after
 * their upload. Only names of our form, older than `LIMITS.orphanBlobAgeMs`. Answers how many were deleted.
 */
export async function sweepOrphans(deps: Pick<Deps, 'db' | 'blobs' | 'clock' | 'log'>): Promise<number> {
  let swept = 0;
  let batch: StoredBlob[] = [];
  const oldest = deps.clock.now().getTime() - LIMITS.orphanBlobAgeMs;
  for await (const blob of deps.blobs.list('')) {
    if (blob.createdAt.getTime() > oldest || captureOfBlob(blob.name) === null) continue;
    batch.push(blob);
    if (batch.length < ORPHAN_BATCH) continue;
    swept += await removeOrphans(deps, batch);
    batch = [];
  }
  return swept + (await removeOrphans(deps, batch));
}

async function removeOrphans(deps: Pick<Deps, 'db' | 'blobs'>, blobs: StoredBlob[]): Promise<number> {
  const ids = [...new Set(blobs.map((blob) => captureOfBlob(blob.name)).filter((id) => id !== null))];
  if (ids.length === 0) return 0;
  const em = deps.db.acrossWorkspaces();
  const captures = await em.find(Capture, { id: { $in: ids }, status: { $in: ['queued', 'running'] } });
  const live = new Set(captures.map((capture) => capture.id));
  const named = new Set((await em.find(Asset, { capture: { $in: ids } })).map((asset) => asset.blobName));
  let removed = 0;
  for (const blob of blobs) {
    const capture = captureOfBlob(blob.name);
    if (capture === null || live.has(capture) || named.has(blob.name)) continue;
    await deps.blobs.remove(blob.name);
    removed += 1;
  }
  return removed;
}
