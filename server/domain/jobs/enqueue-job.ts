import type { EntityManager } from '@mikro-orm/postgresql';
import { Job } from '#server/db/captures.entities.ts';
import { notify } from '#server/db/notifications.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { type CaptureId, type JobId, makeId, type WorkspaceId } from '#shared/ids.ts';

export type NewJob = {
  captureId: CaptureId;
  workspaceId: WorkspaceId;
  now: Date;
  deadlineAt: Date;
  totalMs: number;
  retryAfterActions: boolean;
  keyDomains: readonly AllowedDomain[] | null;
};

/**
 * Writes the job of a capture inside the caller's transaction. The row is the outbox: until `announcedAt` is set, every
 * server's dispatcher announces it, so that a capture that was accepted is dispatched whoever dies next. Those who watch
 * the workspace are told of the capture.
 */
export async function enqueueJob(em: EntityManager, job: NewJob): Promise<JobId> {
  const id = makeId('job', job.now.getTime());
  await em.insert(Job, {
    id,
    capture: job.captureId,
    workspace: job.workspaceId,
    state: 'available',
    attempt: 0,
    targetFailures: 0,
    processDeaths: 0,
    sideEffects: false,
    cancelRequested: false,
    retryAfterActions: job.retryAfterActions,
    availableAt: job.now,
    deadlineAt: job.deadlineAt,
    totalMs: job.totalMs,
    keyDomains: job.keyDomains === null ? null : [...job.keyDomains],
  });
  const { captureId, workspaceId } = job;
  await notify(em, { kind: 'job', jobId: id }, { kind: 'capture', captureId, workspaceId, isFinal: false });
  return id;
}
