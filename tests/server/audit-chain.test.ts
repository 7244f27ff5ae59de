import { createHash, randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKey, revokeApiKey } from '#server/domain/access/api-keys.ts';
import { recordAudit, recordRefusal } from '#server/domain/access/audit.ts';
import { chainAudit, chainWaiting } from '#server/domain/access/chain-audit.ts';
import { exportAudit, listAudit } from '#server/domain/access/read-audit.ts';
import { verifyAudit } from '#server/domain/access/verify-audit.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import type { AuditEntry, AuditHead } from '#shared/audit.ts';
import { LIMITS } from '#shared/limits.ts';
import { becomeOwner, only } from './become-owner.ts';
import { capture, createDomainBed, type DomainBed, operatorOf } from './domain-bed.ts';

// The audit log on a real PostgreSQL: what is written stays written, and whoever changes it all the same is found.
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
  for (let i = 0; i < 8; i++) await makeKey();
  await chainWaiting(bed.deps);
});
afterAll(() => bed?.close());

const makeKey = () => createApiKey(bed.deps, bed.operator, { name: 'k', scopes: ['captures:read'] });
const verify = (input: { after?: AuditHead; noted?: AuditHead } = {}, deps: Pick<DomainBed['deps'], 'db'> = bed.deps) =>
  verifyAudit(deps, bed.operator, input);
const count = async (table: string) => Number((await bed.sql<{ n: string }>(`select count(*) as n from ${table}`))[0]?.n);

describe('a log that is whole', () => {
  test('verifies to its end, in one stretch or in several', async () => {
    const whole = await verify();
    expect(whole).toMatchObject({ checked: await count('audit_event'), next: null, waiting: 0, broken: null });
    const { entries } = await exportAudit(bed.deps, bed.operator, { after: 0 });
    const [third] = entries.slice(2);
    if (!third) throw new Error('there are fewer than three entries');
    const rest = await verify({ after: { position: third.position, hash: third.hash } });
    expect(rest).toMatchObject({ checked: whole.checked - 3, head: whole.head, broken: null });
    expect(await verify({ noted: whole.head })).toMatchObject({ broken: null });
  });

  test('is exported in the order of its chain, each entry with what it takes to check it', async () => {
    const { entries, next } = await exportAudit(bed.deps, bed.operator, { after: 0 });
    expect(next).toBeNull();
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => index + 1));
    for (const [index, entry] of entries.entries()) {
      expect(entry.previousHash).toBe(entries[index - 1]?.hash ?? '0'.repeat(64));
      expect(entry.hash).toBe(hashAsDocumented(entry.previousHash, entry));
    }
    const later = await exportAudit(bed.deps, bed.operator, { after: 0, since: new Date(Date.now() + 60_000).toISOString() });
    expect(later.entries).toEqual([]);
  });

  test('shows a workspace its own entries alone', async () => {
    const other = operatorOf((await bed.addWorkspace()).workspaceId);
    const mine = await listAudit(bed.deps, bed.operator, { limit: 100 });
    const theirs = await listAudit(bed.deps, other, { limit: 100 });
    expect(new Set(mine.data.map(({ workspace }) => workspace))).toEqual(new Set([bed.operator.workspaceId]));
    expect(theirs.data.map(({ action }) => action).toSorted()).toEqual(['domain.add', 'key.create']);
    const page = await listAudit(bed.deps, bed.operator, { limit: 2 });
    const following = await listAudit(bed.deps, bed.operator, { limit: 2, cursor: page.nextCursor ?? undefined });
    expect([...page.data, ...following.data]).toEqual(mine.data.slice(0, 4));
  });
});

describe('append-only', () => {
  test.each(['audit_event', 'audit_link'])(
    '%s takes no change, no removal and no emptying, from the account of the server either',
    async (table) => {
      const before = await count(table);
      const column = table === 'audit_event' ? 'target' : 'hash';
      for (const statement of [`update ${table} set ${column} = 'x'`, `delete from ${table}`, `truncate ${table}`])
        await expect(bed.sql(statement)).rejects.toThrow('append-only');
      expect(await count(table)).toBe(before);
    },
  );
});

test('an account that owns nothing writes and chains with the rights that docs/self-hosting.md names, and cannot take the triggers away', async () => {
  const role = `writer_${randomBytes(6).toString('hex')}`;
  await bed.sql(`create role ${role}`);
  await bed.sql(`grant select, insert on audit_event, audit_link to ${role}`);
  await bed.sql(`grant select, insert, delete on audit_pending to ${role}`);
  const as = async (work: (em: EntityManager) => Promise<unknown>) =>
    await bed.deps.db.acrossWorkspaces().transactional(async (em) => {
      await em.execute(`set local role ${role}`);
      return await work(em);
    });
  await chainWaiting(bed.deps);
  try {
    await as((em) => recordAudit(em, bed.operator, { action: 'key.create', target: 'key_x' }));
    expect(await as((em) => chainAudit({ db: only(em) }))).toBe(1);
    const denied = ['update audit_event set target = null', 'delete from audit_link', 'alter table audit_event disable trigger user'];
    for (const statement of denied) await expect(as((em) => em.execute(statement))).rejects.toThrow(/permission denied|must be owner/);
    expect(await verify()).toMatchObject({ broken: null, waiting: 0 });
  } finally {
    await bed.sql(`drop owned by ${role}`);
    await bed.sql(`drop role ${role}`);
  }
});

