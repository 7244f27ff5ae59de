import { createHash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditEntry, AuditHead } from '#shared/audit.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';

/** Any number that nothing else in this database locks. */
const CHAIN_LOCK = 7_370_419;
/** More turns than this are for the next call: a log that grows faster than it is chained must not hold anybody. */
const TURNS_MAX = 40;

/** Where every chain begins: before its first link. */
export const CHAIN_START: AuditHead = { position: 0, hash: '0'.repeat(64) };

/**
 * Takes waiting entries into the chain, at most `LIMITS.auditBatch`. Servers take turns by a lock that is held for these
 * few statements and that nobody waits for: writers of entries never do. Answers how many were taken.
 */
export async function chainAudit(deps: Pick<Deps, 'db'>): Promise<number> {
  const em = deps.db.acrossWorkspaces();
  const waiting = await em.execute<unknown[]>('select 1 from audit_pending limit 1');
  if (waiting.length === 0) return 0;
  return await em.transactional(async (tx) => {
    const [turn] = await tx.execute<{ is_ours: boolean }[]>('select pg_try_advisory_xact_lock(?) as is_ours', [CHAIN_LOCK]);
    return turn?.is_ours ? await appendLinks(tx) : 0;
  });
}

/** Takes what waits at this moment into the chain. */
export async function chainWaiting(deps: Pick<Deps, 'db'>): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn++) if ((await chainAudit(deps)) < LIMITS.auditBatch) return;
}

/** The lock comes before the head is read: a head read earlier could be another server's last but one. */
async function appendLinks(em: EntityManager): Promise<number> {
  const [last] = await em.execute<AuditHead[]>('select position::float8, hash from audit_link order by position desc limit 1');
  const rows = await em.execute<EventRow[]>(WAITING, [LIMITS.auditBatch]);
  if (rows.length === 0) return 0;
  let head = last ?? CHAIN_START;
  const links = rows.map((row) => {
    const previousHash = head.hash;
    head = { position: head.position + 1, hash: hashEntry(previousHash, toEntry(row)) };
    return { event_id: row.id, previous_hash: previousHash, ...head };
  });
  await em.execute(APPEND, [JSON.stringify(links)]);
  return links.length;
}

/** The hash of an entry's link: SHA-256 of the hash before it, a line feed, and the entry's values as a JSON array. */
export function hashEntry(previousHash: string, entry: AuditEntry): string {
  const { id, at, workspace, actor, address, action, target, outcome, detail } = entry;
  const values = [id, at, workspace, actor.kind, actor.id, address, action, target, outcome, detail];
  return createHash('sha256')
    .update(`${previousHash}\n${JSON.stringify(values)}`)
    .digest('hex');
}

export type EventRow = Omit<AuditEntry, 'workspace' | 'actor'> & {
  workspace_id: string | null;
  actor_kind: AuditEntry['actor']['kind'];
  actor_id: string | null;
};

export function toEntry(row: EventRow): AuditEntry {
  const { id, at, workspace_id: workspace, actor_kind: kind, actor_id: actor, address, action, target, outcome, detail } = row;
  return { id, at, workspace, actor: { kind, id: actor }, address, action, target, outcome, detail };
}

/** The columns of `audit_event event`. The time as text: a JavaScript date would lose the microseconds, and with them a change. */
export const EVENT_COLUMNS = `event.id, to_char(event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  event.workspace_id, event.actor_kind, event.actor_id, event.address, event.action, event.target, event.outcome, event.detail`;

const WAITING = `select ${EVENT_COLUMNS} from audit_pending join audit_event event on event.id = audit_pending.event_id
order by event.id limit ?`;

const APPEND = `
with link as (
  insert into audit_link (position, event_id, previous_hash, hash)
  select position, event_id, previous_hash, hash
  from jsonb_to_recordset(?::jsonb) as given (position bigint, event_id text, previous_hash text, hash text)
  returning event_id
)
delete from audit_pending using link where audit_pending.event_id = link.event_id`;
