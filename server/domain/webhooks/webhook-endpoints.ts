import type { EntityManager } from '@mikro-orm/postgresql';
import { WebhookEndpoint, type WebhookEndpointRow } from '#server/db/webhooks.entities.ts';
import { isId, makeId, type WebhookEndpointId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { DEFAULT_WEBHOOK_EVENTS, type WebhookEndpointView, type WebhookEventType } from '#shared/webhook.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import { recordAudit } from '../access/audit.ts';
import { requireVault } from '../access/second-factor.ts';
import { AppError, notFound } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { disableEndpoint } from './disable-endpoint.ts';
import { makeWebhookSecret } from './webhook-secrets.ts';
import { admitWebhookUrl, loadWebhookReach, sealWebhookUrl } from './webhook-url.ts';

type Keeping = Pick<Deps, 'db' | 'vault'>;
export type NewWebhookEndpoint = { url: string; events?: readonly WebhookEventType[]; description?: string };
export type WebhookEndpointChange = { events?: readonly WebhookEventType[]; description?: string; enabled?: boolean };
/** `secret` is shown here and never again: it is stored sealed. */
export type IssuedWebhookEndpoint = { endpoint: WebhookEndpointView; secret: string };

/** Makes an endpoint with a secret of its own. Refuses an address that the workspace's way out does not reach, and one too many. */
export async function createWebhookEndpoint(deps: Keeping, actor: Actor, input: NewWebhookEndpoint): Promise<IssuedWebhookEndpoint> {
  requireScope(actor, 'webhooks:manage');
  const vault = requireVault(deps);
  const { workspaceId } = actor;
  return await deps.db.inWorkspace(workspaceId).transactional(async (em) => {
    const admitted = admitWebhookUrl(input.url, await loadWebhookReach(em, workspaceId));
    if (!admitted.ok)
      throw new AppError('invalid_request', `\`url\`: ${admitted.message}`, { errors: [{ path: 'url', message: admitted.message }] });
    if ((await em.count(WebhookEndpoint, { workspace: workspaceId })) >= LIMITS.webhookEndpointsMax)
      throw new AppError('conflict', `A workspace has at most ${LIMITS.webhookEndpointsMax} webhook endpoints: remove one first.`);
    const { url } = admitted;
    const id = makeId('webhookEndpoint');
    await em.execute(INSERT, [
      id,
      workspaceId,
      sealWebhookUrl(vault, workspaceId, url),
      url.shownUrl,
      url.host,
      input.description ?? '',
      JSON.stringify([...new Set(input.events ?? DEFAULT_WEBHOOK_EVENTS)]),
    ]);
    const secret = await makeWebhookSecret(em, vault, { workspaceId, endpointId: id });
    await recordAudit(em, actor, { action: 'webhook.create', target: id, detail: url.host });
    return { endpoint: await readView(em, actor, id), secret };
  });
}

const INSERT = `
insert into webhook_endpoint (id, workspace_id, sealed_url, shown_url, host, description, events, created_at)
values (?, ?, ?, ?, ?, ?, ?::jsonb, now())`;

/** Lists the workspace's endpoints, newest first, a page at a time; `nextCursor` is null on the last one. */
export async function listWebhookEndpoints(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  { limit = LIMITS.listLimitDefault, cursor }: { limit?: number; cursor?: string },
): Promise<{ data: WebhookEndpointView[]; nextCursor: string | null }> {
  requireScope(actor, 'webhooks:manage');
  const before = cursor === undefined ? undefined : readCursor(cursor);
  const rows = await deps.db
    .inWorkspace(actor.workspaceId)
    .execute<EndpointRow[]>(
      `${SELECT} where endpoint.workspace_id = ? ${before ? 'and endpoint.id < ?' : ''} order by endpoint.id desc limit ?`,
      [actor.workspaceId, ...(before ? [before] : []), limit + 1],
    );
  const data = rows.slice(0, limit).map(toView);
  return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
}

function readCursor(cursor: string): WebhookEndpointId {
  if (isId('webhookEndpoint', cursor)) return cursor;
  throw new AppError('invalid_request', 'The cursor is not one of ours: begin again without it.', {
    errors: [{ path: 'cursor', message: 'is not a cursor of this list' }],
  });
}

/** Reads one endpoint. Foreign and unknown ids: `not_found`. */
export async function readWebhookEndpoint(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<WebhookEndpointView> {
  requireScope(actor, 'webhooks:manage');
  return await readView(deps.db.inWorkspace(actor.workspaceId), actor, id);
}

/**
 * Changes what an endpoint hears of, its description, or whether it hears anything. Disabling ends what is still to be sent to
 * it; enabling begins anew and sends nothing of what was missed: `recoverDeliveries` does.
 */
export async function updateWebhookEndpoint(
  deps: Pick<Deps, 'db'>,
  actor: Actor,
  id: string,
  change: WebhookEndpointChange,
): Promise<WebhookEndpointView> {
  requireScope(actor, 'webhooks:manage');
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const { id: endpointId } = await findEndpoint(em, actor, id);
    const { events, description, enabled } = change;
    if (events)
      await em.execute('update webhook_endpoint set events = ?::jsonb where id = ?', [JSON.stringify([...new Set(events)]), endpointId]);
    if (description !== undefined) await em.execute('update webhook_endpoint set description = ? where id = ?', [description, endpointId]);
    if (enabled === true)
      await em.execute('update webhook_endpoint set disabled_at = null, disabled_reason = null, failing_since = null where id = ?', [
        endpointId,
      ]);
    if (enabled === false) await disableEndpoint(em, endpointId, 'by_request');
    const detail = Object.keys(change).sort().join(' ');
    await recordAudit(em, actor, { action: 'webhook.update', target: endpointId, detail });
    return await readView(em, actor, endpointId);
  });
}

