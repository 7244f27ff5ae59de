import { describe, expect, test } from 'vitest';
import { type AllowedDomain, parseAllowedDomain } from './allowed-domain.ts';
import { countAuth, resolveAuth } from './auth-policy.ts';
import { authStateSchema } from './auth-state.ts';
import { LIMITS } from './limits.ts';
import { parseTargetUrl, type TargetUrl } from './target-url.ts';

const domains: AllowedDomain[] = ['app.example.com', '*.cdn.example.com', 'api.example.com:8443'].map((entry) => {
  const result = parseAllowedDomain(entry);
  if (!result.ok) throw new Error(result.message);
  return result.domain;
});

function targetOf(url: string): TargetUrl {
  const result = parseTargetUrl(url);
  if (!result.ok) throw new Error(result.message);
  return result.target;
}

const target = targetOf('https://app.example.com/reports');
const resolve = (auth: unknown, to = target) => resolveAuth(authStateSchema.parse(auth), to, domains);
const cookie = (over: Record<string, unknown> = {}) => ({ name: 'sid', value: 'v', ...over });

describe('cookies', () => {
  test('without domain and url a cookie is for the target’s host alone, secure and lax', () => {
    expect(resolve({ cookies: [cookie()] })).toMatchObject({
      errors: [],
      auth: { cookies: [{ name: 'sid', value: 'v', domain: 'app.example.com', path: '/', secure: true, sameSite: 'Lax' }] },
    });
  });

  test.each([
    [{ domain: 'APP.example.com' }, 'app.example.com'],
    [{ domain: 'img.cdn.example.com' }, 'img.cdn.example.com'],
    [{ domain: '.cdn.example.com' }, '.cdn.example.com'],
    [{ domain: '.img.cdn.example.com' }, '.img.cdn.example.com'],
    [{ url: 'https://app.example.com/x' }, 'app.example.com'],
    [{ domain: 'api.example.com' }, 'api.example.com'],
    [{ name: '__Host-sid' }, 'app.example.com'],
    [{ name: '__Secure-sid', secure: true }, 'app.example.com'],
    [{ sameSite: 'None', secure: true }, 'app.example.com'],
    [{ expires: -1 }, 'app.example.com'],
    [{ expires: 4_000_000_000 }, 'app.example.com'],
    [{ name: '', value: 'only' }, 'app.example.com'],
    [{ value: 'a=b, "c"' }, 'app.example.com'],
  ])('%j is set for %s', (over, domain) => {
    const { auth, errors } = resolve({ cookies: [cookie(over)] });
    expect(errors).toEqual([]);
    expect(auth.cookies[0]?.domain).toBe(domain);
    expect(auth.cookies[0]).not.toHaveProperty('url');
  });

  test.each([
    [{ domain: 'evil.example' }, 'domain', /evil\.example is not an allowed domain/],
    [{ domain: 'example.com' }, 'domain', /not an allowed domain/],
    [{ domain: 'notapp.example.com' }, 'domain', /not an allowed domain/],
    [{ domain: 'cdn.example.com' }, 'domain', /not an allowed domain/],
    [{ domain: '.app.example.com' }, 'domain', /drop the leading dot/],
    [{ domain: '.example.com' }, 'domain', /\*\.example\.com is not an allowed domain/],
    [{ domain: 'com' }, 'domain', /public suffix/],
    [{ domain: '.com' }, 'domain', /public suffix/],
    [{ domain: '.co.uk' }, 'domain', /public suffix/],
    [{ domain: 'github.io' }, 'domain', /public suffix/],
    [{ url: 'http://app.example.com/' }, 'url', /https/],
    [{ url: 'nonsense' }, 'url', /https/],
    [{ url: 'https://evil.example/' }, 'url', /not an allowed domain/],
    [{ url: 'https://app.example.com/', domain: 'app.example.com' }, 'url', /contradicts/],
    [{ name: '', value: '' }, 'name', /empty/],
    [{ name: 'a b' }, 'name', /character/],
    [{ name: 'a;b' }, 'name', /character/],
    [{ name: 'a=b' }, 'name', /character/],
    [{ name: 'a\nb' }, 'name', /character/],
    [{ value: 'a;b' }, 'value', /character/],
    [{ value: 'a\r\nSet-Cookie: x=1' }, 'value', /character/],
    [{ value: 'a\u0000' }, 'value', /character/],
    [{ value: 'ü'.repeat(2100) }, 'value', /4096 bytes/],
    [{ path: 'x' }, 'path', /begin with/],
    [{ path: '/a\u0000' }, 'path', /begin with/],
    [{ name: '__Secure-sid', secure: false }, 'name', /__Secure-/],
    [{ name: '__Host-sid', path: '/x' }, 'name', /__Host-/],
    [{ name: '__Host-sid', secure: false }, 'name', /__Host-/],
    [{ name: '__Host-sid', domain: '.cdn.example.com' }, 'name', /__Host-/],
    [{ sameSite: 'None', secure: false }, 'sameSite', /secure: true/],
    [{ expires: 1 }, 'expires', /run out/],
  ])('%j is an error at %s', (over, field, why) => {
    const { auth, errors } = resolve({ cookies: [cookie(), cookie(over)] });
    expect(errors).toEqual([{ path: `auth.cookies[1].${field}`, message: expect.stringMatching(why) }]);
    expect(auth.cookies).toHaveLength(1);
  });
});

