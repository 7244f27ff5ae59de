import type { EntityManager } from '@mikro-orm/postgresql';
import { notify } from '#server/db/notifications.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { PRIORITIES } from '#shared/capture-request.ts';
import { type CaptureId, makeId, type WorkspaceId } from '#shared/ids.ts';

export type NewJob = {
  captureId: CaptureId;
  deadlineAt: Date;
  totalMs: number;
  retryAfterActions: boolean;
  priority: (typeof PRIORITIES)[number];
  keyDomains: readonly AllowedDomain[] | null;
};

/**
 * Writes the jobs of captures of one workspace inside the caller's transaction. The row is the outbox: until `announcedAt` is set,
 * every server's dispatcher announces it, so that a capture that was accepted is dispatched whoever dies next. Those who watch
 * the workspace are told of the captures. Their turns come after those of their own workspace that wait, and beside those of
 * others: a workspace that has a thousand waiting and one that has ten take turns (start-time fair queueing, with equal weights).
 */
export async function enqueueJobs(
  em: EntityManager,
  workspaceId: WorkspaceId,
  { now, jobs }: { now: Date; jobs: readonly NewJob[] },
): Promise<void> {
  const [row] = await em.execute<{ turn: string }[]>('select next_turn(?) as turn', [workspaceId]);
  const turn = Number(row?.turn ?? 0);
  const rows = jobs.map((job, index) => ({
    ...job,
    id: makeId('job', now.getTime()),
    priority: PRIORITIES.indexOf(job.priority),
    turn: turn + index,
  }));
  await em.execute(INSERT, [workspaceId, now, JSON.stringify(rows)]);
  const [first] = rows;
  if (!first) return;
  // One word wakes all runners that wait.
  const watched = jobs.map(({ captureId }) => ({ kind: 'capture' as const, captureId, workspaceId, isFinal: false }));
  await notify(em, { kind: 'job', jobId: first.id }, ...watched);
}

// Members are named as those of `NewJob`.
const INSERT = `
insert into job (id, capture_id, workspace_id, state, available_at, turn, priority, retry_after_actions, deadline_at, total_ms, key_domains)
select id, "captureId", ?, 'available', ?::timestamptz, turn, priority, "retryAfterActions", "deadlineAt", "totalMs", "keyDomains"
from jsonb_to_recordset(?::jsonb) as given (id text, "captureId" text, turn bigint, priority integer, "retryAfterActions" boolean,
  "deadlineAt" timestamptz, "totalMs" integer, "keyDomains" jsonb)`;
