import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UserActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain, checkAllowedDomain, listAllowedDomains, removeAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { authenticateRunner, createRunner, listRunners, revokeRunner } from '#server/domain/access/runners.ts';
import {
  createOwner,
  createSignInLink,
  readMe,
  readSession,
  signInWithLink,
  signInWithPassword,
  signOut,
} from '#server/domain/access/sessions.ts';
import { setPassword } from '#server/domain/access/set-password.ts';
import { hashToken } from '#server/domain/access/token-hash.ts';
import { ensureFirstWorkspace, findWorkspace, hasOwner } from '#server/domain/access/workspaces.ts';
import { makeToken, tokenHint } from '#shared/api-key.ts';
import { makeId } from '#shared/ids.ts';
import { codeOf, createDomainBed, type DomainBed, operatorOf } from './domain-bed.ts';

let bed: DomainBed;
beforeAll(async () => {
  bed = await createDomainBed();
});
afterAll(() => bed.close());

const use = (token: string | undefined, address = '127.0.0.1') => authenticateApiKey(bed.deps, token, { address });
const make = (more = {}) => createApiKey(bed.deps, bed.operator, { name: 'k', scopes: ['captures:read'], ...more });

describe('API keys', () => {
  test('the key is shown once and only its hash is stored', async () => {
    const { apiKey, key } = await make();
    expect(key).toContain(apiKey.hint);
    expect(await use(key)).toMatchObject({ keyId: apiKey.id, workspaceId: bed.operator.workspaceId, scopes: ['captures:read'] });
    expect(JSON.stringify(await bed.sql('select * from api_key'))).not.toContain(key);
    expect(JSON.stringify(await listApiKeys(bed.deps, bed.operator))).not.toContain(key);
  });

  // Nothing holds whoever can write there: docs/threat-model.md says so, and this shows that it says no less than the truth.
  test('one that is written into the database past the server works like any other, and the audit log knows nothing of it', async () => {
    const [id, key] = [makeId('apiKey'), makeToken('apiKey')];
    await bed.sql(
      `insert into api_key (id, workspace_id, name, hint, hash, scopes, created_at) values ($1, $2, 'mine', $3, $4, '["captures:read"]', now())`,
      [id, bed.operator.workspaceId, tokenHint('apiKey', key), hashToken(key)],
    );
    expect(await use(key)).toMatchObject({ keyId: id, workspaceId: bed.operator.workspaceId, scopes: ['captures:read'] });
    expect(await bed.sql('select 1 from audit_event where target = $1', [id])).toEqual([]);
  });

  test('malformed, unknown, revoked and expired keys are answered alike; none at all differently', async () => {
    const revoked = await make();
    await revokeApiKey(bed.deps, bed.operator, revoked.apiKey.id);
    const expired = await make({ expiresInMs: 1 });
    await bed.sql(`update api_key set expires_at = now() - interval '1 second' where id = $1`, [expired.apiKey.id]);
    const details = await Promise.all(
      ['nonsense', makeToken('apiKey'), revoked.key, expired.key].map((token) =>
        use(token).catch((error: { code: string; detail: string }) => `${error.code} ${error.detail}`),
      ),
    );
    expect(new Set(details).size).toBe(1);
    expect(details[0]).toContain('invalid_api_key');
    expect(await codeOf(use(undefined))).toBe('missing_api_key');
  });

  test('an address list admits its ranges alone', async () => {
    const { key } = await make({ allowedAddresses: ['203.0.113.0/24', '2001:db8::1'] });
    await use(key, '203.0.113.9');
    await use(key, '::ffff:203.0.113.9');
    await use(key, '2001:db8::1');
    expect(await codeOf(use(key, '203.0.114.9'))).toBe('address_not_allowed');
  });

  test('rotation: the new key works at once, the old one until its overlap ends', async () => {
    const { apiKey, key } = await make({ domains: ['app.example.com'] });
    const rotated = await rotateApiKey(bed.deps, bed.operator, apiKey.id, { overlapMs: 60_000 });
    expect(rotated.apiKey).toMatchObject({ scopes: apiKey.scopes, domains: ['app.example.com'] });
    await use(key);
    await use(rotated.key);
    const again = await rotateApiKey(bed.deps, bed.operator, rotated.apiKey.id, { overlapMs: 0 });
    expect(await codeOf(use(rotated.key))).toBe('invalid_api_key');
    await use(again.key);
    expect(await codeOf(rotateApiKey(bed.deps, bed.operator, rotated.apiKey.id, { overlapMs: 0 }))).toBe('conflict');
  });

  test('faults are named with their path', async () => {
    const call = make({ domains: ['*.com'], allowedAddresses: ['300.1.1.1'], expiresInMs: -1 });
    await expect(call).rejects.toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'domains[0]' }, { path: 'allowedAddresses[0]' }, { path: 'expiresInMs' }],
    });
  });

  test('neither an API key nor another workspace can administer keys', async () => {
    const { apiKey } = await make();
    expect(await codeOf(createApiKey(bed.deps, bed.key, { name: 'x', scopes: ['captures:read'] }))).toBe('forbidden');
    const other = await bed.addWorkspace();
    const foreign = operatorOf(other.workspaceId);
    expect(await codeOf(revokeApiKey(bed.deps, foreign, apiKey.id))).toBe('not_found');
    expect(await codeOf(rotateApiKey(bed.deps, foreign, apiKey.id, { overlapMs: 0 }))).toBe('not_found');
    expect((await listApiKeys(bed.deps, foreign)).map(({ id }) => id)).not.toContain(apiKey.id);
  });

  test('last use is noted at most once a minute', async () => {
    const { apiKey, key } = await make();
    await use(key);
    const read = async () => (await listApiKeys(bed.deps, bed.operator)).find(({ id }) => id === apiKey.id)?.lastUsedAt;
    const first = await read();
    await use(key);
    expect(first).not.toBeNull();
    expect(await read()).toBe(first);
  });
});

