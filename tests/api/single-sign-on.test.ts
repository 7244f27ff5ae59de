import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInvite } from '#server/domain/access/invites.ts';
import { listOwnSessions } from '#server/domain/access/own-sessions.ts';
import { readSession } from '#server/domain/access/sessions.ts';
import { setPassword } from '#server/domain/access/set-password.ts';
import { makeAccount } from '../security/make-account.ts';
import type { ApiBed } from './api-bed.ts';
import { CLIENT_ID, CLIENT_SECRET } from './identity-provider.ts';
import { createSingleSignOnBed, hop, type Jar, type SingleSignOnBed, whoIs } from './single-sign-on-bed.ts';

// Single sign-on against a real provider: who comes in as whom, and where they go.
let sso: SingleSignOnBed;
beforeEach(async () => {
  sso = await createSingleSignOnBed();
});
afterEach(() => sso.close());

async function invite(bed: ApiBed, email: string): Promise<void> {
  await createInvite(bed.app.deps, bed.operator, { email, role: 'viewer' });
}

const audit = (bed: ApiBed) => bed.sql('select action, outcome, actor_id, detail from audit_event order by id desc limit 5');

describe('a person who is invited', () => {
  test.each([
    { claimsInIdToken: true, authMethod: 'client_secret_basic' as const },
    { claimsInIdToken: false, authMethod: 'client_secret_post' as const },
  ])('comes in with the role of the invite, and is known by subject from then on (%o)', async (options) => {
    const bed = await sso.start({}, options);
    sso.provider.people.s1 = { email: 'Vera@Example.com', email_verified: true, name: 'Vera Novak' };
    await invite(bed, 'vera@example.com');
    const first = await sso.signIn(bed, 's1', '?next=%2Fkeys%3Fa%3D1');
    expect(first.location).toBe('/keys?a=1');
    const vera = await whoIs(bed, first);
    expect(vera).toMatchObject({ role: 'viewer', name: 'Vera Novak', workspaceId: bed.operator.workspaceId });
    expect(await listOwnSessions(bed.app.deps, vera)).toMatchObject([{ way: 'oidc' }]);
    expect(await bed.sql('select * from invite')).toEqual([]);
    // The address may change at the provider: the person stays who they are, without any address too.
    sso.provider.people.s1 = { name: 'Vera N.' };
    expect(await whoIs(bed, await sso.signIn(bed, 's1'))).toMatchObject({ userId: vera.userId });
    expect(await audit(bed)).toMatchObject([
      { action: 'session.open', outcome: 'ok', actor_id: vera.userId, detail: 'oidc' },
      { action: 'session.open', outcome: 'ok', actor_id: vera.userId, detail: 'oidc' },
      { action: 'member.add', actor_id: vera.userId, detail: 'viewer' },
      { action: 'login.link', actor_id: vera.userId, detail: 'new account' },
      {},
    ]);
  });

  test('is told so when nobody has invited them, and leaves nothing behind', async () => {
    const bed = await sso.start();
    sso.provider.people.s1 = { email: 'eve@example.com', email_verified: true };
    const outcome = await sso.signIn(bed, 's1');
    expect(outcome).toMatchObject({ location: '/sign-in?problem=not_invited', token: undefined });
    expect(await bed.sql(`select * from app_user where email = 'eve@example.com'`)).toEqual([]);
    expect(await audit(bed)).toMatchObject([{ action: 'session.open', outcome: 'refused', detail: 'oidc not_invited' }, {}, {}, {}, {}]);
  });
});

