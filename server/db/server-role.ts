import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { AuditEvent, AuditLink } from './audit.entities.ts';
import { MIGRATION_LOCK } from './migrate.ts';
import { MIGRATIONS_TABLE } from './orm.ts';

/** The role that the server takes where the user of its URL would pass row-level security. Owns nothing, cannot sign in. */
export const SERVER_ROLE = 'sessionshot_app';

type Who = { name: string; passes: boolean; is_super: boolean; schema: string };

/**
 * Answers the role that a server must take on its connections, made ready for it, or null where the user of the
 * connection is held by row-level security as it is. Throws when that user is not held and cannot make the role.
 */
export async function prepareRole(orm: MikroORM): Promise<string | null> {
  return await orm.em.fork().transactional(async (em) => {
    const [who] = await em.execute<Who[]>(WHO);
    if (!who) throw new Error('The database did not say who is connected');
    if (!who.passes) return null;
    await em.execute('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    try {
      await makeRole(em, who, tablesOf(orm));
    } catch (cause) {
      throw new Error(
        `The user of DATABASE_URL passes row-level security (BYPASSRLS), and the role ${SERVER_ROLE}, which does not, could not be made ready. ` +
          'Give a user that owns the database and has neither SUPERUSER nor BYPASSRLS, or one that may also create roles.',
        { cause },
      );
    }
    return SERVER_ROLE;
  });
}

const WHO = `
select rolname as name, rolsuper or rolbypassrls as passes, rolsuper as is_super, current_schema() as schema
from pg_roles where rolname = current_user`;

/** Roles belong to the whole cluster: another database of it may be making the same one at this moment. */
const MAKE = `
do $$ begin
  if not exists (select 1 from pg_roles where rolname = '${SERVER_ROLE}') then
    create role ${SERVER_ROLE} nologin;
  end if;
exception when duplicate_object or unique_violation then null;
end $$`;

async function makeRole(em: EntityManager, who: Who, tables: readonly string[]): Promise<void> {
  await em.execute(MAKE);
  const [role] = await em.execute<{ passes: boolean; is_ours: boolean }[]>(
    `select rolsuper or rolbypassrls as passes, pg_has_role(current_user, oid, 'member') as is_ours from pg_roles where rolname = ?`,
    [SERVER_ROLE],
  );
  if (!role || role.passes) throw new Error(`The role ${SERVER_ROLE} passes row-level security itself`);
  if (!role.is_ours) await em.execute(`grant ${SERVER_ROLE} to ${quoted(who.name)}`);
  await em.execute(`grant usage on schema ${quoted(who.schema)} to ${SERVER_ROLE}`);
  await em.execute(`grant select, insert, update, delete on ${tables.map(quoted).join(', ')} to ${SERVER_ROLE}`);
  // A server that signs in as such a role looks whether its schema is there.
  await em.execute(`grant select on ${MIGRATIONS_TABLE} to ${SERVER_ROLE}`);
  // The triggers refuse changes too; a role that owns nothing cannot take them away.
  await em.execute(
    `revoke update, delete on ${quoted(AuditEvent.meta.tableName)}, ${quoted(AuditLink.meta.tableName)} from ${SERVER_ROLE}`,
  );
}

function tablesOf(orm: MikroORM): string[] {
  return [...orm.getMetadata().getAll().values()].map((meta) => meta.tableName).filter((name) => name !== undefined && name !== '');
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
