import { LIMITS } from '#shared/limits.ts';
import type { PayloadSurvey, Purged } from '#shared/pool-keys.ts';
import type { OperatorActor } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { countJobs, endUnderKey, UNDER_REVOKED, underKey } from '../jobs/end-under-key.ts';
import { findActiveKeys } from '../jobs/list-pool-keys.ts';
import { expireDeadlines } from '../jobs/recover-jobs.ts';

type Purging = Pick<Deps, 'db' | 'log' | 'sealer'>;

/** Counts what a purge looks at; changes nothing. With `kid` also the captures that need that key. */
export async function surveyPayloads(deps: Pick<Deps, 'db'>, { kid }: { kid?: string }): Promise<PayloadSurvey> {
  const em = deps.db.acrossWorkspaces();
  const [row] = await em.execute<SurveyRow[]>(SURVEY, [LIMITS.idempotencyLifeMs]);
  if (!row) throw new Error('The database did not count');
  return {
    payloads: row.payloads,
    ofFinalCaptures: row.of_final,
    pastDeadline: row.past_deadline,
    underRevokedKeys: await countJobs(deps, UNDER_REVOKED),
    underKey: kid === undefined ? null : await countJobs(deps, underKey(kid)),
    idempotencyRecords: row.records,
    idempotencyExpired: row.expired,
  };
}

/**
 * Deletes one bounded batch of what should not be there: payloads of final captures, captures past their deadline or under a
 * revoked key, which fail, and idempotency answers past their life. With `kid` also the captures that need that key fail. Locks no
 * table, and only rows that it deletes; rows that somebody else holds are left for the next call. Refuses the key that this
 * server seals to, and any key where the server does not know which one that is.
 */
export async function purgePayloads(deps: Purging, actor: OperatorActor, { kid }: { kid?: string }): Promise<Purged> {
  if (kid !== undefined) await refuseActiveKey(deps, kid);
  const em = deps.db.acrossWorkspaces();
  const payloads = (await em.execute<unknown[]>(DELETE_PAYLOADS, [LIMITS.purgeBatch])).length;
  const late = await expireDeadlines(deps);
  const revoked = await endUnderKey(deps, actor, { condition: UNDER_REVOKED, reason: 'revoked' });
  const left = kid === undefined ? 0 : await endUnderKey(deps, actor, { condition: underKey(kid), reason: 'purged' });
  const records = (await em.execute<unknown[]>(DELETE_RECORDS, [LIMITS.idempotencyLifeMs, LIMITS.purgeRecordsBatch])).length;
  const captures = late + revoked + left;
  await em.transactional(async (tx) => {
    const detail = `${payloads} payloads, ${captures} captures, ${records} idempotency answers`;
    await recordAudit(tx, actor, { action: 'payload.purge', target: kid, detail, workspaceId: null });
  });
  const more = payloads > 0 || captures > 0 || records > 0;
  return { payloads, captures, idempotencyRecords: records, more };
}

async function refuseActiveKey(deps: Purging, kid: string): Promise<void> {
  const [sealing] = await findActiveKeys(deps);
  if (sealing && sealing.kid !== kid) return;
  const [message, remedy] = sealing
    ? ['is the key that captures are sealed to', 'Make another one first with `sessionshot runner keygen --rotate`, or revoke it.']
    : ['cannot be told from the key that captures are sealed to', 'Give the server’s SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE.'];
  throw new AppError('invalid_request', `kid: \`${kid}\` ${message}. ${remedy}`, { errors: [{ path: 'kid', message }] });
}

type SurveyRow = { payloads: number; of_final: number; past_deadline: number; records: number; expired: number };

/** A payload that nobody will open: its capture is final, or has no job that could still run. */
const IS_LEFT = `not exists (
  select 1 from job join capture on capture.id = job.capture_id
  where job.capture_id = payload.capture_id and job.state <> 'settled' and capture.status in ('queued', 'running')
)`;

const SURVEY = `
select (select count(*) from capture_payload)::int as payloads,
  (select count(*) from capture_payload payload where ${IS_LEFT})::int as of_final,
  (select count(*) from job where state = 'available' and deadline_at <= now())::int as past_deadline,
  (select count(*) from idempotency_record)::int as records,
  (select count(*) from idempotency_record where created_at < now() - ? * interval '1 millisecond')::int as expired`;

const DELETE_PAYLOADS = `
delete from capture_payload where capture_id in (
  select payload.capture_id from capture_payload payload where ${IS_LEFT} limit ? for update skip locked
) returning capture_id`;

const DELETE_RECORDS = `
delete from idempotency_record where (workspace_id, key) in (
  select workspace_id, key from idempotency_record
  where created_at < now() - ? * interval '1 millisecond' order by created_at limit ? for update skip locked
) returning key`;