describe('allowed domains', () => {
  test('the same entry twice is one; a check says why not', async () => {
    const first = await addAllowedDomain(bed.deps, bed.operator, { domain: 'App.Acme.io.' });
    expect(await addAllowedDomain(bed.deps, bed.operator, { domain: 'app.acme.io' })).toEqual(first);
    expect(await checkAllowedDomain(bed.deps, bed.operator, 'https://app.acme.io/x')).toMatchObject({ allowed: true });
    expect(await checkAllowedDomain(bed.deps, bed.operator, 'https://acme.io/x')).toMatchObject({
      allowed: false,
      reason: expect.stringContaining('acme.io'),
    });
    await removeAllowedDomain(bed.deps, bed.operator, first.id);
    expect((await listAllowedDomains(bed.deps, bed.operator)).map(({ id }) => id)).not.toContain(first.id);
    expect(await codeOf(removeAllowedDomain(bed.deps, bed.operator, first.id))).toBe('not_found');
  });

  test('public suffixes, IP addresses and URLs are refused', async () => {
    for (const domain of ['*.com', '*.github.io', '127.0.0.1', 'https://a.example.org', 'localhost'])
      expect(await codeOf(addAllowedDomain(bed.deps, bed.operator, { domain }))).toBe('invalid_request');
  });

  test('only the operator of the machine opens a private host', async () => {
    const entry = await addAllowedDomain(bed.deps, bed.operator, { domain: 'localhost:8443', isPrivate: true });
    expect(entry).toMatchObject({ domain: 'localhost:8443', port: 8443, isPrivate: true });
    const owner = await signedInOwner();
    expect(await codeOf(addAllowedDomain(bed.deps, owner, { domain: 'intra.acme.io', isPrivate: true }))).toBe('forbidden');
  });

  test('an entry of another workspace can be neither seen nor removed', async () => {
    const entry = await addAllowedDomain(bed.deps, bed.operator, { domain: 'mine.acme.io' });
    const foreign = operatorOf((await bed.addWorkspace()).workspaceId);
    expect(await codeOf(removeAllowedDomain(bed.deps, foreign, entry.id))).toBe('not_found');
    expect((await listAllowedDomains(bed.deps, foreign)).map(({ domain }) => domain)).toEqual(['*.example.com']);
  });
});

async function signedInOwner(): Promise<UserActor> {
  const { userId } = await ensureFirstWorkspace(bed.deps, { workspaceName: 'x', ownerName: 'x' });
  const { token } = await createSignInLink(bed.deps, userId);
  return await readSession(bed.deps, (await signInWithLink(bed.deps, token)).token);
}

