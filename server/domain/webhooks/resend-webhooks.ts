import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import { isId, type WebhookDeliveryId, type WebhookEventId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { TEST_EVENT, type WebhookDeliveryView } from '#shared/webhook.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { insertDeliveries, insertEvent } from '../record-event.ts';
import { viewDelivery } from './read-deliveries.ts';
import { findEndpoint } from './webhook-endpoints.ts';

/** Sends a test event to one endpoint. Refuses one that is disabled with `conflict`. */
export async function sendTestEvent(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<WebhookDeliveryView> {
  requireScope(actor, 'webhooks:manage');
  const { workspaceId } = actor;
  return await deps.db.inWorkspace(workspaceId).transactional(async (em) => {
    const endpoint = await findEndpoint(em, actor, id);
    if (endpoint.disabledAt) throw disabled();
    const about = { id: endpoint.id, object: 'webhook_endpoint' };
    const receiver = { endpointId: endpoint.id, sealedUrl: null, shownUrl: endpoint.shownUrl, host: endpoint.host };
    const fact = { type: TEST_EVENT, workspaceId, about, at: await databaseNow(em) } as const;
    const { deliveryIds } = await insertEvent(em, fact, [receiver]);
    await recordAudit(em, actor, { action: 'webhook.test', target: endpoint.id });
    return await viewDelivery(em, actor, deliveryIds[0] ?? '');
  });
}

/**
 * Sends one event to its receiver again, now, whatever became of it before; if that fails, with as many tries as the first
 * time. The id and the body are those of before. Refuses with `conflict` while a try runs, and where the endpoint is disabled.
 */
export async function resendDelivery(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<WebhookDeliveryView> {
  requireScope(actor, 'webhooks:manage');
  const { workspaceId } = actor;
  return await deps.db.inWorkspace(workspaceId).transactional(async (em) => {
    const [found] = isId('webhookDelivery', id) ? await em.execute<Sendable[]>(SENDABLE, [workspaceId, id]) : [];
    if (!found) throw notFound();
    if (found.is_disabled) throw disabled();
    if (found.is_running) throw new AppError('conflict', 'A try of this delivery is running: see how it ends first.');
    await em.execute(RESEND, [id]);
    await notify(em, { kind: 'webhook', workspaceId });
    await recordAudit(em, actor, { action: 'webhook.resend', target: id });
    return await viewDelivery(em, actor, id);
  });
}

type Sendable = { is_disabled: boolean; is_running: boolean };
const SENDABLE = `
select endpoint.disabled_at is not null as is_disabled, coalesce(delivery.lease_until > now(), false) as is_running
from webhook_delivery delivery left join webhook_endpoint endpoint on endpoint.id = delivery.endpoint_id
where delivery.workspace_id = ? and delivery.id = ? for update of delivery`;
const RESEND = `
update webhook_delivery set state = 'pending', tries_before = tries, next_try_at = now(), lease_until = null where id = ?`;

/**
 * Sends an endpoint what it missed since a moment: the events that it wants and that neither arrived nor are on their way, the
 * oldest first, at most `LIMITS.webhookRecoverMax`; `isMore` says that there are others. Tests are not among them.
 */
export async function recoverDeliveries(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  { id, since }: { id: string; since: string },
): Promise<{ count: number; isMore: boolean }> {
  requireScope(actor, 'webhooks:manage');
  const { workspaceId } = actor;
  return await deps.db.inWorkspace(workspaceId).transactional(async (em) => {
    const endpoint = await findEndpoint(em, actor, id);
    // Two at the same moment take turns, or an event would be delivered twice.
    await em.execute('select id from webhook_endpoint where id = ? for no key update', [endpoint.id]);
    if (endpoint.disabledAt) throw disabled();
    const missed = await em.execute<Missed[]>(MISSED, [endpoint.id, workspaceId, endpoint.id, since, LIMITS.webhookRecoverMax + 1]);
    const taken = missed.slice(0, LIMITS.webhookRecoverMax);
    const failed = taken.flatMap(({ delivery_id: delivery }) => (delivery === null ? [] : [delivery]));
    const receiver = { endpointId: endpoint.id, sealedUrl: null, shownUrl: endpoint.shownUrl, host: endpoint.host };
    const fresh = taken.filter((row) => row.delivery_id === null).map((row) => ({ eventId: row.event_id, receiver }));
    if (failed.length > 0) await em.execute(RECOVER, [failed]);
    await insertDeliveries(em, workspaceId, fresh);
    if (taken.length > 0) await notify(em, { kind: 'webhook', workspaceId });
    await recordAudit(em, actor, { action: 'webhook.recover', target: endpoint.id, detail: String(taken.length) });
    return { count: taken.length, isMore: missed.length > taken.length };
  });
}

type Missed = { event_id: WebhookEventId; delivery_id: WebhookDeliveryId | null };
const MISSED = `
select event.id as event_id, delivery.id as delivery_id
from webhook_event event left join webhook_delivery delivery on delivery.event_id = event.id and delivery.endpoint_id = ?
where event.workspace_id = ? and (delivery.id is null or delivery.state = 'failed')
  and (select events from webhook_endpoint where id = ?) @> to_jsonb(event.type)
  and event.created_at >= ?::timestamptz
order by event.id limit ?`;
const RECOVER = `
update webhook_delivery set state = 'pending', tries_before = tries, next_try_at = now(), lease_until = null
where id in (?) and state = 'failed'`;

function disabled(): AppError {
  return new AppError('conflict', 'This endpoint is disabled: enable it first.');
}
