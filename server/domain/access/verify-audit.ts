import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditBreak, AuditHead, AuditVerdict } from '#shared/audit.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';
import type { OperatorActor } from './actor.ts';
import { CHAIN_START, chainWaiting, EVENT_COLUMNS, type EventRow, hashEntry, toEntry } from './chain-audit.ts';

/**
 * Follows the chain of the audit log after a known place (default: from its start) and says where it is broken, if it is.
 * At most `LIMITS.auditVerifyMax` links a call: `next` is where to go on. At the end it looks for entries outside of the
 * chain, and for the head that somebody noted: without one, links taken off the end cannot be told from links never made.
 */
export async function verifyAudit(
  deps: Pick<Deps, 'db'>,
  _operator: OperatorActor,
  { after, noted }: { after?: AuditHead; noted?: AuditHead },
): Promise<AuditVerdict> {
  if (!after) await chainWaiting(deps);
  const em = deps.db.acrossWorkspaces();
  let head = after ?? CHAIN_START;
  for (let checked = 0; ; ) {
    const rows = await em.execute<LinkRow[]>(STRETCH, [head.position, LIMITS.auditPageMax]);
    for (const row of rows) {
      const what = faultOf(row, head);
      if (what) return verdict({ checked, head, broken: { what, position: head.position + 1, entry: row.event_id } });
      head = { position: row.position, hash: row.hash };
      checked += 1;
    }
    if (rows.length < LIMITS.auditPageMax) return verdict({ checked, head, ...(await lookAround(em, noted)) });
    if (checked >= LIMITS.auditVerifyMax) return verdict({ checked, head, next: head });
  }
}

function verdict(found: Pick<AuditVerdict, 'checked' | 'head'> & Partial<AuditVerdict>): AuditVerdict {
  return { next: null, waiting: 0, broken: null, ...found };
}

/** An entry's columns are null where it was removed. */
type LinkRow = EventRow & AuditHead & { event_id: string; previous_hash: string; is_there: boolean };

function faultOf(row: LinkRow, before: AuditHead): AuditBreak['what'] | null {
  if (row.position !== before.position + 1) return 'missing_link';
  if (row.previous_hash !== before.hash) return 'other_previous';
  if (!row.is_there) return 'missing_entry';
  return hashEntry(row.previous_hash, toEntry(row)) === row.hash ? null : 'changed_entry';
}

/** What the links by themselves do not tell. */
async function lookAround(em: EntityManager, noted: AuditHead | undefined): Promise<Pick<AuditVerdict, 'waiting' | 'broken'>> {
  const [around] = await em.execute<{ waiting: number; removed: string | null; unchained: string | null }[]>(AROUND);
  const { waiting = 0, removed = null, unchained = null } = around ?? {};
  if (removed) return { waiting, broken: { what: 'missing_entry', position: null, entry: removed } };
  if (unchained) return { waiting, broken: { what: 'unchained_entry', position: null, entry: unchained } };
  if (!noted || noted.position === 0) return { waiting, broken: null };
  const [link] = await em.execute<{ hash: string }[]>('select hash from audit_link where position = ?', [noted.position]);
  return { waiting, broken: link?.hash === noted.hash ? null : { what: 'other_head', position: noted.position, entry: null } };
}

const STRETCH = `
select link.position::float8, link.event_id, link.previous_hash, link.hash, event.id is not null as is_there, ${EVENT_COLUMNS}
from audit_link link left join audit_event event on event.id = link.event_id
where link.position > ? order by link.position limit ?`;

/** One statement sees one moment: an entry is waiting or chained, never in between. */
const AROUND = `
select (select count(*)::int from audit_pending) as waiting,
  (select event_id from audit_pending where not exists (select 1 from audit_event where id = event_id)
    order by event_id limit 1) as removed,
  (select id from audit_event where not exists (select 1 from audit_link where event_id = id)
    and not exists (select 1 from audit_pending where event_id = id) order by id limit 1) as unchained`;
