import type { EntityManager } from '@mikro-orm/postgresql';
import { notify } from '#server/db/notifications.ts';
import type { CaptureId, JobId, WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Heartbeat, HeartbeatRequest } from '#shared/runner-protocol.ts';
import { steadyNow } from '#shared/steady-now.ts';
import type { RunnerActor } from '../access/actor.ts';
import type { Deps } from '../deps.ts';
import { lostLease } from './fence.ts';
import { hashLeaseToken } from './lease-token.ts';

/** How long a held heartbeat goes by events alone before it looks for itself: a cancel must arrive within 2 s. */
const LOOK_MS = 1_500;

type Beating = Pick<Deps, 'db' | 'events'>;
type Lease = { jobId: JobId; runnerId: string; hash: string };

/**
 * Extends a lease, records the step, and holds the answer for up to 10 s so that a cancel reaches the runner at once.
 * `canceled` tells it to stop: the capture was canceled, deleted, or is past its deadline. A lease that somebody else
 * has taken is refused with a conflict.
 */
export async function heartbeatJob(
  deps: Beating,
  runner: RunnerActor,
  jobId: JobId,
  body: HeartbeatRequest,
  signal?: AbortSignal,
): Promise<Heartbeat> {
  const lease: Lease = { jobId, runnerId: runner.runnerId, hash: hashLeaseToken(body.leaseToken) };
  const answer = (canceled: boolean): Heartbeat => ({ canceled, leaseMs: LIMITS.leaseMs });
  const beat = await extendLease(deps, lease, body);
  if (!beat) {
    const state = await readLease(deps.db.acrossWorkspaces(), lease);
    if (state !== 'canceled') throw lostLease();
    return answer(true);
  }
  if (beat.cancelRequested) return answer(true);
  const endsAt = steadyNow() + LIMITS.heartbeatHoldMsMax;
  for (;;) {
    const left = Math.min(LOOK_MS, endsAt - steadyNow());
    if (left <= 0 || signal?.aborted) return answer(false);
    // Looking comes after waiting begins: a cancel committed before that would otherwise be waited past.
    const woken = deps.events.next((event) => event.kind === 'cancel' && event.jobId === jobId, left, signal);
    const state = await readLease(deps.db.acrossWorkspaces(), lease);
    if (state === 'canceled' || state === 'gone') return answer(true);
    if (state === 'lost') throw lostLease();
    await woken;
  }
}

async function extendLease(deps: Beating, lease: Lease, body: HeartbeatRequest): Promise<{ cancelRequested: boolean } | null> {
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const [row] = await em.execute<BeatRow[]>(EXTEND, [
      LIMITS.leaseMs,
      body.step,
      body.sideEffects ?? false,
      lease.jobId,
      lease.hash,
      lease.runnerId,
    ]);
    if (!row) return null;
    if (row.step_before !== body.step)
      await notify(em, { kind: 'capture', captureId: row.capture_id, workspaceId: row.workspace_id, isFinal: false });
    return { cancelRequested: row.cancel_requested };
  });
}

type BeatRow = { capture_id: CaptureId; workspace_id: WorkspaceId; cancel_requested: boolean; step_before: string | null };
type LeaseState = 'held' | 'canceled' | 'lost' | 'gone';

/** Conditional on the token: of a lease that was taken by another, nothing is extended. */
const EXTEND = `
update job set lease_until = now() + ? * interval '1 millisecond', step = ?, side_effects = job.side_effects or ?
from job before
where before.id = job.id and job.id = ? and job.state = 'leased' and job.lease_token_hash = ? and job.runner_id = ?
returning job.capture_id, job.workspace_id, job.cancel_requested, before.step as step_before`;

async function readLease(em: EntityManager, lease: Lease): Promise<LeaseState> {
  const [row] = await em.execute<{ state: string; cancel_requested: boolean; mine: boolean; status: string }[]>(
    `select job.state, job.cancel_requested, capture.status, (job.lease_token_hash = ? and job.runner_id = ?) is true as mine
     from job join capture on capture.id = job.capture_id where job.id = ?`,
    [lease.hash, lease.runnerId, lease.jobId],
  );
  if (!row) return 'gone';
  if (!row.mine) return 'lost';
  if (row.state === 'leased') return row.cancel_requested ? 'canceled' : 'held';
  return row.state === 'settled' && row.status === 'canceled' ? 'canceled' : 'lost';
}
