import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditAction } from '#shared/audit-actions.ts';
import { makeId, type UserId, type WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';
import type { Actor, RunnerActor } from './actor.ts';

/** Who an entry names: those who act, the instance itself, or somebody who did not say who he is. */
export type AuditActor =
  | Actor
  | RunnerActor
  | { kind: 'user'; userId: UserId; address?: string }
  | { kind: 'server' | 'anyone'; address?: string };

/**
 * What is to be recorded. `target` is an id, `detail` a word of ours, a host or a number: nothing that came with a request
 * and could be secret. `workspaceId` is the actor's unless it is given; null for what concerns the whole instance.
 */
export type AuditRecord = { action: AuditAction; target?: string; detail?: string; workspaceId?: WorkspaceId | null };

/**
 * Writes what somebody did into the audit log, inside the caller's transaction: it is there if and only if the deed is.
 * One statement and no lock. The entries are chained a moment later (`chain-audit.ts`).
 */
export async function recordAudit(em: EntityManager, actor: AuditActor, ...records: readonly AuditRecord[]): Promise<void> {
  await recordAudits(
    em,
    records.map((record) => ({ actor, record })),
  );
}

/** The same of several actors at once. */
export async function recordAudits(em: EntityManager, entries: readonly { actor: AuditActor; record: AuditRecord }[]): Promise<void> {
  if (entries.length > 0) await em.execute(RECORD, [JSON.stringify(entries.map(({ actor, record }) => toRow(actor, record)))]);
}

/**
 * Writes that somebody was refused: at most `LIMITS.auditRefusalsMinuteMax` of a kind by one actor in a minute, on all
 * servers together. Never throws: the refusal stands whether or not it could be recorded, and the log tells.
 */
export async function recordRefusal(deps: Pick<Deps, 'db' | 'log'>, actor: AuditActor, record: AuditRecord): Promise<void> {
  const row = toRow(actor, record);
  const values = [row.id, row.workspace_id, row.actor_kind, row.actor_id, row.address, row.action, row.target, row.detail];
  const bound = [row.action, row.actor_id, row.detail, LIMITS.auditRefusalsMinuteMax, LIMITS.auditRefusalsMinuteMax];
  try {
    await deps.db.acrossWorkspaces().execute(REFUSE, [...values, ...bound]);
  } catch (error) {
    deps.log.error('A refusal could not be written into the audit log', { code: row.action, error });
  }
}

/** The id that an entry has for its actor; null for those that have none. */
function idOf(actor: AuditActor): string | null {
  if (actor.kind === 'apiKey') return actor.keyId;
  if (actor.kind === 'user') return actor.userId;
  return actor.kind === 'runner' ? actor.runnerId : null;
}

function toRow(actor: AuditActor, { action, target, detail, workspaceId }: AuditRecord) {
  return {
    id: makeId('auditEvent'),
    workspace_id: workspaceId === undefined ? ('workspaceId' in actor ? actor.workspaceId : null) : workspaceId,
    actor_kind: actor.kind,
    actor_id: idOf(actor),
    address: actor.address ?? null,
    action,
    target: target ?? null,
    detail: detail ?? null,
  };
}

const COLUMNS = 'id, workspace_id, actor_kind, actor_id, address, action, target, detail';
const INSERT = `insert into audit_event (${COLUMNS}, outcome, at)`;
/** Tells the chain what it has to take up, in the same statement, so that no entry can be without. */
const PENDING = 'insert into audit_pending (event_id) select id from entry';

const RECORD = `
with entry as (
  ${INSERT} select ${COLUMNS}, 'ok', now()
  from jsonb_to_recordset(?::jsonb) as given (id text, workspace_id text, actor_kind text, actor_id text, address text,
    action text, target text, detail text)
  returning id
) ${PENDING}`;

const REFUSE = `
with entry as (
  ${INSERT} select ?::text, ?::text, ?::text, ?::text, ?::text, ?::text, ?::text, ?::text, 'refused', now()
  where (
    select count(*) from (
      select 1 from audit_event where action = ?::text and at > now() - interval '1 minute' and outcome = 'refused'
        and actor_id is not distinct from ?::text and detail is not distinct from ?::text limit ?
    ) as recent
  ) < ?
  returning id
) ${PENDING}`;

/**
 * The same for a statement that finds out by itself what there is to record: two members of its `with`. `from` has the
 * columns `workspace_id`, `actor_id`, `target` and `detail`, and at most one row. Parameters: see `recordingValues`.
 */
export const recordingSql = (record: { action: AuditAction; actorKind: AuditActor['kind']; from: string }) => `
entry as (
  ${INSERT} select ?::text, workspace_id, '${record.actorKind}', actor_id, ?::text, '${record.action}', target, detail, 'ok', now()
  from ${record.from}
  returning id
),
chained as (${PENDING})`;

/** The parameters of `recordingSql`, in their order. */
export function recordingValues(actor: AuditActor): [id: string, address: string | null] {
  return [makeId('auditEvent'), actor.address ?? null];
}
