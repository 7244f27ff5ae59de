import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiKey } from '#server/db/access.entities.ts';
import { Capture } from '#server/db/captures.entities.ts';
import { openDatabase } from '#server/db/open-database.ts';
import { SERVER_ROLE } from '#server/db/policies.ts';
import { DatabaseUserError } from '#server/db/server-role.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { chainWaiting } from '#server/domain/access/chain-audit.ts';
import { takeRate } from '#server/domain/access/take-rate.ts';
import { verifyAudit } from '#server/domain/access/verify-audit.ts';
import { ensureFirstWorkspace } from '#server/domain/access/workspaces.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { deleteCapture } from '#server/domain/captures/delete-capture.ts';
import { SCOPES } from '#shared/scopes.ts';
import { operatorOf, requestOf } from '../server/domain-bed.ts';
import { createTestDatabase } from '../services/test-database.ts';
import { createRowLevelBed, type RowLevelBed, readTables, type Table } from './row-level-bed.ts';

// The second wall, on a real PostgreSQL: SQL without any filter of ours, as the role of the server.
const bed: RowLevelBed = await createRowLevelBed();
const { walled, open } = await readTables(bed.databaseUrl);
afterAll(() => bed.close());

/** Tables that hold nothing of one workspace, and why. People and what lets them in have a wall of their own, below. */
const OPEN: Record<string, string> = {
  app_user: 'a person can be a member of several workspaces',
  sign_in_link: 'leads a person in, not into a workspace',
  totp: 'a second factor of a person',
  recovery_code: 'a second factor of a person',
  external_login: 'a person as an identity provider knows them',
  rate_limit: 'how much of a rate is used up, by key or address; no row is ever shown',
  runner: 'serves every workspace',
  revoked_pool_key: 'ids of keys that serve every workspace',
  audit_link: 'the chain is one for the instance; it holds hashes alone',
  audit_pending: 'ids of entries that are not in the chain yet',
};

const rowsOf = async (table: string) => Number((await bed.sql<{ n: string }>(`select count(*) as n from ${table}`))[0]?.n);

/** How many rows of a table are of a workspace, counted past the wall. */
async function countOf({ name, column }: Table, workspace: string): Promise<number> {
  const where = column ? `${column} = $1` : 'capture_id in (select id from capture where workspace_id = $1)';
  return Number((await bed.sql<{ n: string }>(`select count(*) as n from ${name} where ${where}`, [workspace]))[0]?.n);
}

async function rowOfTheirs({ name, column }: Table): Promise<unknown> {
  const where = column ? `${column} = $1` : 'capture_id in (select id from capture where workspace_id = $1)';
  const [row] = await bed.sql<{ row: unknown }>(`select to_jsonb(t) as row from ${name} t where ${where} limit 1`, [bed.theirs]);
  return row?.row;
}

test('every entity is behind the wall or is known to hold nothing of one workspace', async () => {
  expect(open.toSorted()).toEqual(Object.keys(OPEN).toSorted());
  expect(walled.filter(({ policies, isForced }) => policies !== 1 || !isForced)).toEqual([]);
});

test('in the database, every table with a workspace in it has a policy that holds its owner too, entity or not', async () => {
  const unheld = await bed.sql(
    `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
     where a.attname = 'workspace_id' and c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
       and not (c.relrowsecurity and c.relforcerowsecurity and exists (select 1 from pg_policy where polrelid = c.oid))`,
  );
  expect(unheld).toEqual([]);
});

test('the server is a role that passes nothing, owns nothing and stays what it is', async () => {
  const em = bed.deps.db.fork();
  const who = `select current_user as who, (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as passes`;
  expect(await em.execute(who)).toEqual([{ who: SERVER_ROLE, passes: false }]);
  await em.transactional(async (tx) => {
    await tx.execute('reset role');
    expect(await tx.execute(who)).toEqual([{ who: SERVER_ROLE, passes: false }]);
  });
  for (const statement of ['alter table capture no force row level security', 'drop policy workspace_wall on capture', 'truncate capture'])
    await expect(em.execute(statement)).rejects.toThrow(/must be owner|permission denied/);
});

