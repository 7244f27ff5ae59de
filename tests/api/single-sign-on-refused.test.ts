import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import type { ApiBed } from './api-bed.ts';
import { createSingleSignOnBed, hop, type Jar, type SingleSignOnBed, whoIs } from './single-sign-on-bed.ts';

// Answers of a provider that are forged, moved, repeated or missing: nobody comes in by them.
let sso: SingleSignOnBed;
beforeEach(async () => {
  sso = await createSingleSignOnBed();
});
afterEach(() => sso.close());

describe('an answer that is not to be believed', () => {
  let bed: ApiBed;
  beforeEach(async () => {
    bed = await sso.start({ newcomers: 'viewer' });
    sso.provider.people.s1 = { email: 'kim@example.com', email_verified: true };
    sso.provider.signsIn = 's1';
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
    sso.provider.tamper = (given) => ({ ...given, ...claims });
    expect(await sso.signIn(bed, 's1')).toMatchObject({ location: `/sign-in?problem=${problem}`, token: undefined });
    sso.provider.tamper = null;
    await whoIs(bed, await sso.signIn(bed, 's1'));
  });

  test('a clock that is half a minute off is borne', async () => {
    sso.provider.tamper = (claims) => ({ ...claims, exp: now() - 30, nbf: now() + 30 });
    await whoIs(bed, await sso.signIn(bed, 's1'));
  });

  test('a token that the provider did not sign', async () => {
    sso.provider.forges = true;
    expect(await sso.signIn(bed, 's1')).toMatchObject({ location: '/sign-in?problem=provider_refused', token: undefined });
  });

  test('one that was fetched by another browser, or comes twice', async () => {
    const mine: Jar = new Map();
    const back = await sso.goThrough(bed, mine);
    const others: [string, Jar][] = [
      ['no cookie', new Map()],
      ['the cookie of another sign-in', new Map()],
    ];
    await sso.goThrough(bed, others[1]?.[1] ?? new Map());
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
    const stolen = new URL(await sso.goThrough(bed, attacker)).searchParams.get('code') ?? '';
    const back = new URL(await sso.goThrough(bed, victim));
    back.searchParams.set('code', stolen);
    // The code belongs to another PKCE verifier.
    expect((await hop(victim, back.href)).headers.get('location')).toBe('/sign-in?problem=provider_refused');
    expect(victim.has('ss_session')).toBe(false);
  });
});

test('whoever turns back at the provider is told so', async () => {
  const bed = await sso.start();
  expect(await sso.signIn(bed, null)).toMatchObject({ location: '/sign-in?problem=canceled', token: undefined });
});

test('a provider that is away is named, keeps nothing else from working, and is asked again once it is back', async () => {
  const bed = await sso.start({ newcomers: 'viewer' });
  sso.provider.people.s1 = { email: 'kim@example.com', email_verified: true };
  sso.provider.isAway = true;
  const start = () => hop(new Map(), `${bed.app.url}/auth/oidc/start`);
  expect((await start()).headers.get('location')).toBe('/sign-in?problem=provider_unavailable');
  expect((await bed.call('/healthz')).status).toBe(200);
  sso.provider.isAway = false;
  // Away between the step there and the step back, too.
  sso.provider.signsIn = 's1';
  const jar: Jar = new Map();
  const back = await sso.goThrough(bed, jar);
  sso.provider.isAway = true;
  expect((await hop(jar, back)).headers.get('location')).toBe('/sign-in?problem=provider_unavailable');
  sso.provider.isAway = false;
  await whoIs(bed, await sso.signIn(bed, 's1'));
});

test('a provider that nothing answers for is named as well', async () => {
  const bed = await sso.start();
  await sso.provider.close();
  const { headers } = await hop(new Map(), `${bed.app.url}/auth/oidc/start`);
  expect(headers.get('location')).toBe('/sign-in?problem=provider_unavailable');
});

test('an answer without end is not read to its end', async () => {
  const bed = await sso.start();
  sso.provider.floods = true;
  const { headers } = await hop(new Map(), `${bed.app.url}/auth/oidc/start`);
  expect(headers.get('location')).toBe('/sign-in?problem=provider_refused');
});
