import type { EntityManager } from '@mikro-orm/postgresql';

/**
 * Reads the database's clock; within a transaction, the time it began. Leases and deadlines go by this clock alone, so
 * that a server whose own clock is wrong ends nobody's lease.
 */
export async function databaseNow(em: EntityManager): Promise<Date> {
  const [row] = await em.execute<{ ms: number }[]>('select (extract(epoch from now()) * 1000)::float8 as ms');
  if (!row) throw new Error('The database did not say what time it is');
  return new Date(row.ms);
}