describe.each(walled)('$name', (table) => {
  const { name, column } = table;
  const inOurs = (work: Parameters<RowLevelBed['as']>[1]) => bed.as({ workspace: bed.ours }, work);

  test('shows a workspace its own rows, and nobody any', async () => {
    const mine = await countOf(table, bed.ours);
    expect(mine).toBeGreaterThan(0);
    expect(await countOf(table, bed.theirs)).toBeGreaterThan(0);
    await inOurs(async (ask) => expect((await ask(`select * from ${name}`)).rowCount).toBe(mine));
    await bed.as({ workspace: bed.theirs }, async (ask) =>
      expect((await ask(`select * from ${name}`)).rowCount).toBe(await countOf(table, bed.theirs)),
    );
    await bed.as('nothing', async (ask) => expect((await ask(`select * from ${name}`)).rowCount).toBe(0));
    await bed.as('system', async (ask) => expect((await ask(`select * from ${name}`)).rowCount).toBe(await rowsOf(name)));
  });

  test('takes no row of another workspace, and from somebody without a workspace none at all', async () => {
    const row = await rowOfTheirs(table);
    const insert = (ask: Parameters<Parameters<RowLevelBed['as']>[1]>[0]) =>
      ask(`insert into ${name} select (jsonb_populate_record(null::${name}, $1)).*`, [JSON.stringify(row)]);
    for (const scope of [{ workspace: bed.ours }, 'nothing'] as const)
      await bed.as(scope, async (ask) => expect(insert(ask)).rejects.toThrow('row-level security'));
    // The very same row is one that could be written: it is there already.
    await bed.as('system', async (ask) => expect(insert(ask)).rejects.toThrow('duplicate key'));
  });

  test('changes and removes rows of its own workspace alone', async () => {
    const mine = await countOf(table, bed.ours);
    const touched = column ?? 'capture_id';
    if (name === 'audit_event') {
      await inOurs(async (ask) => expect(ask(`update ${name} set ${touched} = ${touched}`)).rejects.toThrow('permission denied'));
      await inOurs(async (ask) => expect(ask(`delete from ${name}`)).rejects.toThrow('permission denied'));
      return;
    }
    await inOurs(async (ask) => expect((await ask(`update ${name} set ${touched} = ${touched}`)).rowCount).toBe(mine));
    await inOurs(async (ask) => expect((await ask(`delete from ${name}`)).rowCount).toBe(mine));
    await bed.as('nothing', async (ask) => expect((await ask(`delete from ${name}`)).rowCount).toBe(0));
    if (column)
      await inOurs(async (ask) => expect(ask(`update ${name} set ${column} = $1`, [bed.theirs])).rejects.toThrow('row-level security'));
  });

  test('without its policy, everything comes through', async () => {
    await bed.sql(`alter table ${name} disable row level security`);
    try {
      await inOurs(async (ask) => expect((await ask(`select * from ${name}`)).rowCount).toBe(await rowsOf(name)));
      expect(await rowsOf(name)).toBeGreaterThan(await countOf(table, bed.ours));
    } finally {
      await bed.sql(`alter table ${name} enable row level security`);
    }
  });
});

