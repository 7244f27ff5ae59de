import type { MikroORM } from '@mikro-orm/postgresql';
import { SCOPE_SETTING, SYSTEM_SCOPE } from './policies.ts';

/** Any number that nothing else in this database locks. */
export const MIGRATION_LOCK = 7_370_417;
const LOCK_WAIT_MS_MAX = 60_000;

/**
 * Brings the database to the schema of this version; does nothing when it is there. Servers that start at the same time
 * take turns by an advisory lock, waited for at most a minute. Forward only, and all or nothing. It sees the rows of all
 * workspaces: to a migration that did not, row-level security would show empty tables.
 */
export async function migrate(orm: MikroORM): Promise<void> {
  await orm.em.fork({ session: { variables: { [SCOPE_SETTING]: SYSTEM_SCOPE } } }).transactional(async (em) => {
    await em.execute(`set local lock_timeout = ${LOCK_WAIT_MS_MAX}`);
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    await em.execute('set local lock_timeout = default');
    await orm.migrator.up({ transaction: em.getTransactionContext() });
  });
}
