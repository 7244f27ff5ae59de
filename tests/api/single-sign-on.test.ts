import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OidcConfig } from '#server/config-oidc.ts';
import { createInvite } from '#server/domain/access/invites.ts';
import { listOwnSessions } from '#server/domain/access/own-sessions.ts';
import { readSession, setPassword } from '#server/domain/access/sessions.ts';
import { LIMITS } from '#shared/limits.ts';
import { secret } from '#shared/secret.ts';
import { makeAccount } from '../security/make-account.ts';
import { type ApiBed, createApiBed } from './api-bed.ts';
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from './identity-provider.ts';

/** Single sign-on against a real provider, as a browser goes through it: hop by hop, with the cookies of each side. */
let provider: TestProvider;
const beds: ApiBed[] = [];

async function startBed(more: Partial<OidcConfig> = {}, options: Parameters<TestProvider['register']>[1] = {}): Promise<ApiBed> {
  const oidc: OidcConfig = {
    issuer: provider.issuer,
    clientId: CLIENT_ID,
    clientSecret: secret(CLIENT_SECRET),
    name: 'Acme SSO',
    scopes: 'openid email profile',
    emailDomains: null,
    newcomers: 'invited',
    workspace: undefined,
    ...more,
  };
  const bed = await createApiBed({ oidc, trustedProxies: ['127.0.0.1'] });
  beds.push(bed);
  await provider.register(`${bed.app.url}/auth/oidc/callback`, options);
  return bed;
}

beforeEach(async () => {
  provider = await startProvider();
});
afterEach(async () => {
  await provider.close();
  for (const bed of beds.splice(0)) await bed.close();
});

type Jar = Map<string, string>;
let calls = 0;

/** One request of a browser: sends and keeps the cookies of a jar, and stops at a redirect. */
async function hop(jar: Jar, url: string): Promise<Response> {
  calls += 1;
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { ...(cookie ? { cookie } : {}), 'x-forwarded-for': `203.0.113.${calls % 250}` };
  const response = await fetch(url, { redirect: 'manual', headers });
  for (const set of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
    if (value === '' || /expires=Thu, 01 Jan 1970|Max-Age=0(;|$)/i.test(set)) jar.delete(name);
    else jar.set(name, value);
  }
  return response;
}

const targetOf = (response: Response, base: string) => new URL(response.headers.get('location') ?? '', base).href;

/** From the button to the URL by which the provider sends the browser back. */
async function goThrough(bed: ApiBed, jar: Jar, next = ''): Promise<string> {
  const theirs: Jar = new Map();
  let url = targetOf(await hop(jar, `${bed.app.url}/auth/oidc/start${next}`), bed.app.url);
  for (let step = 0; step < 10 && url.startsWith(provider.issuer); step++) url = targetOf(await hop(theirs, url), url);
  return url;
}

type Outcome = { jar: Jar; location: string; token: string | undefined };

async function signIn(bed: ApiBed, subject: string | null, next = ''): Promise<Outcome> {
  provider.signsIn = subject;
  const jar: Jar = new Map();
  const back = await goThrough(bed, jar, next);
  const response = await hop(jar, back);
  return { jar, location: response.headers.get('location') ?? '', token: jar.get('ss_session') };
}

async function invite(bed: ApiBed, email: string): Promise<void> {
  await createInvite(bed.app.deps, bed.operator, { email, role: 'viewer' });
}

const whoIs = async (bed: ApiBed, { token }: Outcome) => await readSession(bed.app.deps, token);
const audit = (bed: ApiBed) => bed.sql('select action, outcome, actor_id, detail from audit_event order by id desc limit 5');

