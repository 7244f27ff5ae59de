import type { EntityManager } from '@mikro-orm/postgresql';
import { Capture, type CaptureRow } from '#server/db/captures.entities.ts';
import { type CaptureStatus, type Capture as CaptureView, FINAL_STATUSES } from '#shared/capture.ts';
import { type CaptureId, isId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { steadyNow } from '#shared/steady-now.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { groupCalls, onePer } from '../group-calls.ts';
import type { ServerEvent } from '../ports.ts';
import { loadViews, type Shown } from './load-views.ts';

/** How long a waiter goes by events alone before it looks for itself: an event can be missed. */
const LOOK_MS = 1_000;
type Reading = Pick<Deps, 'db' | 'blobs' | 'clock' | 'settings'>;

/** Reads one capture of the workspace, its asset with a freshly signed link. Foreign and unknown ids: `not_found`. */
export async function readCapture(deps: Reading, actor: Actor, id: string): Promise<CaptureView> {
  requireScope(actor, 'captures:read');
  const view = isId('capture', id) ? await readingOf(deps)(actor.workspaceId, { actor, id }) : null;
  if (!view) throw notFound();
  return view;
}

type Asked = { actor: Actor; id: CaptureId };
const GROUP_MAX = 50;

/** Those of one workspace that are asked for while others are read are read together; each link is recorded for whom it was made. */
const readingOf = onePer((deps: Reading) =>
  groupCalls<Asked, CaptureView | null>(
    async (asked) => {
      const [{ actor } = {}] = asked;
      if (!actor) return [];
      return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
        const ids = [...new Set(asked.map(({ id }) => id))];
        const rows = new Map((await em.find(Capture, { id: { $in: ids }, workspace: actor.workspaceId })).map((row) => [row.id, row]));
        const shown = asked.map((each) => ({ actor: each.actor, capture: rows.get(each.id) ?? null }));
        const views = await loadViews(em, deps, { shown: shown.filter(isFound), withLinks: true });
        let next = 0;
        return shown.map((each) => (isFound(each) ? (views[next++] ?? null) : null));
      });
    },
    { sizeMax: GROUP_MAX },
  ),
);

function isFound(each: { actor: Actor; capture: CaptureRow | null }): each is Shown {
  return each.capture !== null;
}

async function viewOf(em: EntityManager, deps: Reading, shown: Shown): Promise<CaptureView> {
  const [view] = await loadViews(em, deps, { shown: [shown], withLinks: true });
  if (!view) throw notFound();
  return view;
}

/**
 * Waits up to `ms` (at most `LIMITS.preferWaitSecondsMax`) for a capture to become final and reads it, final or not.
 * `isNew`: it was accepted a moment ago, so there is nothing to see before something happens. `stillThere` throws when who
 * waits may not read any more: a key is revoked at once, also for calls that wait.
 */
export async function waitForCapture(
  deps: Reading & Pick<Deps, 'events'>,
  actor: Actor,
  id: string,
  wait: { ms: number; signal?: AbortSignal; isNew?: boolean; stillThere?: () => Promise<unknown> },
): Promise<CaptureView> {
  requireScope(actor, 'captures:read');
  const endsAt = steadyNow() + Math.min(wait.ms, LIMITS.preferWaitSecondsMax * 1000);
  const isOver = (event: ServerEvent) => event.kind === 'capture' && event.captureId === id && event.isFinal;
  let hasWaited = false;
  if (wait.isNew) hasWaited = await deps.events.next(isOver, Math.min(LOOK_MS, wait.ms), wait.signal).then(() => true);
  for (;;) {
    const left = Math.min(LOOK_MS, endsAt - steadyNow());
    // Waiting begins before looking: a change committed in between would otherwise be waited past.
    const changed = deps.events.next(isOver, Math.max(0, left), wait.signal);
    if (hasWaited) await wait.stillThere?.();
    const view = await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
      const capture = await findCapture(em, actor, id);
      const isDue = FINAL_STATUSES.includes(capture.status) || left <= 0 || wait.signal?.aborted;
      return isDue ? await viewOf(em, deps, { actor, capture }) : null;
    });
    if (view) return view;
    await changed;
    hasWaited = true;
  }
}

export type CaptureFilter = {
  status?: CaptureStatus;
  tags?: Record<string, string>;
  reference?: string;
  host?: string;
  /** Those on hold, or those that are not. */
  held?: boolean;
  /** RFC 3339. */
  createdAfter?: string;
  createdBefore?: string;
  limit?: number;
  cursor?: string;
  /** Default true. */
  withLinks?: boolean;
};

/** Lists the workspace's captures, newest first, a page at a time; `nextCursor` is null on the last one. */
export async function listCaptures(
  deps: Reading,
  actor: Actor,
  filter: CaptureFilter,
): Promise<{ data: CaptureView[]; nextCursor: string | null }> {
  requireScope(actor, 'captures:read');
  const limit = Math.min(Math.max(1, filter.limit ?? LIMITS.listLimitDefault), LIMITS.listLimitMax);
  const { where, values } = toWhere(actor, filter);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const found = await em.execute<{ id: CaptureId }[]>(`select id from capture where ${where} order by id desc limit ?`, [
      ...values,
      limit + 1,
    ]);
    const ids = found.slice(0, limit).map((row) => row.id);
    const captures =
      ids.length > 0 ? await em.find(Capture, { id: { $in: ids }, workspace: actor.workspaceId }, { orderBy: { id: 'desc' } }) : [];
    const last = ids.at(-1);
    return {
      data: await loadViews(em, deps, { shown: captures.map((capture) => ({ actor, capture })), withLinks: filter.withLinks ?? true }),
      nextCursor: found.length > limit && last ? Buffer.from(last).toString('base64url') : null,
    };
  });
}

/** Finds a capture of the actor's workspace; anything else does not exist for this actor. */
export async function findCapture(em: EntityManager, actor: Actor, id: string): Promise<CaptureRow> {
  const capture = isId('capture', id) ? await em.findOne(Capture, { id, workspace: actor.workspaceId }) : null;
  if (!capture) throw notFound();
  return capture;
}

function toWhere(actor: Actor, filter: CaptureFilter): { where: string; values: unknown[] } {
  const terms: [string, unknown][] = [['workspace_id = ?', actor.workspaceId]];
  if (filter.status) terms.push(['status = ?', filter.status]);
  if (filter.reference) terms.push(['reference = ?', filter.reference]);
  if (filter.host) terms.push(['host = ?', filter.host.toLowerCase()]);
  if (filter.tags && Object.keys(filter.tags).length > 0) terms.push(['tags @> ?::jsonb', JSON.stringify(filter.tags)]);
  if (filter.held !== undefined) terms.push(['(held_at is not null) = ?', filter.held]);
  if (filter.createdAfter) terms.push(['created_at > ?::timestamptz', filter.createdAfter]);
  if (filter.createdBefore) terms.push(['created_at < ?::timestamptz', filter.createdBefore]);
  if (filter.cursor) terms.push(['id < ?', readCursor(filter.cursor)]);
  return { where: terms.map(([term]) => term).join(' and '), values: terms.map(([, value]) => value) };
}

function readCursor(cursor: string): CaptureId {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (isId('capture', id)) return id;
  throw new AppError('invalid_request', 'The cursor is not one of ours: begin again without it.', {
    errors: [{ path: 'cursor', message: 'is not a cursor of this list' }],
  });
}
