import { describe, expect, test } from 'vitest';
import type { AllowedDomain } from './allowed-domain.ts';
import { resolveAuth } from './auth-policy.ts';
import { firstReceipt, makeReceipt } from './auth-receipt.ts';
import { type AuthState, authStateSchema } from './auth-state.ts';
import { LIMITS } from './limits.ts';
import { parseTargetUrl } from './target-url.ts';

const DOMAINS: AllowedDomain[] = ['app.example.com', '*.example.com', 'app.github.io'].map((host) => ({
  host,
  port: null,
  isPrivate: false,
}));
const parsed = parseTargetUrl('https://app.example.com/');
if (!parsed.ok) throw new Error(parsed.message);
const { target } = parsed;
const resolve = (auth: AuthState) => resolveAuth(authStateSchema.parse(auth), target, DOMAINS);
const cookie = (more: object) => ({ name: 'sid', value: 'canary-value', ...more });

/** Each is what a browser refuses (or what we refuse in its place), with the reason that the caller reads. */
const REFUSED: [string, object, string, string][] = [
  ['domain mismatch', { domain: 'evil.test' }, 'domain', 'evil.test is not an allowed domain'],
  ['public suffix', { domain: 'github.io' }, 'domain', 'github.io is a public suffix: no browser should send a cookie to all of it'],
  [
    'Secure on an http URL',
    { url: 'http://app.example.com/', secure: true },
    'url',
    'must be an https URL: a secure cookie is never sent to an http one',
  ],
  ['__Host- with a path', { name: '__Host-sid', path: '/a' }, 'name', 'a __Host- cookie must be secure, host-only and for the path /'],
  [
    '__Host- for sub-hosts, in other letters',
    { name: '__HOST-sid', domain: '.a.example.com' },
    'name',
    'a __Host- cookie must be secure, host-only and for the path /',
  ],
  ['__Secure- without secure', { name: '__Secure-sid', secure: false }, 'name', 'a __Secure- cookie must be secure'],
  ['SameSite=None without secure', { sameSite: 'None', secure: false }, 'sameSite', 'None needs `secure: true`'],
  ['expired', { expires: 1_600_000_000 }, 'expires', 'lies in the past: this cookie has run out'],
  ['characters of the name', { name: 'a;b' }, 'name', 'holds a character that cookie names cannot have'],
  ['characters of the value', { value: 'a\u0007b' }, 'value', 'holds a character that cookie values cannot have'],
  ['too large', { value: 'x'.repeat(4094) }, 'value', 'name and value together are over 4096 bytes'],
  ['milliseconds', { expires: 1_893_456_000_000 }, 'expires', 'lies beyond the year 9999: give seconds, not milliseconds'],
  ['path', { path: 'reports' }, 'path', 'must begin with /'],
  ['partitionKey that is no URL', { partitionKey: 'example' }, 'partitionKey', 'must be a site such as https://example.com'],
  [
    'partitionKey of one host of a site',
    { partitionKey: 'https://www.example.com' },
    'partitionKey',
    'must be a site such as https://example.com',
  ],
];

describe('a cookie that cannot be set', () => {
  test.each(REFUSED)('is refused with its field and reason: %s', (_name, more, field, reason) => {
    const { errors } = resolve({ cookies: [cookie(more)] });
    expect(errors).toEqual([{ path: `auth.cookies[0].${field}`, message: reason }]);
  });

  test.each(REFUSED.filter(([, more]) => !('url' in more)))(
    'of a storageState is left out with the same reason: %s',
    (_name, more, field, reason) => {
      const state = { cookies: [{ domain: 'app.example.com', path: '/', ...cookie({ secure: true, ...more }) }], origins: [] };
      const { auth, errors } = resolve({ storageState: state });
      expect([errors, auth.cookies]).toEqual([[], []]);
      const { items, counts } = firstReceipt(auth, 'accepted');
      expect(counts).toEqual({ rejected: 1 });
      expect(items).toMatchObject([{ kind: 'cookie', status: 'rejected', reason: `${field}: ${reason}` }]);
      expect(JSON.stringify(items)).not.toContain('canary');
    },
  );

  test('tells all its faults', () => {
    const { errors } = resolve({ cookies: [cookie({ name: 'a b', path: 'x', expires: 1, sameSite: 'None', secure: false })] });
    expect(errors.map(({ path }) => path.split('.').at(-1))).toEqual(['name', 'path', 'sameSite', 'expires']);
  });
});

