import type { AuditEntry, AuditHead } from '#shared/audit.ts';
import { isId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { type Actor, type OperatorActor, requireAdmin } from './actor.ts';
import { chainWaiting, EVENT_COLUMNS, type EventRow, toEntry } from './chain-audit.ts';

/** Lists the entries of the workspace, newest first; `nextCursor` is null on the last page. For those who administer it. */
export async function listAudit(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<{ data: AuditEntry[]; nextCursor: string | null }> {
  requireAdmin(actor);
  if (cursor !== undefined && !isId('auditEvent', cursor))
    throw new AppError('invalid_request', 'The cursor is not one of ours: begin again without it.', {
      errors: [{ path: 'cursor', message: 'is not a cursor of this list' }],
    });
  const rows = await deps.db.inWorkspace(actor.workspaceId).execute<EventRow[]>(
    `select ${EVENT_COLUMNS} from audit_event event where event.workspace_id = ? ${cursor ? 'and event.id < ?' : ''}
       order by event.id desc limit ?`,
    [actor.workspaceId, ...(cursor ? [cursor] : []), limit + 1],
  );
  const data = rows.slice(0, limit).map(toEntry);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

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
