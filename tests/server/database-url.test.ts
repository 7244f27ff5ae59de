import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '#server/db/open-database.ts';
import { SERVER_ROLE } from '#server/db/policies.ts';
import { serviceAddress } from '../services/service-address.ts';
import { createTestDatabase } from '../services/test-database.ts';

// What the URL of the database says beyond host and name holds for every connection, whoever it is entered as.
const CA = serviceAddress('SESSIONSHOT_TEST_DATABASE_CA_FILE');
let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function urlWith(query: Record<string, string>): string {
  const url = new URL(database.url);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown> | undefined> {
  const { orm, db } = await openDatabase(url, { poolMax: 2 });
  try {
    return (await db.fork().execute<Record<string, unknown>[]>(sql))[0];
  } finally {
    await orm.close(true);
  }
}

const OVER = 'select ssl, current_user as who from pg_stat_ssl where pid = pg_backend_pid()';

test('TLS that is asked for is spoken, and a certificate of nobody known is refused', async () => {
  expect(await ask(urlWith({ sslmode: 'verify-full', sslrootcert: CA }), OVER)).toEqual({ ssl: true, who: SERVER_ROLE });
  await expect(ask(urlWith({ sslmode: 'verify-full' }), OVER)).rejects.toThrow(/certificate/);
  expect(await ask(database.url, OVER)).toEqual({ ssl: false, who: SERVER_ROLE });
});

test('settings of the URL stay, and none of them takes the place of the role that the server steps down to', async () => {
  const asked = "select current_setting('statement_timeout') as bound, current_setting('application_name') as name, current_user as who";
  const options = '-c statement_timeout=4321 -c role=none';
  expect(await ask(urlWith({ options, application_name: 'shots' }), asked)).toEqual({ bound: '4321ms', name: 'shots', who: SERVER_ROLE });
});
