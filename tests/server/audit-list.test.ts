import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey, revokeApiKey } from '#server/domain/access/api-keys.ts';
import { recordAudit, recordRefusal } from '#server/domain/access/audit.ts';
import { chainWaiting } from '#server/domain/access/chain-audit.ts';
import { type AuditFilters, listAudit } from '#server/domain/access/read-audit.ts';
import { createSignInLink, readSession, signInWithLink } from '#server/domain/access/sessions.ts';
import { findFirstOwner } from '#server/domain/access/workspaces.ts';
import type { ListedEntry } from '#shared/audit.ts';
import { codeOf, createDomainBed, type DomainBed, operatorOf } from './domain-bed.ts';

// What the console's page of the audit log is made of: filters, names, and the mark of the chain on each entry.
let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed?.close());

const list = async (filters: Partial<AuditFilters> = {}, actor = bed.operator): Promise<ListedEntry[]> =>
  (await listAudit(bed.deps, actor, { limit: 100, ...filters })).data;
const signInOwner = async () => {
  const owner = await findFirstOwner(bed.deps.db.acrossWorkspaces());
  if (!owner) throw new Error('no owner');
  return await readSession(bed.deps, (await signInWithLink(bed.deps, (await createSignInLink(bed.deps, owner.userId)).token)).token);
};

