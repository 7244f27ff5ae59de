import type { EntityManager } from '@mikro-orm/postgresql';
import type { WebhookEndpointId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { recordAudit } from '../access/audit.ts';
import type { Deps } from '../deps.ts';
import type { WebhookOutcome } from '../ports.ts';
import type { ClaimedDelivery } from './claim-deliveries.ts';
import { disableEndpoint } from './disable-endpoint.ts';

const GONE = 410;
/** So much of a gap is left to chance: receivers that were away for all are not asked by all at once when they return. */
const JITTER = 0.1;

export type Settled = 'delivered' | 'again' | 'failed' | 'late';

/**
 * Writes how a try ended, in one transaction: the attempt, the state of its delivery, and when the next try is due. An
 * endpoint that answers 410 is disabled, and so is one that no try has reached for `LIMITS.webhookFailingMsMax` when it
 * loses a delivery. `late`: another server has taken the delivery over meanwhile; only the attempt is written.
 */
export async function settleDelivery(
  deps: Pick<Deps, 'db' | 'settings'>,
  claimed: ClaimedDelivery,
  outcome: WebhookOutcome,
): Promise<Settled> {
  return await deps.db.inWorkspace(claimed.workspaceId).transactional(async (em) => {
    // Endpoints are locked before their deliveries, everywhere: in one order nobody waits in a circle.
    const failing = claimed.endpointId ? await markEndpoint(em, claimed.endpointId, outcome.ok) : null;
    const { ok, status, error, response } = outcome;
    await em.execute(FINISH, [status, error, response, claimed.id, claimed.number]);
    if (ok) return (await em.execute<unknown[]>(DELIVERED, [claimed.id, claimed.number])).length > 0 ? 'delivered' : 'late';
    if (claimed.endpointId && status === GONE) {
      await disable(em, claimed.endpointId, 'gone');
      return 'failed';
    }
    const [row] = await em.execute<{ made: number }[]>(MINE, [claimed.id, claimed.number]);
    if (!row) return 'late';
    const gapMs = deps.settings.webhookGapsMs[row.made];
    if (gapMs !== undefined) {
      await em.execute(AGAIN, [gapMs * (1 - JITTER * Math.random()), claimed.id]);
      return 'again';
    }
    await em.execute(FAILED, [claimed.id]);
    if (claimed.endpointId && failing && failing.ms > LIMITS.webhookFailingMsMax) await disable(em, claimed.endpointId, 'failing');
    return 'failed';
  });
}

/** Remembers since when an endpoint is not reached; answers for how long, in milliseconds. */
async function markEndpoint(em: EntityManager, id: WebhookEndpointId, ok: boolean): Promise<{ ms: number } | null> {
  if (ok) {
    await em.execute('update webhook_endpoint set failing_since = null where id = ? and failing_since is not null', [id]);
    return null;
  }
  const [row] = await em.execute<{ ms: number }[]>(FAILING, [id]);
  return row ?? null;
}

async function disable(em: EntityManager, endpointId: WebhookEndpointId, reason: 'failing' | 'gone'): Promise<void> {
  const workspaceId = await disableEndpoint(em, endpointId, reason);
  if (workspaceId)
    await recordAudit(em, { kind: 'server' }, { action: 'webhook.disable', target: endpointId, detail: reason, workspaceId });
}

const FINISH = `
update webhook_attempt set finished_at = clock_timestamp(), status = ?, error = ?, response = ?
where delivery_id = ? and number = ? and finished_at is null`;
// Also one that was given up meanwhile: it has arrived.
const DELIVERED = `update webhook_delivery set state = 'delivered', lease_until = null where id = ? and tries = ? and state <> 'delivered' returning id`;
const MINE = `select tries - tries_before as made from webhook_delivery where id = ? and tries = ? and state = 'pending' for update`;
const AGAIN = `
update webhook_delivery delivery set lease_until = null, next_try_at = attempt.finished_at + ? * interval '1 millisecond'
from webhook_attempt attempt where delivery.id = ? and attempt.delivery_id = delivery.id and attempt.number = delivery.tries`;
const FAILED = `update webhook_delivery set state = 'failed', lease_until = null where id = ?`;
const FAILING = `
update webhook_endpoint set failing_since = coalesce(failing_since, now()) where id = ?
returning (extract(epoch from now() - failing_since) * 1000)::float8 as ms`;