/** As docs/decisions/0033-audit-log.md says it, by itself: who has an export needs nothing of ours to check it. */
function hashAsDocumented(previousHash: string, entry: AuditEntry): string {
  const { id, at, workspace, actor, address, action, target, outcome, detail } = entry;
  const values = JSON.stringify([id, at, workspace, actor.kind, actor.id, address, action, target, outcome, detail]);
  return createHash('sha256').update(`${previousHash}\n${values}`).digest('hex');
}

/** Whoever owns the tables can take the trigger away. What is done then is undone when the check has seen it. */
async function tamper(statements: readonly string[]): Promise<Awaited<ReturnType<typeof verify>>> {
  const undo = new Error('undone');
  let found: Awaited<ReturnType<typeof verify>> | undefined;
  const change = async (em: EntityManager) => {
    await becomeOwner(em);
    for (const statement of statements) await em.execute(statement);
    found = await verify({}, { db: only(em) });
    throw undo;
  };
  await expect(bed.deps.db.acrossWorkspaces().transactional(change)).rejects.toBe(undo);
  if (!found) throw new Error('nothing was verified');
  return found;
}

describe('a log that was changed', () => {
  const at = (position: number) => `(select event_id from audit_link where position = ${position})`;
  const LAST = '(select max(position) from audit_link)';

  test.each([
    ['workspace_id', `'ws_other'`],
    ['at', `at + interval '1 microsecond'`],
    ['actor_kind', `'anyone'`],
    ['actor_id', `'key_other'`],
    ['address', `'203.0.113.9'`],
    ['action', `'key.revoke'`],
    ['target', `'key_other'`],
    ['outcome', `'refused'`],
    ['detail', `'captures:create'`],
  ])('another %s in one entry is found, with its place', async (column, value) => {
    const found = await tamper([`update audit_event set ${column} = ${value} where id = ${at(5)}`]);
    expect(found).toMatchObject({ checked: 4, broken: { what: 'changed_entry', position: 5 } });
  });

  test.each<[string, string[], object]>([
    ['an entry was removed', [`delete from audit_event where id = ${at(5)}`], { what: 'missing_entry', position: 5 }],
    [
      'an entry was removed with its link',
      [`delete from audit_event where id = ${at(5)}`, 'delete from audit_link where position = 5'],
      { what: 'missing_link', position: 5 },
    ],
    ['a link was removed', ['delete from audit_link where position = 5'], { what: 'missing_link', position: 5 }],
    ['the last link was removed', [`delete from audit_link where position = ${LAST}`], { what: 'unchained_entry' }],
    [
      'two entries changed places',
      [
        `update audit_event set id = 'aud_a' where id = ${at(4)}`,
        `update audit_event set id = ${at(4)} where id = ${at(6)}`,
        `update audit_event set id = ${at(6)} where id = 'aud_a'`,
      ],
      { what: 'changed_entry', position: 4 },
    ],
    [
      'two links changed places',
      [
        'update audit_link set position = -1 where position = 4',
        'update audit_link set position = 4 where position = 6',
        'update audit_link set position = 6 where position = -1',
      ],
      { what: 'other_previous', position: 4 },
    ],
    [
      'the entries of two links changed places',
      [
        `create temporary table pair on commit drop as select position, event_id from audit_link where position in (4, 6)`,
        `update audit_link set event_id = 'aud_a' where position = 4`,
        `update audit_link set event_id = (select event_id from pair where position = 4) where position = 6`,
        `update audit_link set event_id = (select event_id from pair where position = 6) where position = 4`,
      ],
      { what: 'changed_entry', position: 4 },
    ],
    [
      'an entry was slipped in beside the chain',
      [`insert into audit_event (id, at, actor_kind, action, outcome) values ('aud_forged', now(), 'server', 'key.create', 'ok')`],
      { what: 'unchained_entry', entry: 'aud_forged' },
    ],
    [
      'an entry was removed before it was chained',
      [`insert into audit_pending (event_id) values ('aud_removed')`],
      { what: 'missing_entry', entry: 'aud_removed', position: null },
    ],
  ])('%s', async (_what, statements, broken) => {
    expect((await tamper(statements)).broken).toMatchObject(broken);
    expect((await verify()).broken).toBeNull();
  });

  test('an entry was changed and its hash made to fit: the next one tells', async () => {
    const { entries } = await exportAudit(bed.deps, bed.operator, { after: 4 });
    const [entry] = entries;
    if (entry?.position !== 5) throw new Error('there is no fifth entry');
    const hash = hashAsDocumented(entry.previousHash, { ...entry, target: 'key_other' });
    const found = await tamper([
      `update audit_event set target = 'key_other' where id = ${at(5)}`,
      `update audit_link set hash = '${hash}' where position = 5`,
    ]);
    expect(found).toMatchObject({ checked: 5, broken: { what: 'other_previous', position: 6 } });
    const further = await tamper([
      `update audit_event set target = 'key_other' where id = ${at(5)}`,
      `update audit_link set hash = '${hash}' where position = 5`,
      `update audit_link set previous_hash = '${hash}' where position = 6`,
    ]);
    expect(further).toMatchObject({ checked: 5, broken: { what: 'changed_entry', position: 6 } });
  });

  test('its end was cut off: only who noted the head can tell', async () => {
    const { head } = await verify();
    const cut = [
      `delete from audit_event where id in (select event_id from audit_link where position > ${head.position - 2})`,
      `delete from audit_link where position > ${head.position - 2}`,
    ];
    expect(await tamper(cut)).toMatchObject({ checked: head.position - 2, broken: null });
    const undo = new Error('undone');
    await expect(
      bed.deps.db.acrossWorkspaces().transactional(async (em) => {
        await becomeOwner(em);
        for (const statement of cut) await em.execute(statement);
        const found = await verify({ noted: head }, { db: only(em) });
        expect(found.broken).toEqual({ what: 'other_head', position: head.position, entry: null });
        throw undo;
      }),
    ).rejects.toBe(undo);
  });
});

