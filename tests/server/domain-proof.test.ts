import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTextRecords } from '#server/adapters/text-records.ts';
import type { OperatorActor, UserActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain, checkAllowedDomain, listAllowedDomains, removeAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { proveDomain } from '#server/domain/access/prove-domain.ts';
import type { Deps } from '#server/domain/deps.ts';
import { claimJob } from '#server/domain/jobs/claim-job.ts';
import { LIMITS } from '#shared/limits.ts';
import { startTestDns, type TestDns } from '../services/test-dns.ts';
import { capture, codeOf, type DomainBed, operatorOf } from './domain-bed.ts';
import { adminOf, createProofBed, type ProofBed } from './proof-bed.ts';

// A host counts once its owner has said so, on a real PostgreSQL and by a real name server.
let proofs: ProofBed;
let bed: DomainBed;
let dns: TestDns;
let deps: Deps;
let admin: UserActor;
beforeAll(async () => {
  proofs = await createProofBed();
  ({ bed, dns, deps, admin } = proofs);
});
afterAll(() => proofs?.close());
// Checks are counted for a workspace: those of one test must not be missing in the next.
beforeEach(() => bed.sql(`delete from rate_limit where name like 'proof %'`));

let made = 0;
const freshHost = () => `h${++made}.acme.io`;
const add = (domain: string, actor: UserActor | OperatorActor = admin) => addAllowedDomain(deps, actor, { domain });
const addWaiting = (domain = freshHost(), actor = admin) => proofs.addWaiting(domain, actor);
const entryOf = async (id: string) => (await listAllowedDomains(deps, admin)).find((entry) => entry.id === id);
const eventsOf = (id: string) => proofs.eventsOf(id);
/** The refusal of a check, as people read it. */
const refusalOf = async (id: string): Promise<string> =>
  await proveDomain(deps, admin, id).then(
    () => 'was proved',
    (error: { code: string; detail: string }) => `${error.code}: ${error.detail}`,
  );

describe('whose entry waits', () => {
  test('that of an admin, with a record of its own to show; nobody’s where no proof is required', async () => {
    const { id, host, recordName, recordValue } = await addWaiting();
    expect(recordName).toBe(`_sessionshot-challenge.${host}`);
    expect(recordValue).toMatch(/^sessionshot-verification=[0-9a-f]{40}$/);
    expect((await entryOf(id))?.proof).toEqual({ recordName, recordValue });
    expect(await eventsOf(id)).toEqual([{ action: 'domain.add', detail: `${host}, to be proved` }]);
    expect((await addAllowedDomain(bed.deps, admin, { domain: freshHost() })).proof).toBeNull();
  });

  test('not that of the operator, private or public, who also lets that of an admin hold', async () => {
    expect((await add(freshHost(), bed.operator)).proof).toBeNull();
    expect((await addAllowedDomain(deps, bed.operator, { domain: 'intra.corp', isPrivate: true })).proof).toBeNull();
    const waiting = await addWaiting();
    expect(await add(waiting.host, bed.operator)).toMatchObject({ id: waiting.id, proof: null });
    expect(await eventsOf(waiting.id)).toMatchObject([{ detail: `${waiting.host}, to be proved` }, { detail: waiting.host }]);
    expect((await add(waiting.host)).proof).toBeNull();
  });

  test('added again it keeps its record; removed and added again it gets another', async () => {
    const first = await addWaiting();
    expect((await add(first.host)).proof?.recordValue).toBe(first.recordValue);
    expect(await eventsOf(first.id)).toHaveLength(1);
    await removeAllowedDomain(deps, admin, first.id);
    expect((await addWaiting(first.host)).recordValue).not.toBe(first.recordValue);
  });

  test('not one from before a proof was required; where it is no longer, one that waits goes on until it is added again', async () => {
    const host = freshHost();
    const before = await addAllowedDomain(bed.deps, admin, { domain: host });
    expect(await add(host)).toEqual(before);
    const waiting = await addWaiting();
    expect((await checkAllowedDomain(bed.deps, admin, `https://${waiting.host}/`)).allowed).toBe(false);
    expect(await addAllowedDomain(bed.deps, admin, { domain: waiting.host })).toMatchObject({ id: waiting.id, proof: null });
  });
});

describe('an entry that waits counts for nothing', () => {
  test('for a target, for a check, for a cookie, and for a key that is narrowed to it', async () => {
    const { host, recordName, recordValue } = await addWaiting();
    expect(await codeOf(capture(bed, { url: `https://${host}/` }))).toBe('domain_not_allowed');
    const { allowed, reason } = await checkAllowedDomain(deps, admin, `https://${host}/x`);
    expect([allowed, reason]).toEqual([false, expect.stringContaining('waits for its proof')]);
    for (const part of [recordName, recordValue]) expect(reason).toContain(part);
    const auth = { cookies: [{ name: 'a', value: 'b', domain: host }] };
    expect(await codeOf(capture(bed, { auth }))).toBe('invalid_request');
    const { key } = await createApiKey(deps, bed.operator, { name: 'narrow', scopes: ['captures:create'], domains: [host] });
    const narrow = await authenticateApiKey(deps, key, { address: '127.0.0.1' });
    expect(await codeOf(capture(bed, { url: `https://${host}/` }, narrow))).toBe('domain_not_allowed');
  });

  test('for the runner that claims a capture, until it is proved', async () => {
    const { id, host, recordName, recordValue } = await addWaiting();
    const hosts = async () => {
      const { id: captureId } = await capture(bed);
      const [job] = await bed.sql<{ id: string }>('select id from job where capture_id = $1', [captureId]);
      await bed.sql(`update job set available_at = now() - interval '1 day' where id = $1`, [job?.id]);
      const claim = await claimJob(bed.deps, bed.runner, {});
      expect(claim?.captureId).toBe(captureId);
      return claim?.limits.domains.map((domain) => domain.host);
    };
    expect(await hosts()).not.toContain(host);
    dns.tell(recordName, [recordValue]);
    await proveDomain(deps, admin, id);
    expect(await hosts()).toContain(host);
    await capture(bed, { url: `https://${host}/` });
  });

  test('a host that another entry covers is allowed all the same', async () => {
    const { host } = await addWaiting('app.example.com');
    expect(await checkAllowedDomain(deps, admin, `https://${host}/`)).toEqual({ allowed: true, reason: '*.example.com covers it.' });
  });
});

describe('the proof', () => {
  test('is found beside other records and in pieces; then the entry holds, which is recorded once', async () => {
    const { id, host, recordName, recordValue } = await addWaiting();
    const pieces = [recordValue.slice(0, 30), recordValue.slice(30)];
    dns.tell(recordName, ['v=spf1 -all', pieces, 'sessionshot-verification=other']);
    expect(await proveDomain(deps, admin, id)).toMatchObject({ id, proof: null });
    expect((await checkAllowedDomain(deps, admin, `https://${host}/`)).allowed).toBe(true);
    const asked = dns.asked.length;
    expect(await proveDomain(deps, admin, id)).toMatchObject({ id, proof: null });
    expect(dns.asked).toHaveLength(asked);
    expect((await eventsOf(id)).map(({ action, detail }) => [action, detail])).toEqual([
      ['domain.add', `${host}, to be proved`],
      ['domain.prove', host],
    ]);
  });

  test('holds when no record is there any more, and when the entry is added again', async () => {
    const { id, host, recordName, recordValue } = await addWaiting();
    dns.tell(recordName, [recordValue]);
    await proveDomain(deps, admin, id);
    dns.tell(recordName, []);
    expect(await add(host)).toMatchObject({ id, proof: null });
    expect((await checkAllowedDomain(deps, admin, `https://${host}/`)).allowed).toBe(true);
  });

  test('of a wildcard and of its apex is a record of one name with a value for each', async () => {
    const host = freshHost();
    const [apex, wildcard] = [await addWaiting(host), await addWaiting(`*.${host}`)];
    expect(wildcard.recordName).toBe(apex.recordName);
    dns.tell(apex.recordName, [apex.recordValue]);
    await proveDomain(deps, admin, apex.id);
    expect(await refusalOf(wildcard.id)).toContain('holds one other value');
    dns.tell(apex.recordName, [apex.recordValue, wildcard.recordValue]);
    expect((await proveDomain(deps, admin, wildcard.id)).proof).toBeNull();
  });

  test.each([
    ['another value', ['canary-of-others', 'sessionshot-verification=0'], 'holds 2 other values'],
    ['a part of the value', ['sessionshot-verification='], 'holds one other value'],
    ['a name without texts', [], 'is not there'],
    ['no such name', null, 'is not there'],
    ['a server that fails', 'SERVFAIL' as const, 'gave no answer'],
  ])('is refused with what to create and what was found: %s', async (_what, told, says) => {
    const { id, recordName, recordValue } = await addWaiting();
    if (told !== null) dns.tell(recordName, told);
    const refusal = await refusalOf(id);
    expect(refusal).toMatch(/^conflict: /);
    for (const part of [says, recordName, recordValue]) expect(refusal).toContain(part);
    expect(refusal).not.toContain('canary');
    expect((await entryOf(id))?.proof).not.toBeNull();
    expect((await eventsOf(id)).map(({ action }) => action)).toEqual(['domain.add']);
  });

  test('is not waited for where nobody answers, however many are asked', async () => {
    const { id, recordName } = await addWaiting();
    const silent = await Promise.all([1, 2, 3, 4].map(() => startTestDns()));
    for (const server of silent) server.tell(recordName, 'silent');
    const textRecords = createTextRecords(silent.map(({ address }) => address));
    const startedAt = Date.now();
    await expect(proveDomain({ ...deps, textRecords }, admin, id)).rejects.toMatchObject({
      detail: expect.stringContaining('gave no answer'),
    });
    expect(Date.now() - startedAt).toBeLessThan(LIMITS.proofLookUpMsMax + 1500);
    await Promise.all(silent.map((server) => server.close()));
  });

  test('of another workspace proves nothing here, and its entry cannot be named', async () => {
    const other = adminOf((await bed.addWorkspace()).workspaceId);
    const host = freshHost();
    const [ours, theirs] = [await addWaiting(host), await addWaiting(host, other)];
    expect(theirs.recordName).toBe(ours.recordName);
    dns.tell(ours.recordName, [theirs.recordValue]);
    expect(await refusalOf(ours.id)).toContain('holds one other value');
    expect(await refusalOf(theirs.id)).toMatch(/^not_found/);
    expect((await proveDomain(deps, other, theirs.id)).proof).toBeNull();
    expect((await entryOf(ours.id))?.proof).not.toBeNull();
  });

  test('is not for those who do not administer the workspace', async () => {
    const { id, recordName, recordValue } = await addWaiting();
    dns.tell(recordName, [recordValue]);
    for (const actor of [bed.key, { ...admin, role: 'developer' as const }, { ...admin, role: 'viewer' as const }])
      expect(await codeOf(proveDomain(deps, actor, id))).toBe('forbidden');
    expect((await entryOf(id))?.proof).not.toBeNull();
    expect((await proveDomain(deps, operatorOf(admin.workspaceId), id)).proof).toBeNull();
  });
});

describe('while name servers are asked', () => {
  /** Asks them, and does something else before the answer is heard. */
  const meanwhile = (act: () => Promise<unknown>): Deps => ({
    ...deps,
    textRecords: {
      find: async (name) => {
        const found = await deps.textRecords.find(name);
        await act();
        return found;
      },
    },
  });

  test('an entry that is removed is gone, and one that is added anew waits for its own record', async () => {
    const { id, host, recordName, recordValue } = await addWaiting();
    dns.tell(recordName, [recordValue]);
    const racing = meanwhile(async () => {
      await removeAllowedDomain(deps, admin, id);
      await add(host);
    });
    expect(await codeOf(proveDomain(racing, admin, id))).toBe('not_found');
    const anew = (await listAllowedDomains(deps, admin)).find((entry) => entry.host === host);
    expect(anew?.proof?.recordValue).not.toBe(recordValue);
    expect(anew?.proof).not.toBeNull();
    expect((await eventsOf(id)).map(({ action }) => action)).toEqual(['domain.add', 'domain.remove']);
  });

  test('one that the operator lets hold holds, and is not recorded as proved', async () => {
    const { id, host, recordName, recordValue } = await addWaiting();
    dns.tell(recordName, [recordValue]);
    expect(
      await proveDomain(
        meanwhile(() => add(host, bed.operator)),
        admin,
        id,
      ),
    ).toMatchObject({ id, proof: null });
    expect((await eventsOf(id)).map(({ action }) => action)).toEqual(['domain.add', 'domain.add']);
  });

  test('two who ask at once prove it once', async () => {
    const { id, recordName, recordValue } = await addWaiting();
    dns.tell(recordName, [recordValue]);
    const heard = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const racing = [0, 1].map((mine) =>
      meanwhile(async () => {
        heard[mine]?.resolve();
        await Promise.all(heard.map(({ promise }) => promise));
      }),
    );
    const both = await Promise.all(racing.map((each) => proveDomain(each, admin, id)));
    expect(both.map(({ proof }) => proof)).toEqual([null, null]);
    expect((await eventsOf(id)).map(({ action }) => action)).toEqual(['domain.add', 'domain.prove']);
  });
});

test('checks are counted for a workspace, and for no other', async () => {
  const { id, recordName } = await addWaiting();
  for (let i = 0; i < 10; i++) expect(await refusalOf(id)).toContain('is not there');
  const asked = dns.asked.length;
  await expect(proveDomain(deps, admin, id)).rejects.toMatchObject({ code: 'rate_limited', retryAfterSeconds: expect.any(Number) });
  expect(dns.asked).toHaveLength(asked);
  const other = adminOf((await bed.addWorkspace()).workspaceId);
  const theirs = await addWaiting(freshHost(), other);
  expect(await codeOf(proveDomain(deps, other, theirs.id))).toBe('conflict');
  expect(dns.asked.filter((name) => name === recordName)).toHaveLength(10);
});
