import { LIMITS } from '#shared/limits.ts';
import type { Deps } from '../deps.ts';

/**
 * Forgets events with their deliveries after `LIMITS.webhookEventLifeMs`, and secrets whose overlap is over. Gives up deliveries
 * whose last try was lost with its server. Answers how many events were forgotten: as many as there is a bound for a turn, and
 * there are more.
 */
export async function purgeWebhooks(deps: Pick<Deps, 'db' | 'settings'>): Promise<number> {
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    await em.execute('delete from webhook_secret where expires_at <= now()');
    await em.execute(GIVE_UP, [deps.settings.webhookGapsMs.length]);
    const gone = await em.execute<unknown[]>(FORGET, [LIMITS.webhookEventLifeMs, LIMITS.webhookPurgeMax]);
    return gone.length;
  });
}

const GIVE_UP = `
update webhook_delivery set state = 'failed', lease_until = null
where state = 'pending' and tries - tries_before >= ? and lease_until <= now()`;
const FORGET = `
delete from webhook_event where id in (
  select id from webhook_event where created_at < now() - ? * interval '1 millisecond' order by created_at limit ?
) returning id`;
