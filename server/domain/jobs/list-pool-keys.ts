import type { PoolKeyView } from '#shared/pool-keys.ts';
import { findRevokedKids } from '../access/pool-keys.ts';
import type { Deps } from '../deps.ts';
import type { PublicPoolKey } from '../ports.ts';

/** The public keys of this server that are not revoked, the one that is sealed to first. Empty where there is none. */
export async function findActiveKeys(deps: Pick<Deps, 'db' | 'sealer'>): Promise<PublicPoolKey[]> {
  const keys = (await deps.sealer?.keys()) ?? [];
  if (keys.length === 0) return [];
  const revoked = await findRevokedKids(
    deps.db.fork(),
    keys.map(({ kid }) => kid),
  );
  return keys.filter(({ kid }) => !revoked.has(kid));
}

/**
 * Lists the pool keys that this server has, that captures need, or that were revoked: the server's own in their order first. A
 * capture counts under each key that it needs. `kid: null` stands for captures that a server of before accepted.
 */
export async function listPoolKeys(deps: Pick<Deps, 'db' | 'sealer'>): Promise<PoolKeyView[]> {
  const [own, active] = [(await deps.sealer?.keys()) ?? [], await findActiveKeys(deps)];
  const em = deps.db.acrossWorkspaces();
  const needed = await em.execute<{ kid: string | null; waiting: number; running: number }[]>(NEEDED);
  const revoked = await em.execute<{ kid: string; revoked_at: Date }[]>(
    'select kid, revoked_at from revoked_pool_key order by revoked_at desc',
  );
  const kids = new Set<string | null>([...own.map(({ kid }) => kid), ...needed.map(({ kid }) => kid), ...revoked.map(({ kid }) => kid)]);
  return [...kids].map((kid) => {
    const counts = needed.find((row) => row.kid === kid);
    const end = revoked.find((row) => row.kid === kid);
    return {
      kid,
      state: end ? 'revoked' : stateOf(kid, active),
      waiting: counts?.waiting ?? 0,
      running: counts?.running ?? 0,
      revokedAt: end ? new Date(end.revoked_at).toISOString() : null,
    };
  });
}

function stateOf(kid: string | null, active: readonly PublicPoolKey[]): PoolKeyView['state'] {
  if (active[0]?.kid === kid) return 'sealing';
  return active.some((key) => key.kid === kid) ? 'published' : 'unknown';
}

const NEEDED = `
select needed.kid, count(*) filter (where job.state = 'available')::int as waiting,
  count(*) filter (where job.state = 'leased')::int as running
from (
  select kid, capture_id from capture_payload
  union select auth_kid, capture_id from capture_payload where auth_kid is not null
) as needed join job on job.capture_id = needed.capture_id
where job.state in ('available', 'leased') group by needed.kid`;
