import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { AuditEvent, AuditLink } from './audit.entities.ts';
import { MIGRATION_LOCK } from './migrate.ts';
import { MIGRATIONS_TABLE } from './orm.ts';
import { SERVER_ROLE } from './policies.ts';

type Who = { name: string; passes: boolean; schema: string };
/** The user of the URL passes row-level security and cannot step down from it. `message` names the remedy. */
export class DatabaseUserError extends Error {
  override readonly name = 'DatabaseUserError';
}

type Grant = { table: string; rights: readonly string[] };

/**
 * Makes `SERVER_ROLE` ready where the user of the connection would pass row-level security, and answers whether a server
 * must step down to it. With a password the role can sign in by itself: for a cluster that is ours alone. Throws when that
 * user is not held and cannot make the role. Where everything is as it should be, nothing is written.
 */
export async function prepareRole(orm: MikroORM, password?: string): Promise<boolean> {
  return await orm.em.fork().transactional(async (em) => {
    const [who] = await em.execute<Who[]>(WHO);
    if (!who) throw new Error('The database did not say who is connected');
    if (!who.passes) return false;
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    try {
      await makeRole(em, who);
      await grantRights(em, who, grantsOf(orm));
      if (password !== undefined) await em.execute(`alter role ${SERVER_ROLE} login password ?`, [password]);
    } catch (cause) {
      throw explainDenied(cause);
    }
    return true;
  });
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** A database that has gone away in the middle is no fault of its user. */
function explainDenied(cause: unknown): unknown {
  if (!(cause instanceof Error && 'code' in cause && cause.code === INSUFFICIENT_PRIVILEGE)) return cause;
  return new DatabaseUserError(
    `The user of DATABASE_URL passes row-level security (SUPERUSER or BYPASSRLS) and may not make ready the role ${SERVER_ROLE}, which does not. ` +
      'Give a user that owns the database and has neither SUPERUSER nor BYPASSRLS, or one that may also create roles.',
    { cause },
  );
}

const WHO = `
select rolname as name, rolsuper or rolbypassrls as passes, current_schema() as schema
from pg_roles where rolname = current_user`;

/** Roles belong to the whole cluster: another database of it may be making the same one at this moment. */
const MAKE = `
do $$ begin
  if not exists (select 1 from pg_roles where rolname = '${SERVER_ROLE}') then
    create role ${SERVER_ROLE} nologin;
  end if;
exception when duplicate_object or unique_violation then null;
end $$`;

/** From PostgreSQL 16 on, who makes a role is a member of it that may hand it on, and not one that may take it. */
const STATE = `
select rolsuper or rolbypassrls as passes,
  case when current_setting('server_version_num')::int >= 160000 then pg_has_role(current_user, oid, 'set')
    else pg_has_role(current_user, oid, 'member') end as can_take
from pg_roles where rolname = ?`;

async function makeRole(em: EntityManager, who: Who): Promise<void> {
  await em.execute(MAKE);
  const [role] = await em.execute<{ passes: boolean; can_take: boolean }[]>(STATE, [SERVER_ROLE]);
  if (!role || role.passes)
    throw new DatabaseUserError(`The role ${SERVER_ROLE} passes row-level security itself: take SUPERUSER and BYPASSRLS from it.`);
  if (!role.can_take) await em.execute(`grant ${SERVER_ROLE} to ${quoted(who.name)}`);
}

const LACKING = `
select given."table", given.rights from jsonb_to_recordset(?::jsonb) as given ("table" text, rights jsonb)
where exists (
  select 1 from jsonb_array_elements_text(given.rights) as needed (name)
  where not has_table_privilege('${SERVER_ROLE}', quote_ident(given."table"), needed.name)
)`;

async function grantRights(em: EntityManager, { schema }: Who, grants: readonly Grant[]): Promise<void> {
  const [usage] = await em.execute<{ there: boolean }[]>(`select has_schema_privilege('${SERVER_ROLE}', ?, 'usage') as there`, [schema]);
  if (!usage?.there) await em.execute(`grant usage on schema ${quoted(schema)} to ${SERVER_ROLE}`);
  const lacking = await em.execute<Grant[]>(LACKING, [JSON.stringify(grants)]);
  for (const { table, rights } of lacking) await em.execute(`grant ${rights.join(', ')} on ${quoted(table)} to ${SERVER_ROLE}`);
}

/**
 * All rights on all tables, but for the audit log: its triggers refuse changes, and a role that owns nothing cannot take
 * them away. A server that signs in as such a role also looks whether its schema is there.
 */
function grantsOf(orm: MikroORM): Grant[] {
  const appendOnly: readonly string[] = [AuditEvent.meta.tableName, AuditLink.meta.tableName];
  const tables = [...orm.getMetadata().getAll().values()].map(({ tableName }) => tableName).filter(Boolean);
  return [
    { table: MIGRATIONS_TABLE, rights: ['select'] },
    ...tables.map((table) => ({
      table,
      rights: appendOnly.includes(table) ? ['select', 'insert'] : ['select', 'insert', 'update', 'delete'],
    })),
  ];
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