describe('a person who is invited', () => {
  test.each([
    { claimsInIdToken: true, authMethod: 'client_secret_basic' as const },
    { claimsInIdToken: false, authMethod: 'client_secret_post' as const },
  ])('comes in with the role of the invite, and is known by subject from then on (%o)', async (options) => {
    const bed = await startBed({}, options);
    provider.people.s1 = { email: 'Vera@Example.com', email_verified: true, name: 'Vera Novak' };
    await invite(bed, 'vera@example.com');
    const first = await signIn(bed, 's1', '?next=%2Fkeys%3Fa%3D1');
    expect(first.location).toBe('/keys?a=1');
    const vera = await whoIs(bed, first);
    expect(vera).toMatchObject({ role: 'viewer', name: 'Vera Novak', workspaceId: bed.operator.workspaceId });
    expect(await listOwnSessions(bed.app.deps, vera)).toMatchObject([{ way: 'oidc' }]);
    expect(await bed.sql('select * from invite')).toEqual([]);
    // The address may change at the provider: the person stays who they are, without any address too.
    provider.people.s1 = { name: 'Vera N.' };
    expect(await whoIs(bed, await signIn(bed, 's1'))).toMatchObject({ userId: vera.userId });
    expect(await audit(bed)).toMatchObject([
      { action: 'session.open', outcome: 'ok', actor_id: vera.userId, detail: 'oidc' },
      { action: 'session.open', outcome: 'ok', actor_id: vera.userId, detail: 'oidc' },
      { action: 'member.add', actor_id: vera.userId, detail: 'viewer' },
      { action: 'login.link', actor_id: vera.userId, detail: 'new account' },
      {},
    ]);
  });

  test('is told so when nobody has invited them, and leaves nothing behind', async () => {
    const bed = await startBed();
    provider.people.s1 = { email: 'eve@example.com', email_verified: true };
    const outcome = await signIn(bed, 's1');
    expect(outcome).toMatchObject({ location: '/sign-in?problem=not_invited', token: undefined });
    expect(await bed.sql(`select * from app_user where email = 'eve@example.com'`)).toEqual([]);
    expect(await audit(bed)).toMatchObject([{ action: 'session.open', outcome: 'refused', detail: 'oidc not_invited' }, {}, {}, {}, {}]);
  });
});

