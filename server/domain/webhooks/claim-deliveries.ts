import type { WebhookDeliveryId, WebhookEndpointId, WebhookEventId, WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';

/** A try that this server is to make. `number` fences it: a later one has another. */
export type ClaimedDelivery = {
  id: WebhookDeliveryId;
  number: number;
  workspaceId: WorkspaceId;
  endpointId: WebhookEndpointId | null;
  eventId: WebhookEventId;
  sealedUrl: string;
  host: string;
  body: string;
};

type ClaimedRow = {
  id: WebhookDeliveryId;
  tries: number;
  workspace_id: WorkspaceId;
  endpoint_id: WebhookEndpointId | null;
  event_id: WebhookEventId;
  sealed_url: string;
  host: string;
  body: string;
};

/**
 * Takes tries that are due, at most `max`, and leases them to this server for `LIMITS.webhookLeaseMs`. A try whose server was
 * killed is due again when its lease ends, and counts. Receivers take turns: `CLAIM` says how.
 */
export async function claimDeliveries(deps: Pick<Deps, 'db' | 'settings'>, max: number): Promise<ClaimedDelivery[]> {
  const tries = deps.settings.webhookGapsMs.length;
  const { webhookHostSendsMax: ofHost, webhookWorkspaceSendsMax: ofWorkspace, webhookLeaseMs: leaseMs } = LIMITS;
  const values = [tries, ofHost, ofHost, ofWorkspace, max, leaseMs, leaseMs];
  const rows = await deps.db.acrossWorkspaces().execute<ClaimedRow[]>(CLAIM, values);
  return rows.map((row) => ({
    id: row.id,
    number: row.tries,
    workspaceId: row.workspace_id,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    sealedUrl: row.sealed_url,
    host: row.host,
    body: row.body,
  }));
}

/**
 * `receiver` goes from host to host by the index, so that a backlog of one costs no more than one row. Of each host the oldest
 * few are looked at, less the tries that run there on whatever server; of each workspace some; and first comes who has had
 * the fewest turns. So a receiver that hangs holds its own few places, and a workspace with many such hosts its own.
 * Two servers that look at the same moment may go beyond these bounds once; they never take the same row.
 */
const CLAIM = `
with recursive receiver as (
  (select workspace_id, host from webhook_delivery where state = 'pending' order by workspace_id, host limit 1)
  union all
  select next.workspace_id, next.host from receiver cross join lateral (
    select workspace_id, host from webhook_delivery
    where state = 'pending' and (workspace_id, host) > (receiver.workspace_id, receiver.host)
    order by workspace_id, host limit 1
  ) as next
),
running as (
  select workspace_id, host, count(*)::int as n from webhook_delivery where lease_until > now() group by workspace_id, host
),
turn as (
  select due.id, receiver.workspace_id, due.next_try_at, due.place + coalesce(running.n, 0) as place
  from receiver left join running on running.workspace_id = receiver.workspace_id and running.host = receiver.host
  cross join lateral (
    select id, next_try_at, row_number() over (order by next_try_at, id)::int as place from webhook_delivery
    where state = 'pending' and workspace_id = receiver.workspace_id and host = receiver.host
      and next_try_at <= now() and tries - tries_before < ?
    order by next_try_at, id limit ?
  ) as due
  where due.place + coalesce(running.n, 0) <= ?
),
fair as (
  select turn.id, turn.next_try_at, row_number() over (partition by turn.workspace_id order by turn.place, turn.next_try_at, turn.id)
    + coalesce((select sum(n) from running where running.workspace_id = turn.workspace_id), 0) as place
  from turn
),
chosen as (
  select id from webhook_delivery
  where state = 'pending' and next_try_at <= now()
    and id in (select id from fair where place <= ? order by place, next_try_at limit ?)
  for update skip locked
),
claimed as (
  update webhook_delivery set tries = tries + 1,
    lease_until = now() + ? * interval '1 millisecond', next_try_at = now() + ? * interval '1 millisecond'
  from chosen where webhook_delivery.id = chosen.id
  returning webhook_delivery.*
),
tried as (
  insert into webhook_attempt (delivery_id, number, workspace_id, started_at) select id, tries, workspace_id, now() from claimed
)
select claimed.id, claimed.tries, claimed.workspace_id, claimed.endpoint_id, claimed.event_id, claimed.host,
  coalesce(claimed.sealed_url, webhook_endpoint.sealed_url) as sealed_url, webhook_event.body::text as body
from claimed join webhook_event on webhook_event.id = claimed.event_id
left join webhook_endpoint on webhook_endpoint.id = claimed.endpoint_id`;