test('a partition key may be a site, and a name without a known suffix', () => {
  for (const partitionKey of ['https://example.com', 'https://example.co.uk', 'https://localhost'])
    expect(resolve({ cookies: [cookie({ partitionKey, sameSite: 'None' })] }).errors).toEqual([]);
});

test('storage of an origin that is not allowed or not https is left out of a storageState, by its origin', () => {
  const origins = ['https://evil.test', 'http://app.example.com'].map((origin) => ({
    origin,
    localStorage: [{ name: 'token', value: 'canary-v' }],
  }));
  const { auth } = resolve({ storageState: { cookies: [], origins } });
  expect(firstReceipt(auth, 'accepted').items).toEqual([
    {
      kind: 'localStorage',
      name: 'https://evil.test',
      at: 'https://evil.test',
      status: 'rejected',
      reason: 'evil.test is not an allowed domain',
    },
    {
      kind: 'localStorage',
      name: 'http://app.example.com',
      at: 'http://app.example.com',
      status: 'rejected',
      reason: 'must be an https origin',
    },
  ]);
});

describe('a receipt', () => {
  test('is bounded, tells what needs a look first, and counts all', () => {
    const applied = Array.from({ length: 400 }, (_each, index) => ({
      kind: 'cookie' as const,
      name: `c${index}`,
      at: 'a',
      status: 'applied' as const,
    }));
    const lost = { kind: 'cookie' as const, name: 'lost', at: 'a', status: 'deleted_by_site' as const };
    const receipt = makeReceipt({ cookies: 401, origins: 0, rejected: [{ name: 'no', reason: 'why' }] }, [...applied, lost]);
    expect(receipt.items).toHaveLength(LIMITS.authItemsShownMax);
    expect(receipt.items?.slice(0, 2).map(({ name }) => name)).toEqual(['no', 'lost']);
    expect(receipt.counts).toEqual({ rejected: 1, deleted_by_site: 1, applied: 400 });
  });

  test('holds names that a database and a screen can take', () => {
    const name = `a\u0000b\ud800${'x'.repeat(5000)}`;
    const [item] = makeReceipt({ cookies: 0, origins: 0, rejected: [{ name, reason: 'why' }] }, []).items ?? [];
    expect(item?.name.length).toBe(LIMITS.authNameCharsShownMax);
    expect(item?.name).toMatch(/^a\ufffdb\ufffdx+$/);
  });

  test('names headers by their origins and never quotes a value', () => {
    const { auth } = resolve({
      bearer: 'canary-bearer',
      httpCredentials: { username: 'canary-user', password: 'canary-pass', send: 'unauthorized' },
    });
    const receipt = firstReceipt(auth, 'accepted');
    expect(receipt.items?.map(({ kind, name, at }) => [kind, name, at])).toEqual([
      ['header', 'Authorization', 'https://app.example.com'],
      ['httpCredentials', 'basic', 'https://app.example.com'],
    ]);
    expect(JSON.stringify(receipt)).not.toContain('canary');
  });
});

describe('httpCredentials', () => {
  const credentials = { username: 'u', password: 'p' };
  test('go to an allowed origin, by default that of the target', () => {
    expect(resolve({ httpCredentials: credentials }).auth.httpCredentials).toEqual({ ...credentials, origin: 'https://app.example.com' });
    expect(resolve({ httpCredentials: { ...credentials, origin: 'https://evil.test' } }).errors).toEqual([
      { path: 'auth.httpCredentials.origin', message: 'evil.test is not an allowed domain' },
    ]);
  });

  test('sent always, they contradict an Authorization header', () => {
    const { errors } = resolve({ bearer: 'x', httpCredentials: { ...credentials, send: 'always' } });
    expect(errors.map(({ path }) => path)).toEqual(['auth.httpCredentials.send']);
    expect(authStateSchema.safeParse({ httpCredentials: { username: 'a:b', password: 'p' } }).success).toBe(false);
  });
});

test.each(['evil.test/.example.com', 'evil.test\r\n.example.com', 'a b.example.com', '..example.com', '*.example.com', ''])(
  'a domain that is no host name is refused, whatever wildcard it ends like: %j',
  (domain) => {
    const { errors, auth } = resolve({ cookies: [cookie({ domain })] });
    expect(errors).toContainEqual({ path: 'auth.cookies[0].domain', message: 'is not a host name such as app.example.com' });
    expect(auth.cookies).toEqual([]);
  },
);