describe('a verified address', () => {
  test('finds the account that is there, and what nobody had proved ends: password, app, sessions', async () => {
    const bed = await startBed();
    const account = await makeAccount(bed, bed.operator.workspaceId, 'protected');
    provider.people.s1 = { email: account.email, email_verified: true };
    const outcome = await signIn(bed, 's1');
    const { userId } = await whoIs(bed, outcome);
    expect(await bed.sql('select email, password_hash from app_user where id = $1', [userId])).toEqual([
      { email: account.email, password_hash: null },
    ]);
    expect(await bed.sql('select * from totp where user_id = $1', [userId])).toEqual([]);
    await expect(readSession(bed.app.deps, account.cookie.replace('ss_session=', ''))).rejects.toMatchObject({ code: 'not_signed_in' });
    // Set anew by who has proved the address, a password stays.
    await setPassword(bed.app.deps, await whoIs(bed, outcome), { email: account.email, password: 'another long sentence' });
    await signIn(bed, 's1');
    expect(await bed.sql('select password_hash is null as gone from app_user where id = $1', [userId])).toEqual([{ gone: false }]);
  });

  test('is asked for: one that is not verified, or none, finds nothing', async () => {
    const bed = await startBed();
    const account = await makeAccount(bed, bed.operator.workspaceId, 'password');
    for (const person of [{ email: account.email, email_verified: false }, { email: account.email }, {}]) {
      provider.people.s1 = person;
      expect(await signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=email_unverified', token: undefined });
    }
    await readSession(bed.app.deps, account.cookie.replace('ss_session=', ''));
  });

  test('that the provider gave to somebody else does not open the account of the first', async () => {
    const bed = await startBed();
    provider.people = {
      first: { email: 'sales@example.com', email_verified: true },
      second: { email: 'sales@example.com', email_verified: true },
    };
    await invite(bed, 'sales@example.com');
    await whoIs(bed, await signIn(bed, 'first'));
    expect(await signIn(bed, 'second')).toMatchObject({ location: '/sign-in?problem=email_taken', token: undefined });
  });

  test('of another domain is refused, for people who are known too', async () => {
    const bed = await startBed({ emailDomains: ['example.com'], newcomers: 'developer' });
    provider.people.s1 = { email: 'kim@example.com', email_verified: true };
    expect(await whoIs(bed, await signIn(bed, 's1'))).toMatchObject({ role: 'developer' });
    for (const email of ['kim@example.com.evil.example', 'kim@evil.example', 'kim@evil.example@example.org', 'kim@sub.example.com']) {
      provider.people.s1 = { email, email_verified: true };
      expect(await signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=email_domain', token: undefined });
    }
    provider.people.s1 = {};
    expect(await signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=email_unverified', token: undefined });
  });
});

test('of two first sign-ins at the same moment both are the same person', async () => {
  const bed = await startBed({ newcomers: 'viewer' });
  provider.people.s1 = { email: 'two@example.com', email_verified: true };
  provider.signsIn = 's1';
  const jars: Jar[] = [new Map(), new Map()];
  const backs = await Promise.all(jars.map((jar) => goThrough(bed, jar)));
  await Promise.all(backs.map((back, i) => hop(jars[i] ?? new Map(), back)));
  const tokens = jars.map((jar) => jar.get('ss_session'));
  const [one, two] = await Promise.all(tokens.map((token) => readSession(bed.app.deps, token)));
  expect(one?.userId).toBe(two?.userId);
});

describe('an answer that is not to be believed', () => {
  let bed: ApiBed;
  beforeEach(async () => {
    bed = await startBed({ newcomers: 'viewer' });
    provider.people.s1 = { email: 'kim@example.com', email_verified: true };
    provider.signsIn = 's1';
  });
  const now = () => Math.floor(Date.now() / 1000);

  test.each([
    { name: 'another nonce', tamper: { nonce: 'another' }, problem: 'provider_refused' },
    { name: 'no nonce', tamper: { nonce: undefined }, problem: 'provider_refused' },
    { name: 'another issuer', tamper: { iss: 'https://evil.example' }, problem: 'provider_refused' },
    { name: 'another audience', tamper: { aud: 'somebody-else' }, problem: 'provider_refused' },
    { name: 'a token that ended long ago', tamper: { exp: -2 * LIMITS.oidcSkewSeconds }, problem: 'clocks_differ' },
    { name: 'a token that is not valid yet', tamper: { nbf: 2 * LIMITS.oidcSkewSeconds }, problem: 'clocks_differ' },
  ])('$name', async ({ tamper, problem }) => {
    const claims = Object.fromEntries(
      Object.entries(tamper).map(([claim, value]) => [claim, typeof value === 'number' ? now() + value : value]),
    );
    provider.tamper = (given) => ({ ...given, ...claims });
    expect(await signIn(bed, 's1')).toMatchObject({ location: `/sign-in?problem=${problem}`, token: undefined });
    provider.tamper = null;
    await whoIs(bed, await signIn(bed, 's1'));
  });

  test('a clock that is half a minute off is borne', async () => {
    provider.tamper = (claims) => ({ ...claims, exp: now() - 30, nbf: now() + 30 });
    await whoIs(bed, await signIn(bed, 's1'));
  });

  test('a token that the provider did not sign', async () => {
    provider.forges = true;
    expect(await signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=provider_refused', token: undefined });
  });

  test('one that was fetched by another browser, or comes twice', async () => {
    const mine: Jar = new Map();
    const back = await goThrough(bed, mine);
    const others: [string, Jar][] = [
      ['no cookie', new Map()],
      ['the cookie of another sign-in', new Map()],
    ];
    await goThrough(bed, others[1]?.[1] ?? new Map());
    for (const [, jar] of others) {
      const response = await hop(jar, back);
      expect(response.headers.get('location')).toBe('/sign-in?problem=expired');
      expect(jar.has('ss_session')).toBe(false);
    }
    const again: Jar = new Map(mine);
    expect((await hop(mine, back)).headers.get('location')).toBe('/');
    expect(mine.has('ss_oidc')).toBe(false);
    // With the cookie put back: the provider takes no code twice.
    expect((await hop(again, back)).headers.get('location')).toBe('/sign-in?problem=provider_refused');
  });

  test('one with a code of somebody else, put into the person’s own answer', async () => {
    const [victim, attacker]: [Jar, Jar] = [new Map(), new Map()];
    const stolen = new URL(await goThrough(bed, attacker)).searchParams.get('code') ?? '';
    const back = new URL(await goThrough(bed, victim));
    back.searchParams.set('code', stolen);
    // The code belongs to another PKCE verifier.
    expect((await hop(victim, back.href)).headers.get('location')).toBe('/sign-in?problem=provider_refused');
    expect(victim.has('ss_session')).toBe(false);
  });
});

test('whoever turns back at the provider is told so', async () => {
  const bed = await startBed();
  expect(await signIn(bed, null)).toMatchObject({ location: '/sign-in?problem=canceled', token: undefined });
});

test('a provider that is away is named, keeps nothing else from working, and is asked again once it is back', async () => {
  const bed = await startBed({ newcomers: 'viewer' });
  provider.people.s1 = { email: 'kim@example.com', email_verified: true };
  provider.isAway = true;
  const start = () => hop(new Map(), `${bed.app.url}/auth/oidc/start`);
  expect((await start()).headers.get('location')).toBe('/sign-in?problem=provider_unavailable');
  expect((await bed.call('/healthz')).status).toBe(200);
  provider.isAway = false;
  // Away between the step there and the step back, too.
  provider.signsIn = 's1';
  const jar: Jar = new Map();
  const back = await goThrough(bed, jar);
  provider.isAway = true;
  expect((await hop(jar, back)).headers.get('location')).toBe('/sign-in?problem=provider_unavailable');
  provider.isAway = false;
  await whoIs(bed, await signIn(bed, 's1'));
});

test('a provider that nothing answers for is named as well', async () => {
  const bed = await startBed();
  await provider.close();
  const { headers } = await hop(new Map(), `${bed.app.url}/auth/oidc/start`);
  expect(headers.get('location')).toBe('/sign-in?problem=provider_unavailable');
});

test('an answer without end is not read to its end', async () => {
  const bed = await startBed();
  provider.floods = true;
  const { headers } = await hop(new Map(), `${bed.app.url}/auth/oidc/start`);
  expect(headers.get('location')).toBe('/sign-in?problem=provider_refused');
});

test.each(['//evil.example', '/\\evil.example', '/%09/evil.example', '/.//evil.example', 'https://evil.example'])(
  'after signing in, %s leads nowhere else',
  async (next) => {
    const bed = await startBed({ newcomers: 'viewer' });
    provider.people.s1 = { email: 'kim@example.com', email_verified: true };
    const { location } = await signIn(bed, 's1', `?next=${next.includes('%') ? next : encodeURIComponent(next)}`);
    expect(new URL(location, bed.app.url).origin).toBe(new URL(bed.app.url).origin);
    expect(location.startsWith('//')).toBe(false);
  },
);

test('the request for a sign-in carries PKCE, state and nonce, and no secret is in a log', async () => {
  const bed = await startBed({ newcomers: 'viewer' });
  provider.people.s1 = { email: 'kim@example.com', email_verified: true };
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
  provider.forges = true;
  await signIn(bed, 's1');
  const logs = bed.logs.join('\n');
  expect(logs).toContain('single sign-on failed');
  for (const value of [CLIENT_SECRET, 'eyJ', searchParams.get('state') ?? '']) expect(logs).not.toContain(value);
});

test('begun under another name of this machine it goes on at the public address, where the answer comes back', async () => {
  const bed = await startBed({ newcomers: 'viewer' });
  provider.people.s1 = { email: 'kim@example.com', email_verified: true };
  const elsewhere = `${bed.app.url.replace('127.0.0.1', 'localhost')}/auth/oidc/start?next=%2Fkeys`;
  const { headers } = await hop(new Map(), elsewhere);
  expect(headers.get('location')).toBe(`${bed.app.url}/auth/oidc/start?next=%2Fkeys&here=1`);
  expect(headers.get('set-cookie')).toBeNull();
  const { location } = await signIn(bed, 's1', '?next=%2Fkeys&here=1');
  expect(location).toBe('/keys');
  // Never in a circle, whatever a proxy makes of the host.
  expect((await hop(new Map(), `${elsewhere}&here=1`)).headers.get('location')).toContain(provider.issuer);
});

test('an instance without single sign-on has no such routes', async () => {
  const bed = await createApiBed();
  beds.push(bed);
  const { headers, status } = await bed.call('/auth/oidc/start', { key: null });
  // The console answers, which knows no such page.
  expect([status, headers.get('location'), headers.get('set-cookie')]).toEqual([200, null, null]);
});