test('people are there for the workspaces that they are members of, and one-time links for none', async () => {
  const link = { hash: 'link-of-a-test', user: (await bed.sql<{ user_id: string }>('select user_id from member limit 1'))[0]?.user_id };
  await bed.sql('insert into sign_in_link (token_hash, user_id, expires_at) values ($1, $2, now())', [link.hash, link.user]);
  await bed.sql("insert into totp (user_id, sealed_secret, created_at, tries) values ($1, 'sealed', now(), 0)", [link.user]);
  await bed.sql("insert into recovery_code (code_hash, user_id) values ('code-of-a-test', $1)", [link.user]);
  await bed.sql("insert into external_login (issuer, subject, user_id, created_at) values ('https://i.example', 's', $1, now())", [
    link.user,
  ]);
  for (const workspace of [bed.ours, bed.theirs]) {
    const members = await bed.sql('select user_id as id from member where workspace_id = $1 order by user_id', [workspace]);
    await bed.as({ workspace }, async (ask) => {
      expect((await ask('select id from app_user order by id')).rows).toEqual(members);
      expect((await ask(`update app_user set name = 'x'`)).rowCount).toBe(members.length);
      for (const table of ['sign_in_link', 'totp', 'recovery_code', 'external_login'])
        expect((await ask(`select * from ${table}`)).rowCount, table).toBe(0);
      await expect(ask(`insert into app_user (id, name, created_at) values ('usr_new', 'x', now())`)).rejects.toThrow('row-level security');
    });
  }
  const all = await rowsOf('app_user');
  await bed.as('nothing', async (ask) => expect((await ask('delete from app_user')).rowCount).toBe(0));
  await bed.as('system', async (ask) => expect((await ask('select * from app_user')).rowCount).toBe(all));
  await bed.as('system', async (ask) => expect((await ask('delete from sign_in_link')).rowCount).toBe(1));
});

test('a query of ours that forgot its workspace finds its own rows, and one that names none finds nothing', async () => {
  const { db } = bed.deps;
  const [captures, keys] = [await db.inWorkspace(bed.ours).find(Capture, {}), await db.inWorkspace(bed.ours).find(ApiKey, {})];
  expect(new Set([...captures, ...keys].map((row) => row.workspace.id))).toEqual(new Set([bed.ours]));
  expect([await db.fork().find(Capture, {}), await db.fork().find(ApiKey, {})]).toEqual([[], []]);
  expect(await db.inWorkspace(bed.theirs).nativeDelete(Capture, {})).toBe(2);
  expect(await db.acrossWorkspaces().count(Capture)).toBe(2);
});

describe('another user of DATABASE_URL', () => {
  const role = `rls_${randomBytes(6).toString('hex')}`;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let url: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    const address = new URL(database.url);
    await bed.sql(`create role ${role} login password '${role}'`);
    await bed.sql(`alter database ${address.pathname.slice(1)} owner to ${role}`);
    address.username = role;
    address.password = role;
    url = address.href;
  });
  afterAll(async () => {
    await database.drop();
    await bed.sql(`drop role ${role}`);
  });

  test('who owns the tables is held by the wall all the same', async () => {
    const { orm, db } = await openDatabase(url, { poolMax: 2 });
    try {
      const [who] = await db
        .fork()
        .execute<Record<string, unknown>[]>(`select current_user as who, tableowner as owner from pg_tables where tablename = 'workspace'`);
      expect(who).toEqual({ who: role, owner: role });
      const { workspaceId } = await ensureFirstWorkspace({ db, clock: { now: () => new Date() } }, { workspaceName: 'w', ownerName: 'o' });
      const count = async (em: ReturnType<typeof db.fork>) => (await em.execute<unknown[]>('select 1 from workspace')).length;
      expect([await count(db.acrossWorkspaces()), await count(db.inWorkspace(workspaceId)), await count(db.inWorkspace(bed.ours))]).toEqual(
        [1, 1, 0],
      );
      expect(await count(db.fork())).toBe(0);
    } finally {
      await orm.close(true);
    }
  });

  test('who passes the wall and cannot step down from it is refused, with what to do', async () => {
    await bed.sql(`alter role ${role} bypassrls`);
    const refused = openDatabase(url, { poolMax: 2 });
    await expect(refused).rejects.toThrow(/BYPASSRLS.*neither SUPERUSER nor BYPASSRLS/);
    await expect(refused).rejects.toBeInstanceOf(DatabaseUserError);
  });

  test('who passes the wall and was given the role steps down to it', async () => {
    await bed.sql(`grant ${SERVER_ROLE} to ${role}`);
    const { orm, db } = await openDatabase(url, { poolMax: 2 });
    try {
      expect(await db.fork().execute('select current_user as who, session_user as login')).toEqual([{ who: SERVER_ROLE, login: role }]);
      expect(await db.fork().execute('select 1 from workspace')).toEqual([]);
    } finally {
      await orm.close(true);
    }
  });

  test('a user that owns nothing, made as docs/self-hosting.md says, is enough for a server', async () => {
    const server = new URL(bed.databaseUrl);
    const login = `${role}_login`;
    await bed.sql(readRecipe(login));
    server.username = login;
    server.password = login;
    const { orm, db } = await openDatabase(server.href, { poolMax: 2 });
    const deps = { ...bed.deps, db };
    try {
      expect(await db.fork().execute('select current_user as who')).toEqual([{ who: login }]);
      const { apiKey, key } = await createApiKey(deps, operatorOf(bed.ours), { name: 'k', scopes: SCOPES });
      const actor = await authenticateApiKey(deps, key, { address: '127.0.0.1' });
      expect([actor.keyId, actor.workspaceId]).toEqual([apiKey.id, bed.ours]);
      const { capture } = await createCapture(deps, actor, requestOf(), { body: {} });
      await deleteCapture(deps, actor, capture.id);
      expect((await takeRate(deps, { name: login, everyMs: 1000, burst: 2 })).ok).toBe(true);
      await chainWaiting(deps);
      expect(await verifyAudit(deps, operatorOf(bed.ours), {})).toMatchObject({ broken: null, waiting: 0 });
      expect(await db.fork().find(Capture, {})).toEqual([]);
      for (const statement of [
        'delete from audit_event',
        'delete from mikro_orm_migrations',
        'alter table capture disable row level security',
      ])
        await expect(db.acrossWorkspaces().execute(statement)).rejects.toThrow(/permission denied|must be owner/);
    } finally {
      await orm.close(true);
      await bed.sql(`drop owned by ${login}; drop role ${login}`);
    }
  });
});

