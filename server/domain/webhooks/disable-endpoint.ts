import type { EntityManager } from '@mikro-orm/postgresql';
import type { WebhookEndpointId, WorkspaceId } from '#shared/ids.ts';

/**
 * Disables an endpoint inside the caller's transaction: nothing more is sent to it, and what was still to be sent has failed,
 * so that a recovery finds it. Answers the workspace, or null where it was disabled already.
 */
export async function disableEndpoint(
  em: EntityManager,
  id: WebhookEndpointId,
  reason: 'by_request' | 'failing' | 'gone',
): Promise<WorkspaceId | null> {
  const [row] = await em.execute<{ workspace_id: WorkspaceId }[]>(DISABLE, [reason, id]);
  await em.execute(`update webhook_delivery set state = 'failed', lease_until = null where endpoint_id = ? and state = 'pending'`, [id]);
  return row?.workspace_id ?? null;
}

const DISABLE = `
update webhook_endpoint set disabled_at = now(), disabled_reason = ? where id = ? and disabled_at is null returning workspace_id`;
