import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeToken } from '#shared/api-key.ts';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';

let bed: ApiBed;
let revoked: string;
let expired: string;
beforeAll(async () => {
  bed = await createApiBed();
  revoked = await bed.makeKey({ name: 'revoked' });
  await bed.sql(`update api_key set revoked_at = now() where name = 'revoked'`);
  expired = await bed.makeKey({ name: 'expired' });
  await bed.sql(`update api_key set expires_at = now() - interval '1 second' where name = 'expired'`);
});
afterAll(() => bed?.close());

describe('401', () => {
  const cases: [string, () => Record<string, string>, string][] = [
    ['no key', () => ({}), 'missing_api_key'],
    ['a key that is empty', () => ({ authorization: 'Bearer ' }), 'missing_api_key'],
    ['another scheme', () => ({ authorization: 'Basic dXNlcjpwYXNz' }), 'invalid_api_key'],
    ['a key that is no key', () => ({ authorization: 'Bearer hello' }), 'invalid_api_key'],
    [
      'a wrong checksum',
      () => ({ authorization: `Bearer ${bed.key.slice(0, -1)}${bed.key.endsWith('0') ? '1' : '0'}` }),
      'invalid_api_key',
    ],
    ['a well-formed key that nobody was given', () => ({ authorization: `Bearer ${makeToken('apiKey')}` }), 'invalid_api_key'],
    ['a runner token', () => ({ authorization: `Bearer ${bed.runnerToken}` }), 'invalid_api_key'],
    ['a revoked key', () => ({ authorization: `Bearer ${revoked}` }), 'invalid_api_key'],
    ['an expired key', () => ({ authorization: `Bearer ${expired}` }), 'invalid_api_key'],
    ['two different keys', () => ({ authorization: `Bearer ${bed.key}`, 'x-api-key': revoked }), 'invalid_api_key'],
    ['the cookie of the console', () => ({ cookie: bed.cookie }), 'missing_api_key'],
  ];
  test.each(cases)('%s', async (_name, headers, code) => {
    for (const path of ['/api/captures', '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV']) {
      const answer = await bed.call(path, { key: null, headers: headers() });
      expect([answer.status, problemOf(answer).code]).toEqual([401, code]);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  test.each(['api_key', 'apikey', 'key', 'token', 'access_token', 'x-api-key', 'authorization'])(
    'a key in the address (?%s=…) counts as none, and is neither repeated nor logged',
    async (name) => {
      const before = bed.logs.length;
      const query = new URLSearchParams({ [name]: name === 'authorization' ? `Bearer ${bed.key}` : bed.key });
      for (const path of ['/api/captures', '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV'])
        for (const call of [{}, ...(path === '/api/captures' ? [{ body: GOOD }] : [])]) {
          const answer = await bed.call(`${path}?${query}`, { key: null, ...call });
          expect([answer.status, problemOf(answer).code]).toEqual([401, 'missing_api_key']);
          expect(answer.text).not.toContain(bed.key);
        }
      const logs = bed.logs.slice(before).join('');
      expect(logs).toContain('"status":401');
      expect(logs).not.toContain(bed.key);
      expect(logs, 'nor taken out by the last filter only').not.toContain('[secret]');
    },
  );

  test('malformed, unknown, revoked and expired keys are answered alike but for the request id', async () => {
    const answers = await Promise.all(
      [makeToken('apiKey'), revoked, expired, 'ss_live_x'].map((key) => bed.call('/api/captures', { key })),
    );
    const bodies = new Set(answers.map(({ text }) => text.replace(/req_\w+/, '')));
    expect(bodies.size).toBe(1);
  });

  test('who calls is settled before the body is looked at', async () => {
    const answer = await bed.call('/api/captures', { key: null, raw: '{"broken', headers: { 'content-type': 'text/plain' } });
    expect(answer.status).toBe(401);
  });
});

describe('403', () => {
  const needs: [
    string,
    { method?: string; path: string; body?: unknown },
    'captures:create' | 'captures:read' | 'captures:delete' | 'captures:script',
  ][] = [
    ['create', { path: '/api/captures', body: GOOD }, 'captures:create'],
    ['create with a script', { path: '/api/captures', body: { ...GOOD, scripts: ['1'] } }, 'captures:script'],
    [
      'create with evaluate',
      { path: '/api/captures', body: { ...GOOD, actions: [{ type: 'evaluate', expression: '1' }] } },
      'captures:script',
    ],
    ['list', { path: '/api/captures' }, 'captures:read'],
    ['read', { path: '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 'captures:read'],
    ['links', { method: 'POST', path: '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV/links' }, 'captures:read'],
    ['cancel', { method: 'POST', path: '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel' }, 'captures:create'],
    ['delete', { method: 'DELETE', path: '/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 'captures:delete'],
  ];
  test.each(needs)('%s needs its scope', async (_name, { path, ...call }, scope) => {
    const all = ['captures:create', 'captures:read', 'captures:delete', 'captures:script'] as const;
    const answer = await bed.call(path, { ...call, key: await bed.makeKey({ scopes: all.filter((each) => each !== scope) }) });
    expect([answer.status, problemOf(answer).code]).toEqual([403, 'insufficient_scope']);
    expect(problemOf(answer).detail).toContain(scope);
  });

  test('an address outside the list of the key', async () => {
    const answer = await bed.call('/api/captures', { key: await bed.makeKey({ allowedAddresses: ['203.0.113.0/24'] }) });
    expect([answer.status, problemOf(answer).code]).toEqual([403, 'address_not_allowed']);
  });

  test('a host that is not allowed, of the workspace or of this key', async () => {
    const narrow = await bed.makeKey({ domains: ['app.example.com'] });
    const cases: [string, string][] = [
      [bed.key, 'https://example.org/'],
      [bed.key, 'https://example.com/'],
      [bed.key, 'https://app.example.com.evil.test/'],
      [narrow, 'https://other.example.com/'],
    ];
    for (const [key, url] of cases) {
      const answer = await bed.call('/api/captures', { key, body: { ...GOOD, url } });
      expect([url, answer.status, problemOf(answer).code]).toEqual([url, 403, 'domain_not_allowed']);
    }
    expect((await bed.call('/api/captures', { key: narrow, body: GOOD })).status).toBe(202);
  });
});
