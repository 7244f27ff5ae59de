import type { EntityManager } from '@mikro-orm/postgresql';
import { Capture, type JobRow } from '#server/db/captures.entities.ts';
import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import { FAILURES, type Failure, failure } from '#shared/failure.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import { decideRetry } from './retry-policy.ts';
import { recordReceipt } from './session-use.ts';
import { type AttemptEnd, endAttempt, settleJob } from './settle-job.ts';

/** Puts a job back into the queue inside the caller's transaction, to be available after `delayMs`. */
export async function requeueJob(em: EntityManager, job: JobRow, delayMs: number): Promise<void> {
  const now = await databaseNow(em);
  job.state = 'available';
  job.leaseUntil = null;
  job.step = null;
  job.availableAt = new Date(now.getTime() + delayMs);
  job.announcedAt = null;
  job.announcingUntil = null;
  await em.nativeUpdate(Capture, { id: job.capture.id, status: 'running' }, { status: 'queued' });
  await em.flush();
  const changed = { captureId: job.capture.id, workspaceId: job.workspace.id, isFinal: false };
  await notify(em, { kind: 'job', jobId: job.id }, { kind: 'capture', ...changed });
}

export type FailedReport = { failure: Failure; observed: Observed | null; end: AttemptEnd };

/**
 * Ends the running attempt as failed and either queues the job again or makes the capture final, by the retry rules. A
 * retry that could not begin before the deadline is none: the capture ends with what really went wrong.
 */
export async function retryOrFail(em: EntityManager, job: JobRow, report: FailedReport): Promise<void> {
  const { failure: failed, observed, end } = report;
  const decision = decideRetry({
    code: failed.code,
    httpStatus: observed?.httpStatus ?? null,
    attempt: job.attempt,
    targetFailures: job.targetFailures,
    sideEffects: job.sideEffects,
    retryAfterActions: job.retryAfterActions,
  });
  if (!decision.retry) {
    const reported = decision.code === failed.code ? failed : failure(decision.code, failed.step);
    return settleJob(em, job, { status: 'failed', failure: reported, observed }, end);
  }
  const now = await databaseNow(em);
  if (now.getTime() + decision.delayMs >= job.deadlineAt.getTime())
    return settleJob(em, job, { status: 'failed', failure: failed, observed }, end);
  if (FAILURES[failed.code].retry === 'target') job.targetFailures += 1;
  await endAttempt(em, job, { ...end, at: now });
  if (observed) recordReceipt(await em.findOneOrFail(Capture, { id: job.capture.id }), observed, job.attempt);
  await requeueJob(em, job, decision.delayMs);
}
