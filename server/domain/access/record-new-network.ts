import type { EntityManager } from '@mikro-orm/postgresql';
import { databaseNow } from '#server/db/database-time.ts';
import { notify } from '#server/db/notifications.ts';
import type { KeyNetwork } from '#shared/console.ts';
import { recordEvent } from '../record-event.ts';
import type { ApiKeyActor } from './actor.ts';
import { recordAudit } from './audit.ts';

/**
 * What there is to say when a key was used from a network new to it, inside the transaction that makes it known: so it is
 * said once, and only if it is kept: the audit log, all servers, and webhooks, which name the key and not the network.
 */
export async function recordNewNetwork(em: EntityManager, actor: ApiKeyActor, { network }: KeyNetwork): Promise<void> {
  await recordAudit(em, actor, { action: 'key.new_network', target: actor.keyId, detail: network });
  const about = { id: actor.keyId, object: 'api_key' };
  await recordEvent(em, { type: 'key.new_network', workspaceId: actor.workspaceId, about, at: await databaseNow(em) });
  await notify(em, { kind: 'key_network', keyId: actor.keyId, workspaceId: actor.workspaceId });
}