/** The statements of the page, for a role of this test. */
function readRecipe(login: string): string {
  const page = readFileSync(new URL('../../docs/self-hosting.md', import.meta.url), 'utf8');
  const recipe = /```sql\n([^`]+)```/.exec(page)?.[1] ?? '';
  expect(recipe).toContain("create role sessionshot_server login password '…'");
  return recipe.replaceAll('sessionshot_server', login).replace('…', login);
}

test('the look-up of a key by its hash opens the wall for itself alone', async () => {
  const [row] = await bed.sql<{ hash: string }>('select hash from api_key where workspace_id = $1', [bed.theirs]);
  for (const scope of ['nothing', { workspace: bed.ours }] as const) {
    await bed.as(scope, async (ask) => {
      const { rows } = await ask('select workspace_id from api_key_of_hash($1)', [row?.hash]);
      expect(rows).toEqual([{ workspace_id: bed.theirs }]);
      expect((await ask('select * from api_key_of_hash($1)', ['%'])).rowCount).toBe(0);
      const keys = await ask('select distinct workspace_id from api_key');
      expect(keys.rows).toEqual(scope === 'nothing' ? [] : [{ workspace_id: bed.ours }]);
    });
  }
});

test('nothing that a pooled connection was told stays with it', async () => {
  const { orm, db } = await openDatabase(bed.databaseUrl, { poolMax: 2 });
  try {
    await db.inWorkspace(bed.ours).find(Capture, {});
    await db.acrossWorkspaces().find(Capture, {});
    await Promise.all([1, 2, 3, 4].map(async () => expect(await db.fork().find(Capture, {})).toEqual([])));
  } finally {
    await orm.close(true);
  }
});

test('the connection of a test passes the wall, so that what it counts is what there is', async () => {
  const client = new pg.Client({ connectionString: bed.databaseUrl });
  await client.connect();
  const { rows } = await client.query('select rolsuper from pg_roles where rolname = current_user');
  await client.end();
  expect(rows).toEqual([{ rolsuper: true }]);
});