describe('filters', () => {
  test('by action, outcome, kind and id of the actor, alone and together', async () => {
    const owner = await signInOwner();
    const { apiKey } = await createApiKey(bed.deps, owner, { name: 'reports', scopes: ['captures:read'] });
    await revokeApiKey(bed.deps, bed.operator, apiKey.id);
    await recordRefusal(bed.deps, bed.key, { action: 'key.use', target: bed.key.keyId, detail: 'address' });
    const [row] = await bed.sql<{ name: string }>('select name from api_key where id = $1', [bed.key.keyId]);
    expect((await list({ action: 'key.revoke' })).map(({ target }) => target)).toEqual([apiKey.id]);
    expect((await list({ outcome: 'refused' })).map(({ action }) => action)).toEqual(['key.use']);
    expect(new Set((await list({ actorKind: 'operator' })).map(({ actor }) => actor.kind))).toEqual(new Set(['operator']));
    expect((await list({ actorId: owner.userId })).map(({ action }) => action)).toEqual(['key.create', 'session.open']);
    expect((await list({ actorId: bed.key.keyId, outcome: 'refused' })).map(({ actorName }) => actorName)).toEqual([row?.name]);
    expect(await list({ actorId: owner.userId, action: 'key.revoke' })).toEqual([]);
    const all = await list();
    expect(all.length).toBeGreaterThan(5);
    expect(all.map(({ id }) => id)).toEqual(
      all
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
  });

  test('by time, to the microsecond: from the one on, before the other', async () => {
    const [newest, , third] = await list();
    if (!newest || !third) throw new Error('there are fewer than three entries');
    expect((await list({ since: newest.at })).map(({ id }) => id)).toContain(newest.id);
    expect((await list({ until: newest.at })).map(({ id }) => id)).not.toContain(newest.id);
    const between = await list({ since: third.at, until: newest.at });
    expect(between.map(({ id }) => id)).toContain(third.id);
    expect(await list({ since: '2099-01-01T00:00:00+02:00' })).toEqual([]);
  });

  test('hold over pages', async () => {
    for (let i = 0; i < 5; i++) await addAllowedDomain(bed.deps, bed.operator, { domain: `d${i}.acme.io` });
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 10; page++) {
      const { data, nextCursor } = await listAudit(bed.deps, bed.operator, { limit: 2, cursor, action: 'domain.add' });
      seen.push(...data.map(({ detail }) => String(detail)));
      expect(data.length).toBeLessThanOrEqual(2);
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect(seen).toEqual((await list({ action: 'domain.add' })).map(({ detail }) => String(detail)));
    expect(seen.length).toBeGreaterThanOrEqual(6);
  });

  test('reach into no other workspace, and are for those who administer this one', async () => {
    const key = await bed.addWorkspace();
    const other = operatorOf(key.workspaceId);
    expect(new Set((await list({}, other)).map(({ workspace }) => workspace))).toEqual(new Set([key.workspaceId]));
    const mine = await list();
    const [created] = mine.filter(({ action }) => action === 'key.create');
    expect(await list({ actorId: created?.actor.id ?? 'none' }, other)).toEqual([]);
    expect(await codeOf(listAudit(bed.deps, other, { limit: 1, cursor: 'aud_nonsense' }))).toBe('invalid_request');
    const owner = await signInOwner();
    expect(await codeOf(listAudit(bed.deps, { ...owner, role: 'developer' }, { limit: 1 }))).toBe('forbidden');
    expect(await codeOf(listAudit(bed.deps, key, { limit: 1 }))).toBe('forbidden');
  });
});

describe('the mark of the chain', () => {
  const change = async (statement: string, values: unknown[]) => {
    for (const table of ['audit_event', 'audit_link']) await bed.sql(`alter table ${table} disable trigger append_only`);
    await bed.sql(statement, values);
    for (const table of ['audit_event', 'audit_link']) await bed.sql(`alter table ${table} enable trigger append_only`);
  };
  const sealOf = async (id: string | undefined) => (await list()).find((entry) => entry.id === id)?.seal;

  test('an entry waits for its link, and fits it then', async () => {
    await chainWaiting(bed.deps);
    await bed.deps.db
      .acrossWorkspaces()
      .transactional((em) => recordAudit(em, bed.operator, { action: 'workspace.rename', target: bed.operator.workspaceId }));
    const [newest] = await list();
    expect([newest?.action, newest?.seal]).toEqual(['workspace.rename', 'waiting']);
    await chainWaiting(bed.deps);
    expect(new Set((await list()).map(({ seal }) => seal))).toEqual(new Set(['chained']));
  });

  test('one that was changed does not fit; put right again it does', async () => {
    const [entry] = await list({ action: 'key.revoke' });
    if (!entry) throw new Error('nothing was revoked');
    await change(`update audit_event set address = '198.51.100.1' where id = $1`, [entry.id]);
    expect(await sealOf(entry.id)).toBe('broken');
    expect((await list()).filter(({ seal }) => seal === 'broken')).toHaveLength(1);
    await change('update audit_event set address = $2 where id = $1', [entry.id, entry.address]);
    expect(await sealOf(entry.id)).toBe('chained');
  });

  test('one whose link is gone does not fit, and neither does the one after it', async () => {
    const [pair] = await bed.sql<{ lost: string; next: string; position: string; previous_hash: string; hash: string }>(NEIGHBORS, [
      bed.operator.workspaceId,
    ]);
    if (!pair) throw new Error('no two entries of this workspace follow each other');
    await change('delete from audit_link where event_id = $1', [pair.lost]);
    expect((await list()).filter(({ seal }) => seal !== 'chained').map(({ id }) => id)).toEqual([pair.next, pair.lost]);
    await change('insert into audit_link (position, event_id, previous_hash, hash) values ($1, $2, $3, $4)', [
      pair.position,
      pair.lost,
      pair.previous_hash,
      pair.hash,
    ]);
    expect(await sealOf(pair.lost)).toBe('chained');
    expect(await sealOf(pair.next)).toBe('chained');
  });
});

const NEIGHBORS = `
select link.event_id as lost, following.event_id as next, link.position, link.previous_hash, link.hash
from audit_link link join audit_link following on following.position = link.position + 1
  join audit_event one on one.id = link.event_id join audit_event other on other.id = following.event_id
where one.workspace_id = $1 and other.workspace_id = $1 and one.id < other.id order by link.position desc limit 1`;
