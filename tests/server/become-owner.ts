import type { EntityManager } from '@mikro-orm/postgresql';

/** Steps back from the server's role to the owner of the tables, and takes the triggers of the audit log away. */
export async function becomeOwner(em: EntityManager): Promise<void> {
  await em.execute('set local role none');
  for (const table of ['audit_event', 'audit_link']) await em.execute(`alter table ${table} disable trigger user`);
}

/** A database that is one unit of work, whoever asks. */
export const only = (em: EntityManager) => ({ fork: () => em, inWorkspace: () => em, acrossWorkspaces: () => em });
