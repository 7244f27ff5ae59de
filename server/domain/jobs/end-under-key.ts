import type { EntityManager } from '@mikro-orm/postgresql';
import type { JobRow } from '#server/db/captures.entities.ts';
import { notify } from '#server/db/notifications.ts';
import { type Failure, failure } from '#shared/failure.ts';
import { type AuditActor, recordAudit } from '../access/audit.ts';
import type { Deps } from '../deps.ts';
import { settleJob } from './settle-job.ts';
import { type Condition, sweepJobs } from './sweep-jobs.ts';

/** Why captures under a key are ended: the key was revoked, or the operator gave up what is left under it. */
export type EndReason = 'revoked' | 'purged';

const SAYS: Record<EndReason, string> = {
  revoked:
    'The key that the request was sealed to was revoked, so it is not opened any more and its payload is deleted. Send the request again; an auth state that you seal yourself, to the first key that `GET /api/keys/runner` gives now.',
  purged:
    'The operator ended the captures that were left under an old key, so the request is not opened any more and its payload is deleted. Send it again.',
};

const NEEDS = 'select 1 from capture_payload payload where payload.capture_id = job.capture_id';
const UNSETTLED = `state <> 'settled'`;
/** Jobs that need a revoked key, for the payload or for what the client sealed inside it. */
export const UNDER_REVOKED: Condition = {
  sql: `${UNSETTLED} and exists (${NEEDS} and (payload.kid in (select kid from revoked_pool_key) or payload.auth_kid in (select kid from revoked_pool_key)))`,
};
/** Jobs that need this key. */
export const underKey = (kid: string): Condition => ({
  sql: `${UNSETTLED} and exists (${NEEDS} and (payload.kid = ? or payload.auth_kid = ?))`,
  parameters: [kid, kid],
});

/** Ends the captures of a condition as `payload_unreadable`, at most `SWEEP_MAX`, running ones too. Answers how many. */
export async function endUnderKey(
  deps: Pick<Deps, 'db' | 'log'>,
  actor: AuditActor,
  { condition, reason }: { condition: Condition; reason: EndReason },
): Promise<number> {
  return await sweepJobs(deps, condition, async (em, job) => await endJob(em, job, actor, reason));
}

/** Ends what a revocation that broke off has left, in nobody's name. */
export async function endRevoked(deps: Pick<Deps, 'db' | 'log'>): Promise<number> {
  return await endUnderKey(deps, { kind: 'server' }, { condition: UNDER_REVOKED, reason: 'revoked' });
}

/** Counts the jobs of a condition. */
export async function countJobs(deps: Pick<Deps, 'db'>, { sql, parameters = [] }: Condition): Promise<number> {
  const [row] = await deps.db
    .acrossWorkspaces()
    .execute<{ count: number }[]>(`select count(*)::int as count from job where ${sql}`, [...parameters]);
  return row?.count ?? 0;
}

/**
 * Makes one capture final inside the caller's transaction, with its job row locked: failed, its payload deleted, the end in the
 * log of its workspace. The runner of a running one is told to stop, and what it reports is refused.
 */
export async function endJob(em: EntityManager, job: JobRow, actor: AuditActor, reason: EndReason): Promise<void> {
  const isRunning = job.state === 'leased';
  const ended: Failure = failure('payload_unreadable', isRunning ? (job.step ?? 'claimed') : null, { instead: SAYS[reason] });
  await settleJob(
    em,
    job,
    { status: 'failed', failure: ended, observed: null },
    isRunning ? { outcome: 'failed', code: ended.code } : undefined,
  );
  await recordAudit(em, actor, { action: 'payload.revoke', target: job.capture.id, detail: reason, workspaceId: job.workspace.id });
  if (isRunning) await notify(em, { kind: 'cancel', jobId: job.id });
}
