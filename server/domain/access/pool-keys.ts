import type { EntityManager } from '@mikro-orm/postgresql';

/** Any number that nothing else in this database locks. */
const SEALING_LOCK = 7_370_433;
const LOCK_WAIT_MS_MAX = 10_000;

/**
 * Tells which of these keys are revoked, and holds revocations off until the caller's transaction has ended. What it takes down
 * under another key is therefore there for the revocation to find, or was sealed anew: nothing gets past it.
 */
export async function holdPoolKeys(em: EntityManager, kids: readonly string[]): Promise<ReadonlySet<string>> {
  // Two statements: what is read after the lock was waited for must be of after the wait.
  await em.execute('select pg_advisory_xact_lock_shared(?)', [SEALING_LOCK]);
  return await findRevokedKids(em, kids);
}

/** Tells which of these keys are revoked at this moment. */
export async function findRevokedKids(em: EntityManager, kids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await em.execute<{ kid: string }[]>(
    'select kid from revoked_pool_key where kid in (select jsonb_array_elements_text(?::jsonb))',
    [JSON.stringify(kids)],
  );
  return new Set(rows.map(({ kid }) => kid));
}

/**
 * Writes down that a key is revoked, inside the caller's transaction, once nothing is being taken down any more; from its commit on
 * nothing is sealed to the key or taken that was. Answers whether it was not before. Waits at most ten seconds.
 */
export async function markRevoked(em: EntityManager, kid: string): Promise<boolean> {
  await em.execute(`set local lock_timeout = ${LOCK_WAIT_MS_MAX}`);
  await em.execute('select pg_advisory_xact_lock(?)', [SEALING_LOCK]);
  await em.execute('set local lock_timeout = default');
  const rows = await em.execute<unknown[]>(
    'insert into revoked_pool_key (kid, revoked_at) values (?, now()) on conflict (kid) do nothing returning kid',
    [kid],
  );
  return rows.length > 0;
}
