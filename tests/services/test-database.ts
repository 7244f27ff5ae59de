import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { serviceAddress } from './service-address.ts';

/**
 * Makes an empty database for one test file on the run's PostgreSQL. `drop` closes what is still connected to it; call
 * it after the program under test was closed.
 */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(`create database ${name}`);
  const url = new URL(serviceAddress('SESSIONSHOT_TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(`drop database if exists ${name} with (force)`) };
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serviceAddress('SESSIONSHOT_TEST_DATABASE_URL'), connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
