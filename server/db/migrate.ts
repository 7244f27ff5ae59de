import type { MikroORM } from '@mikro-orm/postgresql';

/** Any number that nothing else in this database locks. */
const MIGRATION_LOCK = 7_370_417;
const LOCK_WAIT_MS_MAX = 60_000;

/**
 * Brings the database to the schema of this version; does nothing when it is there. Servers that start at the same time
 * take turns by an advisory lock, waited for at most a minute. Forward only. Needs two connections of the pool.
 */
export async function migrate(orm: MikroORM): Promise<void> {
  await orm.em.fork().transactional(async (em) => {
    await em.execute(`set local lock_timeout = ${LOCK_WAIT_MS_MAX}`);
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    await orm.migrator.up();
  });
}
