import { type EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Job } from '#server/db/captures.entities.ts';
import { notify } from '#server/db/notifications.ts';
import type { Capture as CaptureView } from '#shared/capture.ts';
import type { CaptureId } from '#shared/ids.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { settleJob } from '../jobs/settle-job.ts';
import { loadViews } from './load-views.ts';
import { findCapture } from './read-captures.ts';

/**
 * Cancels a capture: a waiting one never runs, a running one is stopped by its runner's held heartbeat. It is final at
 * once, its payload wiped, and a result that still comes is refused. A finished capture: `conflict`. Answers what the
 * caller was shown when it was made, with its new status: a key that may create and not read can cancel too.
 */
export async function cancelCapture(
  deps: Pick<Deps, 'db' | 'blobs' | 'clock' | 'settings'>,
  actor: Actor,
  id: string,
): Promise<CaptureView> {
  requireScope(actor, 'captures:create');
  const canceled = await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const capture = await findCapture(em, actor, id);
    return await cancelJob(em, actor, capture.id);
  });
  if (!canceled) throw new AppError('conflict', 'The capture is finished: it can be deleted, not canceled.');
  const [view] = await deps.db
    .inWorkspace(actor.workspaceId)
    .transactional(
      async (em) => await loadViews(em, deps, { shown: [{ actor, capture: await findCapture(em, actor, id) }], withLinks: false }),
    );
  if (!view) throw notFound();
  return view;
}

/** Cancels the job of a capture inside the caller's transaction; answers false when it was settled already. */
export async function cancelJob(em: EntityManager, actor: Actor, captureId: CaptureId): Promise<boolean> {
  const job = await em.findOne(Job, { capture: captureId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!job || job.state === 'settled') return false;
  const running = job.state === 'leased';
  job.cancelRequested = true;
  await settleJob(em, job, { status: 'canceled' }, running ? { outcome: 'canceled', code: 'canceled' } : undefined);
  await recordAudit(em, actor, { action: 'capture.cancel', target: captureId });
  if (running) await notify(em, { kind: 'cancel', jobId: job.id });
  return true;
}
