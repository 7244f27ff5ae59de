import pg from 'pg';
import { openOrm } from '#server/db/orm.ts';
import { SCOPE_SETTING, SERVER_ROLE, SYSTEM_SCOPE, WORKSPACE_SETTING } from '#server/db/policies.ts';
import type { Actor } from '#server/domain/access/actor.ts';
import { createInvite } from '#server/domain/access/invites.ts';
import { changeRole } from '#server/domain/access/members.ts';
import { createSignInLink, signInWithLink } from '#server/domain/access/sessions.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { completeJob } from '#server/domain/jobs/complete-job.ts';
import { claimDeliveries } from '#server/domain/webhooks/claim-deliveries.ts';
import { createWebhookEndpoint } from '#server/domain/webhooks/webhook-endpoints.ts';
import { makeId, type WorkspaceId } from '#shared/ids.ts';
import { completion, createDomainBed, type DomainBed, operatorOf, requestOf, upload } from '../server/domain-bed.ts';

/** Two workspaces with a row of each in every table that is walled, and a connection that says whose it is. */
export type RowLevelBed = DomainBed & {
  ours: WorkspaceId;
  theirs: WorkspaceId;
  /** Runs statements as the role of the server, in a transaction that names a workspace, everything, or nothing. */
  as(scope: Scope, work: (ask: Ask) => Promise<unknown>): Promise<void>;
};
export type Scope = { workspace: WorkspaceId } | 'system' | 'nothing';
export type Ask = (sql: string, values?: unknown[]) => Promise<pg.QueryResult<Record<string, unknown>>>;

export async function createRowLevelBed(): Promise<RowLevelBed> {
  const bed = await createDomainBed();
  const other = await bed.addWorkspace();
  for (const key of [bed.key, other]) await finish(bed, key);
  await claimDeliveries(bed.deps, 10); // an attempt in each
  for (const key of [bed.key, other]) await fill(bed, key);
  const client = new pg.Client({ connectionString: bed.databaseUrl, options: `-c role=${SERVER_ROLE}` });
  await client.connect();
  return {
    ...bed,
    ours: bed.key.workspaceId,
    theirs: other.workspaceId,
    as: async (scope, work) => {
      await client.query('begin');
      try {
        if (scope !== 'nothing')
          await client.query(
            'select set_config($1, $2, true)',
            scope === 'system' ? [SCOPE_SETTING, SYSTEM_SCOPE] : [WORKSPACE_SETTING, scope.workspace],
          );
        await work((sql, values) => client.query(sql, values));
      } finally {
        await client.query('rollback');
      }
    },
    close: async () => {
      await client.end();
      await bed.close();
    },
  };
}

/** Leaves something in every table: people, an invite, a session, a capture that waits, and entries of all that. */
async function fill(bed: DomainBed, key: DomainBed['key']): Promise<void> {
  const { deps } = bed;
  const operator = operatorOf(key.workspaceId);
  const userId = makeId('user');
  await bed.sql('insert into app_user (id, name, created_at) values ($1, $1, now())', [userId]);
  await bed.sql(`insert into member (workspace_id, user_id, role, created_at) values ($1, $2, 'viewer', now())`, [key.workspaceId, userId]);
  await changeRole(deps, operator, { userId, role: 'developer' });
  await signInWithLink(deps, (await createSignInLink(deps, userId)).token);
  await createInvite(deps, operator, { email: `${userId}@example.com`, role: 'viewer' });
  const webhook = { url: 'https://hooks.example.net/inbox' };
  await createCapture(deps, key, requestOf({ webhook }), { body: {}, idempotencyKey: `${key.keyId}-waits` });
}

/** Leaves a capture that is done. */
async function finish(bed: DomainBed, key: Actor): Promise<void> {
  const { deps, runner } = bed;
  await createWebhookEndpoint(deps, operatorOf(key.workspaceId), { url: 'https://hooks.example.net/inbox' });
  await createCapture(deps, key, requestOf(), { body: {} });
  const claim = await claimJob(deps, runner, {});
  if (!claim) throw new Error('there was nothing to claim');
  const picture = new Uint8Array([1, 2, 3]);
  await upload(claim, picture);
  await completeJob(deps, runner, claim.jobId, completion(claim, picture));
}

export type Table = { name: string; column: string | null; policies: number; isForced: boolean };

/**
 * The tables of the entities, and whether they hold something of a workspace: by a column of their own, or because they
 * refer to something that does. `column` is that of the workspace, null where it is the thing referred to that has it.
 */
export async function readTables(databaseUrl: string): Promise<{ walled: Table[]; open: string[] }> {
  const orm = await openOrm(databaseUrl, 2);
  try {
    const all = [...orm.getMetadata().getAll().values()].filter(({ tableName }) => Boolean(tableName));
    const scoped = new Map<string, string | null>([['workspace', 'id']]);
    for (let found = -1; found !== scoped.size; ) {
      found = scoped.size;
      for (const { tableName, props } of all) {
        if (scoped.has(tableName)) continue;
        const own = props.find(({ fieldNames }) => fieldNames?.includes('workspace_id'));
        const through = props.some(
          ({ targetMeta, owner, kind }) => targetMeta && scoped.has(targetMeta.tableName) && (owner || kind === 'm:1'),
        );
        if (own || through) scoped.set(tableName, own ? 'workspace_id' : null);
      }
    }
    const walled = all
      .filter(({ tableName }) => scoped.has(tableName))
      .map(({ tableName, policies, rowLevelSecurity }) => ({
        name: tableName,
        column: scoped.get(tableName) ?? null,
        policies: policies.length,
        isForced: rowLevelSecurity === 'force',
      }));
    return { walled, open: all.map(({ tableName }) => tableName).filter((name) => !scoped.has(name)) };
  } finally {
    await orm.close(true);
  }
}
