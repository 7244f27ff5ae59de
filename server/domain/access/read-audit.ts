import type { AuditEntry, AuditHead, ListedEntry } from '#shared/audit.ts';
import type { AuditAction, AuditActorKind } from '#shared/audit-actions.ts';
import { isId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, type OperatorActor, requireAdmin } from './actor.ts';
import { CHAIN_START, chainWaiting, EVENT_COLUMNS, type EventRow, hashEntry, toEntry } from './chain-audit.ts';

export type AuditFilters = {
  limit: number;
  cursor?: string;
  action?: AuditAction;
  outcome?: AuditEntry['outcome'];
  actorKind?: AuditActorKind;
  actorId?: string;
  since?: string;
  until?: string;
};
type ListedRow = EventRow & { actor_name: string | null; link: LinkColumns | null; is_waiting: boolean };
/** `before`: the hash of the link before it; null where there is none. */
type LinkColumns = { position: number; previous_hash: string; hash: string; before: string | null };

/**
 * Lists the entries of the workspace that fit every filter, newest first; `nextCursor` is null on the last page. Each tells
 * whether it fits the chain. `since` and `until` (RFC 3339): from the one on, before the other. For those who administer it.
 */
export async function listAudit(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  filters: AuditFilters,
): Promise<{ data: ListedEntry[]; nextCursor: string | null }> {
  requireAdmin(actor);
  const { limit, cursor } = filters;
  if (cursor !== undefined && !isId('auditEvent', cursor))
    throw new AppError('invalid_request', 'The cursor is not one of ours: begin again without it.', {
      errors: [{ path: 'cursor', message: 'is not a cursor of this list' }],
    });
  const { where, values } = conditionsOf(actor, filters);
  const rows = await deps.db
    .inWorkspace(actor.workspaceId)
    .execute<ListedRow[]>(`${LISTED} where ${where} order by event.id desc limit ?`, [...values, limit + 1]);
  const data = rows.slice(0, limit).map(toListed);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** The workspace is always the first of them. */
function conditionsOf(actor: Actor, filters: AuditFilters): { where: string; values: string[] } {
  const given: [condition: string, value: string | undefined][] = [
    ['event.workspace_id = ?', actor.workspaceId],
    ['event.id < ?', filters.cursor],
    ['event.action = ?', filters.action],
    ['event.outcome = ?', filters.outcome],
    ['event.actor_kind = ?', filters.actorKind],
    ['event.actor_id = ?', filters.actorId],
    ['event.at >= ?::timestamptz', filters.since],
    ['event.at < ?::timestamptz', filters.until],
  ];
  const held = given.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]));
  return { where: held.map(({ condition }) => condition).join(' and '), values: held.map(({ value }) => value) };
}

function toListed(row: ListedRow): ListedEntry {
  const entry = toEntry(row);
  return { ...entry, actorName: row.actor_name, seal: sealOf(entry, row) };
}

/** What one entry shows by itself; whether the whole chain is whole, `verifyAudit` says. */
function sealOf(entry: AuditEntry, { link, is_waiting: isWaiting }: ListedRow): ListedEntry['seal'] {
  if (!link) return isWaiting ? 'waiting' : 'broken';
  const before = link.position === 1 ? CHAIN_START.hash : link.before;
  const fits = link.previous_hash === before && hashEntry(link.previous_hash, entry) === link.hash;
  return fits ? 'chained' : 'broken';
}

/** One statement sees one moment: an entry is waiting or chained, never in between. Names are those of this workspace's own. */
const LISTED = `
select ${EVENT_COLUMNS},
  coalesce(person.name, api_key.name, runner.name) as actor_name,
  (select json_build_object('position', link.position, 'previous_hash', link.previous_hash, 'hash', link.hash,
    'before', (select hash from audit_link earlier where earlier.position = link.position - 1))
    from audit_link link where link.event_id = event.id) as link,
  exists (select 1 from audit_pending where event_id = event.id) as is_waiting
from audit_event event
left join app_user person on event.actor_kind = 'user' and person.id = event.actor_id
left join api_key on event.actor_kind = 'apiKey' and api_key.id = event.actor_id and api_key.workspace_id = event.workspace_id
left join runner on event.actor_kind = 'runner' and runner.id = event.actor_id`;

type ChainedEntry = AuditEntry & AuditHead & { previousHash: string };
type ChainedRow = EventRow & AuditHead & { previous_hash: string };

/**
 * Reads the entries of the whole instance in the order of the chain, after a position; `next` is the position to go on
 * from, null at the end. `since` (RFC 3339) leaves out older ones. What still waits is chained first.
 */
export async function exportAudit(
  deps: Pick<Deps, 'db'>,
  _operator: OperatorActor,
  { after, since }: { after: number; since?: string },
): Promise<{ entries: ChainedEntry[]; next: number | null }> {
  if (after === 0) await chainWaiting(deps);
  const rows = await deps.db.acrossWorkspaces().execute<ChainedRow[]>(
    `select link.position::float8, link.previous_hash, link.hash, ${EVENT_COLUMNS}
     from audit_link link join audit_event event on event.id = link.event_id
     where link.position > ? ${since ? 'and event.at >= ?::timestamptz' : ''} order by link.position limit ${LIMITS.auditPageMax}`,
    [after, ...(since ? [since] : [])],
  );
  const entries = rows.map((row) => ({
    position: row.position,
    ...toEntry(row),
    previousHash: row.previous_hash,
    hash: row.hash,
  }));
  return { entries, next: rows.length === LIMITS.auditPageMax ? (rows.at(-1)?.position ?? null) : null };
}