describe('signing in', () => {
  test('a link works once, and only in its time', async () => {
    const { userId } = await ensureFirstWorkspace(bed.deps, { workspaceName: 'x', ownerName: 'x' });
    const { token } = await createSignInLink(bed.deps, userId);
    const both = await Promise.allSettled([signInWithLink(bed.deps, token), signInWithLink(bed.deps, token)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const late = await createSignInLink(bed.deps, userId);
    await bed.sql(`update sign_in_link set expires_at = now() - interval '1 second'`);
    expect(await codeOf(signInWithLink(bed.deps, late.token))).toBe('not_signed_in');
  });

  test('a password signs in, ends other sessions when it is set, and is refused when short or over 72 bytes', async () => {
    const owner = await signedInOwner();
    const elsewhere = await createSignInLink(bed.deps, owner.userId).then(({ token }) => signInWithLink(bed.deps, token));
    for (const password of ['short', 'ü'.repeat(37)])
      expect(await codeOf(setPassword(bed.deps, owner, { email: 'o@example.com', password }))).toBe('invalid_request');
    await setPassword(bed.deps, owner, { email: ' Owner@Example.com', password: 'correct horse battery' });
    expect(await codeOf(readSession(bed.deps, elsewhere.token))).toBe('not_signed_in');
    const { token } = await signInWithPassword(bed.deps, { email: 'owner@example.com', password: 'correct horse battery' });
    const actor = await readSession(bed.deps, token);
    expect(await readMe(bed.deps, actor)).toMatchObject({ user: { email: 'owner@example.com', hasPassword: true }, role: 'owner' });
    expect(JSON.stringify(await bed.sql('select * from console_session'))).not.toContain(token);
    await signOut(bed.deps, actor);
    expect(await codeOf(readSession(bed.deps, token))).toBe('not_signed_in');
  });

  test('another password costs the one that there is, unless a link was used within the hour', async () => {
    const [email, current] = ['owner@example.com', 'correct horse battery'];
    const next = { email, password: 'another long sentence' };
    const byPassword = await signInWithPassword(bed.deps, { email, password: current });
    const actor = await readSession(bed.deps, byPassword.token);
    for (const given of [{}, { current: '' }, { current: 'wrong wrong wrong' }])
      expect(await codeOf(setPassword(bed.deps, actor, { ...next, ...given }))).toBe('forbidden');
    await setPassword(bed.deps, actor, { ...next, current });
    const linked = await signedInOwner();
    await bed.sql(`update console_session set created_at = now() - interval '61 minutes' where way = 'link'`);
    expect(await codeOf(setPassword(bed.deps, linked, { email, password: current }))).toBe('forbidden');
    await setPassword(bed.deps, await signedInOwner(), { email, password: current });
    await signInWithPassword(bed.deps, { email, password: current });
  });

  test('of changes at the same moment one counts, and no sign-in with the old password outlives it', async () => {
    const [email, current] = ['owner@example.com', 'correct horse battery'];
    const signIn = () => signInWithPassword(bed.deps, { email, password: current });
    const actor = await readSession(bed.deps, (await signIn()).token);
    const changes = [1, 2].map((n) => setPassword(bed.deps, actor, { email, password: `another long sentence ${n}`, current }));
    const settled = Promise.allSettled(changes);
    let isOver = false;
    void settled.then(() => {
      isOver = true;
    });
    // Spread over the change, so that some have compared the old password and open their session when it is there no more.
    const tries: Promise<{ token: string }>[] = [];
    while (!isOver && tries.length < 100) {
      tries.push(signIn());
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const opened = await Promise.allSettled(tries);
    expect((await settled).filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of opened)
      if (outcome.status === 'fulfilled') expect(await codeOf(readSession(bed.deps, outcome.value.token))).toBe('not_signed_in');
    await setPassword(bed.deps, await signedInOwner(), { email, password: current });
  });

  test('a wrong password and an unknown address are answered alike and cost a comparison both', async () => {
    const timed = async (email: string) => {
      const began = performance.now();
      const detail = await signInWithPassword(bed.deps, { email, password: 'wrong wrong wrong' }).catch(
        (error: { detail: string }) => error.detail,
      );
      return { detail, ms: performance.now() - began };
    };
    const [known, unknown] = [await timed('owner@example.com'), await timed('nobody@example.com')];
    expect(unknown.detail).toBe(known.detail);
    expect(unknown.ms).toBeGreaterThan(known.ms / 4);
  });

  test('the set-up makes an owner where there is none, and only there', async () => {
    expect(await hasOwner(bed.deps)).toBe(true);
    const owner = { name: 'O', email: 'new@example.com', password: 'correct horse battery', workspaceName: 'w' };
    expect(await codeOf(createOwner(bed.deps, owner))).toBe('forbidden');
    const empty = await createDomainBed();
    await empty.sql('delete from workspace');
    const results = await Promise.allSettled([
      createOwner(empty.deps, owner),
      createOwner(empty.deps, { ...owner, email: 'second@example.com' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await empty.close();
  });

  test('an operator means the only workspace, or the one he names', async () => {
    const alone = await createDomainBed();
    expect(await findWorkspace(alone.deps)).toBe(alone.operator.workspaceId);
    await alone.addWorkspace();
    expect(await codeOf(findWorkspace(alone.deps))).toBe('invalid_request');
    expect(await findWorkspace(alone.deps, 'first')).toBe(alone.operator.workspaceId);
    await alone.close();
  });
});

test('a runner is known by its token until that is revoked', async () => {
  const { runner, token } = await createRunner(bed.deps, { name: 'laptop' });
  expect(runner.online).toBe(false);
  expect(await authenticateRunner(bed.deps, token)).toMatchObject({ runnerId: runner.id, name: 'laptop' });
  expect((await listRunners(bed.deps, bed.operator)).find(({ id }) => id === runner.id)).toMatchObject({ online: true });
  await revokeRunner(bed.deps, bed.operator, runner.id);
  for (const given of [token, undefined, makeToken('runner'), 'x'])
    expect(await codeOf(authenticateRunner(bed.deps, given))).toBe('invalid_api_key');
});
