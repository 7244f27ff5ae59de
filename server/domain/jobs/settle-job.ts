import type { EntityManager } from '@mikro-orm/postgresql';
import {
  Asset,
  Attempt,
  type AttemptOutcome,
  Capture,
  CapturePayload,
  type CaptureRow,
  type JobRow,
} from '#server/db/captures.entities.ts';
import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import type { Failure, FailureCode } from '#shared/failure.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import { shownUrl } from '#shared/target-url.ts';
import { recordEvent } from '../record-event.ts';
import { recordReceipt, withSpentSession } from './session-use.ts';

export type StoredAsset = {
  blobName: string;
  contentType: string;
  bytes: number;
  sha256: string;
  width: number | null;
  height: number | null;
  pages: number | null;
};
export type Ending =
  | { status: 'succeeded'; asset: StoredAsset; observed: Observed }
  | { status: 'failed'; failure: Failure; observed: Observed | null }
  | { status: 'canceled' };

/** How the attempt that ran last ended; nothing to say when none was running. */
export type AttemptEnd = { outcome: AttemptOutcome; code: FailureCode | 'canceled' | null };

/**
 * Makes a capture final, inside the caller's transaction and with the job row locked: status, result, end of the
 * attempt, the event for webhooks, and the sealed payload wiped, all or nothing. The lease token's hash stays, so that its holder can be told.
 */
export async function settleJob(em: EntityManager, job: JobRow, ending: Ending, attempt?: AttemptEnd): Promise<void> {
  const now = await databaseNow(em);
  const capture = await em.findOneOrFail(Capture, { id: job.capture.id });
  job.state = 'settled';
  job.leaseUntil = null;
  job.step = null;
  capture.status = ending.status;
  capture.finishedAt = now;
  capture.timings = { ...(ending.status === 'canceled' ? {} : ending.observed?.timings), ...serverTimings(capture, now) };
  if (ending.status !== 'canceled' && ending.observed) recordObserved(capture, ending.observed);
  if (ending.status === 'failed') capture.failure = withSpentSession(ending.failure, capture);
  if (ending.status === 'succeeded') {
    capture.storedAt = now;
    capture.expiresAt = new Date(now.getTime() + capture.retentionMs);
    await em.insert(Asset, { capture: capture.id, ...ending.asset });
  }
  if (attempt) await endAttempt(em, job, { ...attempt, at: now });
  await em.nativeDelete(CapturePayload, { capture: capture.id });
  await em.flush();
  const workspaceId = job.workspace.id;
  await recordEvent(em, {
    type: `capture.${ending.status}`,
    workspaceId,
    about: { id: capture.id, object: 'capture', status: ending.status },
    captureId: capture.id,
    at: now,
  });
  await notify(em, { kind: 'capture', captureId: capture.id, workspaceId, isFinal: true });
}

/** Writes how and when the job's present attempt ended. */
export async function endAttempt(em: EntityManager, job: JobRow, end: AttemptEnd & { at: Date }): Promise<void> {
  const { outcome, code, at } = end;
  await em.nativeUpdate(Attempt, { capture: job.capture.id, number: job.attempt, finishedAt: null }, { finishedAt: at, code, outcome });
}

function recordObserved(capture: CaptureRow, observed: Observed): void {
  // The runner already sends the shown form; writing it again costs nothing and keeps a query out whatever a runner does.
  capture.finalUrl = observed.finalUrl === null ? null : shownUrl(observed.finalUrl) || null;
  capture.httpStatus = observed.httpStatus;
  capture.verdict = observed.verdict;
  capture.partial = observed.partial;
  capture.readiness = observed.readiness;
  capture.egress = observed.egress;
  capture.controls = observed.controls;
  recordReceipt(capture, observed);
}

function serverTimings(capture: CaptureRow, now: Date): { queue?: number; total: number } {
  const since = (start: Date, end: Date) => Math.max(0, end.getTime() - start.getTime());
  return { ...(capture.startedAt ? { queue: since(capture.queuedAt, capture.startedAt) } : {}), total: since(capture.createdAt, now) };
}