describe('writing', () => {
  test('many writers and many servers that chain at once keep one chain, without a gap', async () => {
    const writers = Array.from({ length: 60 }, () => makeKey());
    const chainers = Array.from({ length: 40 }, () => chainAudit(bed.deps));
    await Promise.all([...writers, ...chainers]);
    const whole = await verify();
    expect(whole).toMatchObject({ waiting: 0, broken: null, checked: await count('audit_event') });
    expect(whole.head.position).toBe(whole.checked);
    expect(await count('audit_pending')).toBe(0);
  });

  test('nobody waits for the chain: an entry is written while another server holds it', async () => {
    await bed.sql('select pg_advisory_lock(7370419)');
    const { apiKey } = await makeKey();
    expect(await chainAudit(bed.deps)).toBe(0);
    const { data } = await listAudit(bed.deps, bed.operator, { limit: 1 });
    expect(data).toMatchObject([{ action: 'key.create', target: apiKey.id }]);
    expect(await verify()).toMatchObject({ waiting: 1, broken: null });
    await bed.sql('select pg_advisory_unlock(7370419)');
    expect(await chainAudit(bed.deps)).toBe(1);
    expect(await verify()).toMatchObject({ waiting: 0, broken: null });
  });

  test('an entry is there if and only if the deed is', async () => {
    const before = await count('audit_event');
    const undo = new Error('undone');
    const deed = bed.deps.db.acrossWorkspaces().transactional(async (em) => {
      await recordAudit(em, bed.operator, { action: 'key.revoke', target: 'key_x' });
      throw undo;
    });
    await expect(deed).rejects.toBe(undo);
    expect(await count('audit_event')).toBe(before);
    const { apiKey } = await makeKey();
    await revokeApiKey(bed.deps, bed.operator, apiKey.id);
    await revokeApiKey(bed.deps, bed.operator, apiKey.id); // changes nothing
    expect(await count('audit_event')).toBe(before + 2);
  });

  test('a claim names the runner that was given the payload, in the statement of the claim', async () => {
    const made = await capture(bed);
    const claimed = await claimJob(bed.deps, { ...bed.runner, address: '198.51.100.7' }, {});
    expect(claimed?.captureId).toBe(made.id);
    const [entry] = (await listAudit(bed.deps, bed.operator, { limit: 1 })).data;
    expect(entry).toMatchObject({
      action: 'payload.open',
      actor: { kind: 'runner', id: bed.runner.runnerId },
      address: '198.51.100.7',
      target: made.id,
      outcome: 'ok',
      detail: 'attempt 1',
    });
    expect(JSON.stringify(entry)).not.toContain(claimed?.leaseToken);
    const blobs = { ...bed.deps.blobs, grantUpload: () => Promise.reject(new Error('storage is away')) };
    await capture(bed);
    const before = await count('audit_event');
    await expect(claimJob({ ...bed.deps, blobs }, bed.runner, {})).rejects.toThrow('storage is away');
    expect(await count('audit_event')).toBe(before);
  });

  test('a flood of refusals is recorded up to its bound, by each actor for itself', async () => {
    const refuse = (runner: typeof bed.runner, detail: string) => recordRefusal(bed.deps, runner, { action: 'runner.use', detail });
    const refusals = async () => (await bed.sql(`select 1 from audit_event where outcome = 'refused'`)).length;
    for (let i = 0; i < LIMITS.auditRefusalsMinuteMax + 10; i++) await refuse(bed.runner, 'flood');
    expect(await refusals()).toBe(LIMITS.auditRefusalsMinuteMax);
    await refuse(bed.runner, 'something else');
    await refuse(await bed.addRunner(), 'flood');
    expect(await refusals()).toBe(LIMITS.auditRefusalsMinuteMax + 2);
  });
});
