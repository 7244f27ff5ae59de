import type { EntityManager } from '@mikro-orm/postgresql';
import { isId, type WebhookDeliveryId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { DeliveredEventType, DeliveryState, WebhookAttemptView, WebhookDeliveryView } from '#shared/webhook.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';

export type DeliveryFilter = { limit?: number; cursor?: string; endpoint?: string; capture?: string; state?: DeliveryState };

/** Lists the workspace's deliveries, newest first, a page at a time, each with its tries; `nextCursor` is null on the last page. */
export async function listDeliveries(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  filter: DeliveryFilter,
): Promise<{ data: WebhookDeliveryView[]; nextCursor: string | null }> {
  requireScope(actor, 'webhooks:manage');
  const { limit = LIMITS.listLimitDefault, cursor } = filter;
  if (cursor !== undefined && !isId('webhookDelivery', cursor))
    throw new AppError('invalid_request', 'The cursor is not one of ours: begin again without it.', {
      errors: [{ path: 'cursor', message: 'is not a cursor of this list' }],
    });
  const given: [condition: string, value: string | undefined][] = [
    ['delivery.workspace_id = ?', actor.workspaceId],
    ['delivery.id < ?', cursor],
    ['delivery.endpoint_id = ?', filter.endpoint],
    ['event.capture_id = ?', filter.capture],
    ['delivery.state = ?', filter.state],
  ];
  const held = given.flatMap(([condition, value]) => (value === undefined ? [] : [{ condition, value }]));
  const where = held.map(({ condition }) => condition).join(' and ');
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const rows = await em.execute<DeliveryRow[]>(`${SELECT} where ${where} order by delivery.id desc limit ?`, [
      ...held.map(({ value }) => value),
      limit + 1,
    ]);
    const data = await toViews(em, actor, rows.slice(0, limit));
    return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
  });
}

/** Reads one delivery with its tries. Foreign and unknown ids: `not_found`. */
export async function readDelivery(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<WebhookDeliveryView> {
  requireScope(actor, 'webhooks:manage');
  return await deps.db.inWorkspace(actor.workspaceId).transactional((em) => viewDelivery(em, actor, id));
}

/** The view of a delivery inside the caller's transaction. */
export async function viewDelivery(em: EntityManager, actor: Actor, id: string): Promise<WebhookDeliveryView> {
  const rows = isId('webhookDelivery', id)
    ? await em.execute<DeliveryRow[]>(`${SELECT} where delivery.workspace_id = ? and delivery.id = ?`, [actor.workspaceId, id])
    : [];
  const [view] = await toViews(em, actor, rows);
  if (!view) throw notFound();
  return view;
}

type DeliveryRow = {
  id: WebhookDeliveryId;
  event_id: string;
  type: DeliveredEventType;
  endpoint_id: string | null;
  capture_id: string | null;
  shown_url: string;
  state: DeliveryState;
  tries: number;
  created_at: Date;
  next_try_at: Date;
};
type AttemptRow = {
  delivery_id: WebhookDeliveryId;
  number: number;
  started_at: Date;
  ms: number | null;
  status: number | null;
  error: string | null;
  response: string | null;
  is_lost: boolean;
};

const SELECT = `
select delivery.id, delivery.event_id, event.type, delivery.endpoint_id, event.capture_id, delivery.shown_url, delivery.state,
  delivery.tries, delivery.created_at, delivery.next_try_at
from webhook_delivery delivery join webhook_event event on event.id = delivery.event_id`;

/** The newest tries of each. One without an end whose lease is over was lost with its server. */
const ATTEMPTS = `
select delivery_id, number, started_at, (extract(epoch from finished_at - started_at) * 1000)::int as ms, status, error, response,
  finished_at is null and started_at < now() - ? * interval '1 millisecond' as is_lost
from webhook_attempt attempt
where delivery_id in (?) and number > (select tries from webhook_delivery where id = attempt.delivery_id) - ?
order by delivery_id, number`;

async function toViews(em: EntityManager, actor: Actor, rows: readonly DeliveryRow[]): Promise<WebhookDeliveryView[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const attempts = await em.execute<AttemptRow[]>(ATTEMPTS, [LIMITS.webhookLeaseMs, ids, LIMITS.webhookAttemptsShownMax]);
  return rows.map((row) => ({
    id: row.id,
    object: 'webhook_delivery',
    eventId: row.event_id,
    event: row.type,
    endpoint: row.endpoint_id,
    capture: row.capture_id,
    url: row.shown_url,
    state: row.state,
    tries: row.tries,
    createdAt: new Date(row.created_at).toISOString(),
    nextTryAt: row.state === 'pending' ? new Date(row.next_try_at).toISOString() : null,
    attempts: attempts.filter((attempt) => attempt.delivery_id === row.id).map((attempt) => toAttempt(attempt, seesResponses(actor))),
  }));
}

function toAttempt(row: AttemptRow, showResponse: boolean): WebhookAttemptView {
  return {
    number: row.number,
    startedAt: new Date(row.started_at).toISOString(),
    ms: row.ms,
    status: row.status,
    error: row.error ?? (row.is_lost ? 'not known: the server was ended while it sent' : null),
    response: showResponse ? row.response : null,
  };
}

/** What a receiver answers is a stranger's text, perhaps of an inner system: for those who administer the workspace. */
function seesResponses(actor: Actor): boolean {
  return actor.kind !== 'user' || actor.role === 'owner' || actor.role === 'admin';
}