describe('a verified address', () => {
  test('finds the account that is there, and what nobody had proved ends: password, app, sessions', async () => {
    const bed = await sso.start();
    const account = await makeAccount(bed, bed.operator.workspaceId, 'protected');
    sso.provider.people.s1 = { email: account.email, email_verified: true };
    const outcome = await sso.signIn(bed, 's1');
    const { userId } = await whoIs(bed, outcome);
    expect(await bed.sql('select email, password_hash from app_user where id = $1', [userId])).toEqual([
      { email: account.email, password_hash: null },
    ]);
    expect(await bed.sql('select * from totp where user_id = $1', [userId])).toEqual([]);
    await expect(readSession(bed.app.deps, account.cookie.replace('ss_session=', ''))).rejects.toMatchObject({ code: 'not_signed_in' });
    // Set anew by who has proved the address, a password stays.
    await setPassword(bed.app.deps, await whoIs(bed, outcome), { email: account.email, password: 'another long sentence' });
    await sso.signIn(bed, 's1');
    expect(await bed.sql('select password_hash is null as gone from app_user where id = $1', [userId])).toEqual([{ gone: false }]);
  });

  test('is asked for: one that is not verified, or none, finds nothing', async () => {
    const bed = await sso.start();
    const account = await makeAccount(bed, bed.operator.workspaceId, 'password');
    for (const person of [{ email: account.email, email_verified: false }, { email: account.email }, {}]) {
      sso.provider.people.s1 = person;
      expect(await sso.signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=email_unverified', token: undefined });
    }
    await readSession(bed.app.deps, account.cookie.replace('ss_session=', ''));
  });

  test('that the provider gave to somebody else does not open the account of the first', async () => {
    const bed = await sso.start();
    sso.provider.people = {
      first: { email: 'sales@example.com', email_verified: true },
      second: { email: 'sales@example.com', email_verified: true },
    };
    await invite(bed, 'sales@example.com');
    await whoIs(bed, await sso.signIn(bed, 'first'));
    expect(await sso.signIn(bed, 'second')).toMatchObject({ location: '/sign-in?problem=email_taken', token: undefined });
  });

  test('of another domain is refused, for people who are known too', async () => {
    const bed = await sso.start({ emailDomains: ['example.com'], newcomers: 'developer' });
    sso.provider.people.s1 = { email: 'kim@example.com', email_verified: true };
    expect(await whoIs(bed, await sso.signIn(bed, 's1'))).toMatchObject({ role: 'developer' });
    for (const email of ['kim@example.com.evil.example', 'kim@evil.example', 'kim@evil.example@example.org', 'kim@sub.example.com']) {
      sso.provider.people.s1 = { email, email_verified: true };
      expect(await sso.signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=email_domain', token: undefined });
    }
    sso.provider.people.s1 = {};
    expect(await sso.signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=email_unverified', token: undefined });
  });
});

test('of two first sign-ins at the same moment both are the same person', async () => {
  const bed = await sso.start({ newcomers: 'viewer' });
  sso.provider.people.s1 = { email: 'two@example.com', email_verified: true };
  sso.provider.signsIn = 's1';
  const jars: Jar[] = [new Map(), new Map()];
  const backs = await Promise.all(jars.map((jar) => sso.goThrough(bed, jar)));
  await Promise.all(backs.map((back, i) => hop(jars[i] ?? new Map(), back)));
  const tokens = jars.map((jar) => jar.get('ss_session'));
  const [one, two] = await Promise.all(tokens.map((token) => readSession(bed.app.deps, token)));
  expect(one?.userId).toBe(two?.userId);
});

test.each(['//evil.example', '/\\evil.example', '/%09/evil.example', '/.//evil.example', 'https://evil.example'])(
  'after signing in, %s leads nowhere else',
  async (next) => {
    const bed = await sso.start({ newcomers: 'viewer' });
    sso.provider.people.s1 = { email: 'kim@example.com', email_verified: true };
    const { location } = await sso.signIn(bed, 's1', `?next=${next.includes('%') ? next : encodeURIComponent(next)}`);
    expect(new URL(location, bed.app.url).origin).toBe(new URL(bed.app.url).origin);
    expect(location.startsWith('//')).toBe(false);
  },
);

test('the request for a sign-in carries PKCE, state and nonce, and no secret is in a log', async () => {
  const bed = await sso.start({ newcomers: 'viewer' });
  sso.provider.people.s1 = { email: 'kim@example.com', email_verified: true };
  const jar: Jar = new Map();
  const response = await hop(jar, `${bed.app.url}/auth/oidc/start`);
  const { searchParams } = new URL(response.headers.get('location') ?? '');
  expect(Object.fromEntries(searchParams)).toMatchObject({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: `${bed.app.url}/auth/oidc/callback`,
    scope: 'openid email profile',
    code_challenge_method: 'S256',
  });
  for (const name of ['state', 'nonce', 'code_challenge']) expect(searchParams.get(name)).toMatch(/^[\w-]{43}$/);
  expect(response.headers.getSetCookie()[0]).toMatch(/^ss_oidc=[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  sso.provider.forges = true;
  await sso.signIn(bed, 's1');
  const logs = bed.logs.join('\n');
  expect(logs).toContain('single sign-on failed');
  for (const value of [CLIENT_SECRET, 'eyJ', searchParams.get('state') ?? '']) expect(logs).not.toContain(value);
});

test('begun under another name of this machine it goes on at the public address, where the answer comes back', async () => {
  const bed = await sso.start({ newcomers: 'viewer' });
  sso.provider.people.s1 = { email: 'kim@example.com', email_verified: true };
  const elsewhere = `${bed.app.url.replace('127.0.0.1', 'localhost')}/auth/oidc/start?next=%2Fkeys`;
  const { headers } = await hop(new Map(), elsewhere);
  expect(headers.get('location')).toBe(`${bed.app.url}/auth/oidc/start?next=%2Fkeys&here=1`);
  expect(headers.get('set-cookie')).toBeNull();
  const { location } = await sso.signIn(bed, 's1', '?next=%2Fkeys&here=1');
  expect(location).toBe('/keys');
  // Never in a circle, whatever a proxy makes of the host.
  expect((await hop(new Map(), `${elsewhere}&here=1`)).headers.get('location')).toContain(sso.provider.issuer);
});

test('an instance without single sign-on has no such routes', async () => {
  const bed = await sso.start(null);
  const { headers, status } = await bed.call('/auth/oidc/start', { key: null });
  // The console answers, which knows no such page.
  expect([status, headers.get('location'), headers.get('set-cookie')]).toEqual([200, null, null]);
});
