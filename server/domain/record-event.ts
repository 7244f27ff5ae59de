import type { EntityManager } from '@mikro-orm/postgresql';
import { notify } from '#server/db/notifications.ts';
import type { CaptureStatus } from '#shared/capture.ts';
import { type CaptureId, makeId, type WebhookEndpointId, type WebhookEventId, type WorkspaceId } from '#shared/ids.ts';
import type { DeliveredEventType, WebhookBody } from '#shared/webhook.ts';

/** Something that happened. `about`: the thing, by its id and kind; nothing else of it goes into a webhook. `at`: the database's time. */
export type WebhookFact = {
  type: DeliveredEventType;
  workspaceId: WorkspaceId;
  about: { id: string; object: string; status?: CaptureStatus };
  captureId?: CaptureId;
  at: Date;
};
/** Where an event goes: to an endpoint, or to the address that came with a capture. */
export type Receiver = { endpointId: WebhookEndpointId | null; sealedUrl: string | null; shownUrl: string; host: string };

type FoundRow = { endpoint_id: WebhookEndpointId | null; sealed_url: string | null; shown_url: string; host: string; wants: boolean };

/**
 * Records an event and what has to be delivered of it, inside the caller's transaction: there if and only if what happened
 * is. Where the workspace has no webhook at all, nothing is written. Where it has endpoints that do not want it now, the
 * event alone is: they may ask for it later.
 */
export async function recordEvent(em: EntityManager, fact: WebhookFact): Promise<void> {
  const { workspaceId, captureId = null } = fact;
  const wanted = JSON.stringify([fact.type]);
  const found = await em.execute<FoundRow[]>(RECEIVERS, [wanted, workspaceId, wanted, captureId]);
  if (found.length === 0) return;
  const receivers = found
    .filter(({ wants }) => wants)
    .map((row) => ({ endpointId: row.endpoint_id, sealedUrl: row.sealed_url, shownUrl: row.shown_url, host: row.host }));
  // Endpoints may come for it later; the one webhook of this capture may not.
  if (found.some((row) => row.endpoint_id !== null) || receivers.length > 0) await insertEvent(em, fact, receivers);
  if (found.some((row) => row.endpoint_id === null)) await em.execute('delete from capture_webhook where capture_id = ?', [captureId]);
}

/** Writes an event and its deliveries. Answers the ids of both. */
export async function insertEvent(
  em: EntityManager,
  fact: WebhookFact,
  receivers: readonly Receiver[],
): Promise<{ eventId: WebhookEventId; deliveryIds: string[] }> {
  const eventId = makeId('webhookEvent', fact.at.getTime());
  const body: WebhookBody = { id: eventId, type: fact.type, timestamp: fact.at.toISOString(), data: fact.about };
  await em.execute(INSERT_EVENT, [eventId, fact.workspaceId, fact.type, fact.captureId ?? null, JSON.stringify(body), fact.at]);
  const sending = receivers.map((receiver) => ({ eventId, receiver }));
  return { eventId, deliveryIds: await insertDeliveries(em, fact.workspaceId, sending) };
}

/** Lets events be delivered, at once. Answers the ids of the deliveries. */
export async function insertDeliveries(
  em: EntityManager,
  workspaceId: WorkspaceId,
  sending: readonly { eventId: WebhookEventId; receiver: Receiver }[],
): Promise<string[]> {
  if (sending.length === 0) return [];
  const rows = sending.map(({ eventId, receiver }) => ({
    id: makeId('webhookDelivery'),
    event_id: eventId,
    endpoint_id: receiver.endpointId,
    sealed_url: receiver.sealedUrl,
    shown_url: receiver.shownUrl,
    host: receiver.host,
  }));
  await em.execute(INSERT_DELIVERIES, [workspaceId, JSON.stringify(rows)]);
  await notify(em, { kind: 'webhook', workspaceId });
  return rows.map(({ id }) => id);
}

/** An endpoint's address stays where it is: a delivery of it has none of its own. */
const RECEIVERS = `
select id as endpoint_id, null::text as sealed_url, shown_url, host, disabled_at is null and events @> ?::jsonb as wants
from webhook_endpoint where workspace_id = ?
union all
select null, sealed_url, shown_url, host, events @> ?::jsonb from capture_webhook where capture_id = ?`;

const INSERT_EVENT = `
insert into webhook_event (id, workspace_id, type, capture_id, body, created_at) values (?, ?, ?, ?, ?::json, ?)`;

const INSERT_DELIVERIES = `
insert into webhook_delivery
  (id, workspace_id, event_id, endpoint_id, sealed_url, shown_url, host, state, tries, tries_before, next_try_at, created_at)
select id, ?, event_id, endpoint_id, sealed_url, shown_url, host, 'pending', 0, 0, now(), now()
from jsonb_to_recordset(?::jsonb) as given (id text, event_id text, endpoint_id text, sealed_url text, shown_url text, host text)`;
