import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { makeId, type WebhookEndpointId, type WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Vault } from '../ports.ts';

/** Whose secret it is: an endpoint's, or (null) the workspace's own, by which the webhooks of single captures are signed. */
export type SecretOwner = { workspaceId: WorkspaceId; endpointId: WebhookEndpointId | null };

/** As long as the key of the hash, as Standard Webhooks recommends. */
const SECRET_BYTES = 32;
const secretUse = ({ workspaceId, endpointId }: SecretOwner) => `webhook secret ${endpointId ?? workspaceId}`;

/**
 * Makes a secret and answers it, this once. One that there was is signed with too for `LIMITS.webhookOverlapMs` more; a
 * still older one ends at once, so that there are never more than two.
 */
export async function makeWebhookSecret(em: EntityManager, vault: Vault, owner: SecretOwner): Promise<string> {
  const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
  await lockOwner(em, owner);
  await em.execute(
    'delete from webhook_secret where workspace_id = ? and endpoint_id is not distinct from ?::text and expires_at is not null',
    [owner.workspaceId, owner.endpointId],
  );
  await em.execute(EXPIRE, [LIMITS.webhookOverlapMs, owner.workspaceId, owner.endpointId]);
  await insert(em, vault, owner, secret);
  return secret;
}

/** Sees to it that the workspace has a secret of its own. Nobody has seen one that is made here: the next one is shown. */
export async function ensureDefaultSecret(em: EntityManager, vault: Vault, workspaceId: WorkspaceId): Promise<void> {
  const owner = { workspaceId, endpointId: null };
  if (await hasSecret(em, owner)) return;
  await lockOwner(em, owner);
  // Whoever came first at the same moment has made it.
  if (!(await hasSecret(em, owner))) await insert(em, vault, owner, `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`);
}

/** Opens the secrets to sign with, the newest first. Throws where this server has not the key that they are sealed by. */
export async function openWebhookSecrets(em: EntityManager, vault: Vault, owner: SecretOwner): Promise<string[]> {
  const rows = await em.execute<{ sealed: string }[]>(LIVE, [owner.workspaceId, owner.endpointId]);
  const opened = rows.map(({ sealed }) => vault.open(sealed, secretUse(owner))).filter((secret) => secret !== null);
  if (opened.length === 0) throw new Error('No secret of this webhook can be opened: the key of the server is another one');
  return opened;
}

async function hasSecret(em: EntityManager, { workspaceId, endpointId }: SecretOwner): Promise<boolean> {
  return (await em.execute<unknown[]>(LIVE, [workspaceId, endpointId])).length > 0;
}

async function insert(em: EntityManager, vault: Vault, owner: SecretOwner, secret: string): Promise<void> {
  await em.execute('insert into webhook_secret (id, workspace_id, endpoint_id, sealed, created_at) values (?, ?, ?, ?, now())', [
    makeId('webhookSecret'),
    owner.workspaceId,
    owner.endpointId,
    vault.seal(secret, secretUse(owner)),
  ]);
}

/** Two at the same moment take turns, or three secrets would be good. */
async function lockOwner(em: EntityManager, { workspaceId, endpointId }: SecretOwner): Promise<void> {
  if (endpointId) await em.execute('select id from webhook_endpoint where id = ? for no key update', [endpointId]);
  else await em.execute('select id from workspace where id = ? for no key update', [workspaceId]);
}

const EXPIRE = `
update webhook_secret set expires_at = now() + ? * interval '1 millisecond'
where workspace_id = ? and endpoint_id is not distinct from ?::text and expires_at is null`;
const LIVE = `
select sealed from webhook_secret
where workspace_id = ? and endpoint_id is not distinct from ?::text and (expires_at is null or expires_at > now()) order by id desc`;
