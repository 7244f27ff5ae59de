import type { EntityManager } from '@mikro-orm/postgresql';
import { Workspace } from '#server/db/access.entities.ts';
import { matchAllowedDomain, parseAllowedDomain } from '#shared/allowed-domain.ts';
import type { Reach } from '#shared/egress-policy.ts';
import type { WorkspaceId } from '#shared/ids.ts';
import { parseTargetUrl } from '#shared/target-url.ts';
import { shownWebhookUrl } from '#shared/webhook.ts';
import { loadAllowedDomains, loadPartHosts, shownDomain } from '../access/allowed-domains.ts';
import type { Vault } from '../ports.ts';

const HTTPS_PORT = 443;

export type WebhookUrl = { href: string; shownUrl: string; host: string };
export type WebhookUrlResult = { ok: true; url: WebhookUrl } | { ok: false; message: string };

/**
 * Reads where webhooks of a workspace may go: as far as its pages may load from. Any public host on port 443, and what is
 * on its list; private addresses where the operator has listed them as private; in strict egress the list alone.
 */
export async function loadWebhookReach(em: EntityManager, workspaceId: WorkspaceId): Promise<Reach> {
  const { egressMode } = await em.findOneOrFail(Workspace, { id: workspaceId });
  return {
    domains: await loadAllowedDomains(em, workspaceId),
    parts: egressMode === 'strict' ? await loadPartHosts(em, workspaceId) : null,
  };
}

/**
 * Decides whether an address may be a webhook's, by its form and by the lists. What it resolves to is judged with each try:
 * that may change at any time.
 */
export function admitWebhookUrl(raw: string, reach: Reach): WebhookUrlResult {
  const refuse = (message: string): WebhookUrlResult => ({ ok: false, message });
  if (URL.canParse(raw) && (new URL(raw).username !== '' || new URL(raw).password !== ''))
    return refuse('may hold no user name or password: what is sent is signed, so that the receiver can tell who sent it');
  const parsed = parseTargetUrl(raw);
  if (!parsed.ok) return refuse(parsed.message);
  const { href, host, port } = parsed.target;
  const url = { href, shownUrl: shownWebhookUrl(href), host: shownDomain({ host, port }) };
  if (matchAllowedDomain([...reach.domains, ...(reach.parts ?? [])], host, port)) return { ok: true, url };
  if (reach.parts)
    return refuse(
      `${url.host} is not on the list of this workspace, whose egress is strict: add it with \`sessionshot domains add ${url.host} --parts\``,
    );
  if (port !== HTTPS_PORT) return refuse(`Port ${port} is not allowed: leave it out, or add \`${url.host}\` to the allowed domains.`);
  const named = parseAllowedDomain(host);
  return named.ok ? { ok: true, url } : refuse(named.message);
}

const urlUse = (workspaceId: WorkspaceId) => `webhook url ${workspaceId}`;

/** Seals an address for its row: what follows the host is often a secret of the receiver. */
export function sealWebhookUrl(vault: Vault, workspaceId: WorkspaceId, { href }: WebhookUrl): string {
  return vault.seal(href, urlUse(workspaceId));
}

/** The address, or null where no key of this server opens it. */
export function openWebhookUrl(vault: Vault, workspaceId: WorkspaceId, sealed: string): string | null {
  return vault.open(sealed, urlUse(workspaceId));
}
