import { AUDIT_ACTIONS, AUDIT_ACTORS, AUDIT_OUTCOMES, type AuditAction, type AuditActorKind } from '#shared/audit-actions.ts';

/** The filters of the audit log: they live in the address, so that a view can be shared and gone back to. `from`, `to`: days. */
export type AuditSearch = {
  action?: AuditAction;
  outcome?: (typeof AUDIT_OUTCOMES)[number];
  kind?: AuditActorKind;
  actor?: string;
  from?: string;
  to?: string;
  cursor?: string;
};

/** Reads the filters from an address. What is unknown or malformed is dropped. */
export function readAuditSearch(raw: Record<string, unknown>): AuditSearch {
  return {
    action: AUDIT_ACTIONS.find((action) => action === raw.action),
    outcome: AUDIT_OUTCOMES.find((outcome) => outcome === raw.outcome),
    kind: AUDIT_ACTORS.find((kind) => kind === raw.kind),
    actor: idOf(raw.actor),
    from: dayOf(raw.from),
    to: dayOf(raw.to),
    cursor: idOf(raw.cursor),
  };
}

/** Whether any filter narrows the list. */
export function isFiltered({ action, outcome, kind, actor, from, to }: AuditSearch): boolean {
  return Boolean(action || outcome || kind || actor || from || to);
}

/** What is asked of the server. Days are those of this browser: from their first moment to their last. */
export function toAuditInput({ action, outcome, kind, actor, from, to, cursor }: AuditSearch) {
  return {
    action,
    outcome,
    actorKind: kind,
    actorId: actor,
    since: from && startOf(from, 0),
    until: to && startOf(to, 1),
    cursor,
  };
}

/** The first moment of a day, or of the one `days` after it, by the clock of this browser. */
function startOf(day: string, days: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + days).toISOString();
}

function dayOf(value: unknown): string | undefined {
  const isDay = typeof value === 'string' && /^2\d{3}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
  return isDay ? value : undefined;
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z]{2,4}_[0-9A-Z]{26}$/.test(value) ? value : undefined;
}
