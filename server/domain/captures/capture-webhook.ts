import type { EntityManager } from '@mikro-orm/postgresql';
import { CaptureWebhook } from '#server/db/webhooks.entities.ts';
import { type AllowedDomain, matchAllowedDomain } from '#shared/allowed-domain.ts';
import type { CaptureRequest } from '#shared/capture-request.ts';
import type { CaptureId, WorkspaceId } from '#shared/ids.ts';
import type { WebhookEventType } from '#shared/webhook.ts';
import type { Actor } from '../access/actor.ts';
import { narrowDomains } from '../access/narrow-domains.ts';
import { requireVault } from '../access/second-factor.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import type { Vault } from '../ports.ts';
import { ensureDefaultSecret } from '../webhooks/webhook-secrets.ts';
import { admitWebhookUrl, loadWebhookReach, sealWebhookUrl, type WebhookUrl } from '../webhooks/webhook-url.ts';

const HTTPS_PORT = 443;

export type AdmittedWebhook = { url: WebhookUrl; events: WebhookEventType[]; workspaceId: WorkspaceId; vault: Vault };

/**
 * Decides whether the webhook of a request may be sent; null where there is none. Refuses an address that the workspace's way
 * out does not reach, or a private one that the key is not for, with its path; and with `unavailable` where this server has no
 * key to seal it by.
 */
export async function admitWebhook(
  em: EntityManager,
  deps: Pick<Deps, 'vault'>,
  { actor, request: { webhook } }: { actor: Actor; request: CaptureRequest },
): Promise<AdmittedWebhook | null> {
  if (!webhook) return null;
  const { workspaceId } = actor;
  const reach = await loadWebhookReach(em, workspaceId);
  const admitted = admitWebhookUrl(webhook.url, reach);
  if (!admitted.ok) throw refused(admitted.message);
  if (actor.kind === 'apiKey' && isBeyondKey(new URL(admitted.url.href), reach.domains, actor.domains))
    throw refused(`${admitted.url.host} is a private domain, and this API key is narrowed to others: use a key that covers it`);
  return { url: admitted.url, events: webhook.events, workspaceId, vault: requireVault(deps) };
}

/** A public host may be told by any key. Which private ones a key reaches is for its narrowing to say, as with pages. */
function isBeyondKey(url: URL, workspace: readonly AllowedDomain[], key: readonly AllowedDomain[] | null): boolean {
  const match = (domains: readonly AllowedDomain[]) => matchAllowedDomain(domains, url.hostname, Number(url.port || HTTPS_PORT));
  return match(workspace)?.isPrivate === true && !match(narrowDomains(workspace, key));
}

function refused(message: string): AppError {
  const path = 'webhook.url';
  return new AppError('invalid_request', `\`${path}\`: ${message}`, { errors: [{ path, message }] });
}

/** Keeps a webhook with its capture until that is final; the workspace has a secret to sign it with from then on. */
export async function storeWebhook(
  em: EntityManager,
  captureId: CaptureId,
  { url, events, workspaceId, vault }: AdmittedWebhook,
): Promise<void> {
  await ensureDefaultSecret(em, vault, workspaceId);
  const { shownUrl, host } = url;
  await em.insert(CaptureWebhook, { capture: captureId, sealedUrl: sealWebhookUrl(vault, workspaceId, url), shownUrl, host, events });
}