describe('storage', () => {
  test('flat entries are the target’s origin, its port included', () => {
    expect(resolve({ localStorage: { token: 't' }, sessionStorage: { s: '1' } }).auth).toMatchObject({
      localStorage: { 'https://app.example.com': { token: 't' } },
      sessionStorage: { 'https://app.example.com': { s: '1' } },
    });
    const api = targetOf('https://api.example.com:8443/');
    expect(Object.keys(resolve({ localStorage: { token: 't' } }, api).auth.localStorage)).toEqual(['https://api.example.com:8443']);
  });

  test('origins are brought into their one spelling', () => {
    expect(resolve({ localStorage: { 'https://APP.example.com:443/': { token: 't' } } }).auth.localStorage).toEqual({
      'https://app.example.com': { token: 't' },
    });
  });

  test.each([
    ['https://evil.example', /not an allowed domain/],
    ['https://app.example.com:8443', /not an allowed domain/],
    ['http://app.example.com', /https/],
    ['https://app.example.com/path', /without a path/],
    ['https://user@app.example.com', /without a path/],
    ['https://:pw@app.example.com', /without a path/],
    [' https://app.example.com', /not an origin/],
    ['https:\\\\app.example.com', /not an origin/],
    ['app.example.com', /not an origin/],
    ['null', /not an origin/],
  ])('the origin %s is an error with its path, but for a user and a password in it', (origin, why) => {
    const { auth, errors } = resolve({ localStorage: { [origin]: { a: 'b' } } });
    expect(errors).toEqual([{ path: `auth.localStorage.${origin.replace(/(user|:pw)@/, '')}`, message: expect.stringMatching(why) }]);
    expect(auth.localStorage).toEqual({});
  });
});

describe('headers', () => {
  test('are bound to the target’s origin unless origins are named', () => {
    expect(resolve({ headers: { 'X-Team': '7' }, bearer: 'tok' }).auth).toMatchObject({
      headers: { 'X-Team': '7', Authorization: 'Bearer tok' },
      headerOrigins: ['https://app.example.com'],
    });
    expect(resolve({ bearer: 'tok', origins: ['https://api.example.com:8443/', 'https://app.example.com'] }).auth.headerOrigins).toEqual([
      'https://api.example.com:8443',
      'https://app.example.com',
    ]);
  });

  test('an origin that is not allowed is an error and gets nothing', () => {
    const { auth, errors } = resolve({ bearer: 'tok', origins: ['https://app.example.com', 'https://evil.example'] });
    expect(errors).toEqual([{ path: 'auth.origins[1]', message: expect.stringMatching(/not an allowed domain/) }]);
    expect(auth.headerOrigins).toEqual(['https://app.example.com']);
  });

  test('bearer and an Authorization header contradict', () => {
    expect(resolve({ bearer: 'tok', headers: { authorization: 'Basic x' } }).errors).toEqual([
      { path: 'auth.bearer', message: expect.stringMatching(/contradicts/) },
    ]);
  });

  test('credentials are bound to the target’s origin', () => {
    expect(resolve({ httpCredentials: { username: 'u', password: 'p' } }).auth.httpCredentials).toEqual({
      username: 'u',
      password: 'p',
      origin: 'https://app.example.com',
    });
  });
});

