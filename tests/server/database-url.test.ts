import pg from 'pg';
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

/** What a server's connection answers, and whether it is over TLS, which only a superuser is told. */
async function ask(url: string, sql = 'select current_user as who'): Promise<{ said: unknown; ssl: unknown }> {
  const { orm, db } = await openDatabase(url, { poolMax: 2 });
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  try {
    const [row] = await db.fork().execute<{ pid: number }[]>(`select asked.*, pg_backend_pid() as pid from (${sql}) asked`);
    const { pid, ...said } = row ?? { pid: 0 };
    return { said, ssl: (await admin.query('select ssl from pg_stat_ssl where pid = $1', [pid])).rows[0]?.ssl };
  } finally {
    await admin.end();
    await orm.close(true);
  }
}

test('TLS that is asked for is spoken, and a certificate of nobody known is refused', async () => {
  const said = { who: SERVER_ROLE };
  expect(await ask(urlWith({ sslmode: 'verify-full', sslrootcert: CA }))).toEqual({ said, ssl: true });
  await expect(ask(urlWith({ sslmode: 'verify-full' }))).rejects.toThrow(/certificate/);
  expect(await ask(database.url)).toEqual({ said, ssl: false });
});

test('settings of the URL stay, and none of them takes the place of the role that the server steps down to', async () => {
  const asked = "select current_setting('statement_timeout') as bound, current_setting('application_name') as name, current_user as who";
  const options = '-c statement_timeout=4321 -c role=none';
  expect((await ask(urlWith({ options, application_name: 'shots' }), asked)).said).toEqual({
    bound: '4321ms',
    name: 'shots',
    who: SERVER_ROLE,
  });
});
