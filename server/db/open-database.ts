import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { WorkspaceId } from '#shared/ids.ts';
import { addressOf, enteredAs } from './database-url.ts';
import { migrate } from './migrate.ts';
import { openOrm } from './orm.ts';
import { SCOPE_SETTING, SERVER_ROLE, SYSTEM_SCOPE, WORKSPACE_SETTING } from './policies.ts';
import { prepareRole } from './server-role.ts';

type Database = {
  /** Sees no row of any workspace: for what belongs to the instance alone. */
  fork(): EntityManager;
  /** Sees and changes the rows of one workspace, whatever a query asks for. */
  inWorkspace(workspaceId: WorkspaceId): EntityManager;
  /** Sees everything. Every place that asks for it is named in `tests/architecture/rules.ts`. */
  acrossWorkspaces(): EntityManager;
};

type OpenOptions = { serverUrl?: string; poolMax?: number };
type OpenDatabase = { orm: MikroORM; db: Database; url: string };

/**
 * Opens the database as a server uses it: with the schema of this version, and as somebody whom row-level security
 * holds. A user of the URL who passes it (a superuser, or one with BYPASSRLS) migrates, and then steps down to a role
 * that owns nothing; with `serverUrl`, the same database for that role, it signs in as that role instead. Throws where
 * that is impossible, naming the remedy. `poolMax` connections at most. `url` is the one for further connections.
 */
export async function openDatabase(databaseUrl: string, options: OpenOptions = {}): Promise<OpenDatabase> {
  const { serverUrl, poolMax } = options;
  const orm = await openOrm(databaseUrl, poolMax);
  try {
    await migrate(orm);
    const stepsDown = await prepareRole(orm, serverUrl && decodeURIComponent(new URL(serverUrl).password));
    if (stepsDown) await orm.reconnect(addressOf(serverUrl ?? enteredAs(databaseUrl, SERVER_ROLE)));
    return { orm, db: splitDatabase(orm), url: stepsDown && serverUrl ? serverUrl : databaseUrl };
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

function splitDatabase({ em }: MikroORM): Database {
  const within = (name: string, value: string) => em.fork({ session: { variables: { [name]: value } } });
  return {
    fork: () => em.fork(),
    inWorkspace: (workspaceId) => within(WORKSPACE_SETTING, workspaceId),
    acrossWorkspaces: () => within(SCOPE_SETTING, SYSTEM_SCOPE),
  };
}