describe('a storageState', () => {
  const state = {
    cookies: [
      { name: 'sid', value: 'a', domain: 'app.example.com', path: '/', expires: -1, httpOnly: true, secure: true, sameSite: 'Strict' },
      { name: 'plain', value: 'b', domain: 'app.example.com', path: '/x', expires: -1, httpOnly: false, secure: false, sameSite: 'Lax' },
      { name: 'tracker', value: 'c', domain: '.ads.test', path: '/', expires: -1, httpOnly: false, secure: true, sameSite: 'None' },
      { name: 'old', value: 'd', domain: 'app.example.com', path: '/', expires: 5, httpOnly: false, secure: true, sameSite: 'Lax' },
    ],
    origins: [
      {
        origin: 'https://app.example.com',
        localStorage: [{ name: 'token', value: 't' }],
        indexedDB: [{ name: 'db', version: 1, stores: [] }],
      },
      { origin: 'https://ads.test', localStorage: [{ name: 'id', value: 'x' }] },
    ],
    somethingNew: true,
  };

  test('gives what is allowed and lists the rest with its reason, without an error', () => {
    const { auth, errors } = resolve({ storageState: state });
    expect(errors).toEqual([]);
    expect(auth.cookies.map(({ name, path, secure, httpOnly, sameSite }) => ({ name, path, secure, httpOnly, sameSite }))).toEqual([
      { name: 'sid', path: '/', secure: true, httpOnly: true, sameSite: 'Strict' },
      { name: 'plain', path: '/x', secure: false, httpOnly: false, sameSite: 'Lax' },
    ]);
    expect(auth.localStorage).toEqual({ 'https://app.example.com': { token: 't' } });
    expect(auth.indexedDB).toMatchObject([{ origin: 'https://app.example.com', indexedDB: [{ name: 'db' }] }]);
    expect(auth.rejected.map(({ name }) => name)).toEqual(['tracker', 'old', 'https://ads.test']);
    for (const { reason } of auth.rejected) expect(reason).toMatch(/allowed domain|run out/);
  });

  test('no rejected entry quotes a value', () => {
    const poisoned = {
      cookies: [{ ...state.cookies[2], value: 'canary-1' }],
      origins: [{ origin: 'https://ads.test', localStorage: [{ name: 'k', value: 'canary-2' }] }],
    };
    expect(JSON.stringify(resolve({ storageState: poisoned }).auth.rejected)).not.toContain('canary');
  });

  test('what the caller writes out goes over it', () => {
    const { auth } = resolve({ storageState: state, localStorage: { token: 'mine', extra: '1' } });
    expect(auth.localStorage).toEqual({ 'https://app.example.com': { token: 'mine', extra: '1' } });
  });
});

test('the receipt counts cookies and origins', () => {
  const { auth } = resolve({ cookies: [cookie(), cookie({ name: 'b' })], localStorage: { a: '1' }, sessionStorage: { b: '2' } });
  expect(countAuth(auth)).toEqual({ cookies: 2, origins: 1 });
});

test('nothing given resolves to nothing', () => {
  expect(resolve({})).toEqual({
    errors: [],
    auth: {
      cookies: [],
      localStorage: {},
      sessionStorage: {},
      indexedDB: [],
      headers: {},
      headerOrigins: ['https://app.example.com'],
      httpCredentials: null,
      rejected: [],
    },
  });
});

test('200 cookies are the most', () => {
  const many = (count: number) => ({ cookies: Array.from({ length: count }, (_, index) => cookie({ name: `c${index}` })) });
  expect(authStateSchema.safeParse(many(LIMITS.cookiesMax)).success).toBe(true);
  expect(authStateSchema.safeParse(many(LIMITS.cookiesMax + 1)).success).toBe(false);
});