/** Makes a new secret; the one before is signed with too for `LIMITS.webhookOverlapMs` more. */
export async function rotateWebhookSecret(deps: Keeping, actor: Actor, id: string): Promise<IssuedWebhookEndpoint> {
  requireScope(actor, 'webhooks:manage');
  const vault = requireVault(deps);
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const { id: endpointId } = await findEndpoint(em, actor, id);
    const secret = await makeWebhookSecret(em, vault, { workspaceId: actor.workspaceId, endpointId });
    await recordAudit(em, actor, { action: 'webhook.rotate', target: endpointId });
    return { endpoint: await readView(em, actor, endpointId), secret };
  });
}

/** The same for the secret of the workspace, by which the webhooks that come with captures are signed. The first call makes it. */
export async function rotateDefaultSecret(deps: Keeping, actor: Actor): Promise<{ secret: string }> {
  requireScope(actor, 'webhooks:manage');
  const vault = requireVault(deps);
  const { workspaceId } = actor;
  return await deps.db.inWorkspace(workspaceId).transactional(async (em) => {
    const secret = await makeWebhookSecret(em, vault, { workspaceId, endpointId: null });
    await recordAudit(em, actor, { action: 'webhook.rotate', target: workspaceId });
    return { secret };
  });
}

/** Removes an endpoint with its secrets and all that was to be sent to it. */
export async function removeWebhookEndpoint(deps: Pick<Deps, 'db'>, actor: Actor, id: string): Promise<{ id: string }> {
  requireScope(actor, 'webhooks:manage');
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const endpoint = await findEndpoint(em, actor, id);
    await em.nativeDelete(WebhookEndpoint, { id: endpoint.id });
    await recordAudit(em, actor, { action: 'webhook.remove', target: endpoint.id, detail: endpoint.host });
    return { id };
  });
}

/** Finds an endpoint of the actor's workspace; anything else does not exist for this actor. */
export async function findEndpoint(em: EntityManager, actor: Actor, id: string): Promise<WebhookEndpointRow> {
  const row = isId('webhookEndpoint', id) ? await em.findOne(WebhookEndpoint, { id, workspace: actor.workspaceId }) : null;
  if (!row) throw notFound();
  return row;
}

async function readView(em: EntityManager, actor: Actor, id: string): Promise<WebhookEndpointView> {
  const rows = isId('webhookEndpoint', id)
    ? await em.execute<EndpointRow[]>(`${SELECT} where endpoint.workspace_id = ? and endpoint.id = ?`, [actor.workspaceId, id])
    : [];
  const [row] = rows;
  if (!row) throw notFound();
  return toView(row);
}

type EndpointRow = {
  id: string;
  shown_url: string;
  description: string;
  events: WebhookEventType[];
  created_at: Date;
  failing_since: Date | null;
  disabled_at: Date | null;
  disabled_reason: WebhookEndpointView['disabledReason'];
  secret_expires_at: Date | null;
};

const SELECT = `
select id, shown_url, description, events, created_at, failing_since, disabled_at, disabled_reason,
  (select max(expires_at) from webhook_secret where endpoint_id = endpoint.id and expires_at > now()) as secret_expires_at
from webhook_endpoint endpoint`;

function toView(row: EndpointRow): WebhookEndpointView {
  const instant = (date: Date | null) => (date === null ? null : new Date(date).toISOString());
  return {
    id: row.id,
    object: 'webhook_endpoint',
    url: row.shown_url,
    description: row.description,
    events: row.events,
    enabled: row.disabled_at === null,
    disabledAt: instant(row.disabled_at),
    disabledReason: row.disabled_reason,
    failingSince: instant(row.failing_since),
    createdAt: new Date(row.created_at).toISOString(),
    secretExpiresAt: instant(row.secret_expires_at),
  };
}
