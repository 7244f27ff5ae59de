import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

const post = (body: object, options: { headers?: Record<string, string>; key?: string } = {}) =>
  bed.call('/api/captures', { body: { ...body, dryRun: true }, ...options });
const real = (body: object, options: { headers?: Record<string, string>; key?: string } = {}) =>
  bed.call('/api/captures', { body, ...options });
const rows = async () =>
  Object.values(
    (
      await bed.sql(
        'select (select count(*) from capture) as a, (select count(*) from job) as b, (select count(*) from capture_payload) as c, (select count(*) from idempotency_record) as d',
      )
    )[0] ?? {},
  ).map(Number);
const token = (exp: number) => `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify({ exp, sub: 'canary-sub' })).toString('base64url')}.x`;
const cookie = (more: object = {}) => ({ name: 'sid', value: 'canary-value', ...more });

describe('POST /api/captures with dryRun: true', () => {
  test('answers 200 with the receipt and the scopes, and makes nothing at all', async () => {
    const before = await rows();
    const answer = await post(
      {
        ...GOOD,
        url: 'https://app.example.com/r?q=canary-query',
        auth: { cookies: [cookie()], localStorage: { token: 'canary-item' }, verify: { selector: '#menu' } },
        scripts: ['document.title'],
      },
      { headers: { 'idempotency-key': 'dry-1', prefer: 'wait=20' } },
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      object: 'dry_run',
      ok: true,
      url: 'https://app.example.com/r?…',
      auth: {
        cookies: 1,
        origins: 1,
        rejected: [],
        counts: { accepted: 2 },
        items: [
          { kind: 'cookie', name: 'sid', at: 'app.example.com', status: 'accepted' },
          { kind: 'localStorage', name: 'token', at: 'https://app.example.com', status: 'accepted' },
        ],
      },
      warnings: [],
      needs: ['captures:create', 'captures:script'],
    });
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.text).not.toContain('canary');
    expect(await rows()).toEqual(before);
    // The key is still free for the request itself.
    expect((await real(GOOD, { headers: { 'idempotency-key': 'dry-1' } })).status).toBe(202);
  });

  test('without auth there is no receipt', async () => {
    expect((await post(GOOD)).body).toMatchObject({ auth: null, warnings: [], needs: ['captures:create'] });
  });

  test('anything but a boolean is refused', async () => {
    const answer = await real({ ...GOOD, dryRun: 'yes' });
    expect([answer.status, problemOf(answer).errors?.[0]?.path]).toEqual([422, 'dryRun']);
  });
});

describe('a request that would be refused', () => {
  const past = { expires: 1_600_000_000 };
  test.each<[string, object, number]>([
    ['the schema', { ...GOOD, output: { format: 'gif' } }, 422],
    ['the target', { ...GOOD, url: 'http://app.example.com/' }, 422],
    ['the domain', { ...GOOD, url: 'https://elsewhere.test/' }, 403],
    ['a webhook', { ...GOOD, webhook: { url: 'https://127.0.0.1/' } }, 422],
    [
      'every fault of the auth state at once',
      {
        ...GOOD,
        auth: {
          cookies: [cookie(past), cookie({ domain: 'evil.test' }), cookie({ name: 'a b', path: 'x' })],
          localStorage: { 'http://app.example.com': { a: 'b' } },
          origins: ['https://evil.test'],
        },
      },
      422,
    ],
  ])('is refused in the same words: %s', async (_name, body, status) => {
    const [dry, wet] = [await post(body), await real(body)];
    expect(dry.status).toBe(status);
    expect({ ...problemOf(dry), requestId: '' }).toEqual({ ...problemOf(wet), requestId: '' });
  });

  test('names all the faults of the auth state', async () => {
    const cookies = [cookie(past), cookie({ domain: 'evil.test' }), cookie({ name: 'a b', path: 'x' })];
    const answer = await post({ ...GOOD, auth: { cookies, localStorage: { 'http://app.example.com': { a: 'b' } } } });
    expect(problemOf(answer).errors?.map(({ path }) => path)).toEqual([
      'auth.cookies[0].expires',
      'auth.cookies[1].domain',
      'auth.cookies[2].name',
      'auth.cookies[2].path',
      'auth.localStorage.http://app.example.com',
    ]);
  });

  // Mended one kind at a time, such a request would take five tries.
  test('names the faults of every kind at once, with the status and the words of the first', async () => {
    const body = {
      ...GOOD,
      url: 'https://elsewhere.test/',
      delay: -1,
      unknownField: true,
      auth: { cookies: [cookie(past), cookie({ sameSite: 'Sometimes' })], localStorage: { 'http://app.example.com': { a: 'b' } } },
      actions: [{ type: 'goto', url: 'https://evil.test/' }],
      reproducible: true,
      output: { format: 'png', animations: 'allow' },
    };
    const [dry, wet] = [problemOf(await post(body)), problemOf(await real(body))];
    expect({ ...dry, errors: [], requestId: '' }).toEqual({ ...wet, errors: [], requestId: '' });
    expect(dry.errors?.map(({ path }) => path).toSorted()).toEqual([
      'actions[0].url',
      'auth.cookies[1].sameSite',
      'auth.localStorage.http://app.example.com',
      'delay',
      'output.animations',
      'unknownField',
      'url',
    ]);
    expect(JSON.stringify(dry)).not.toContain('canary');
  });

  test('tells cookies that cannot apply beside a domain that is not allowed, and a webhook', async () => {
    const body = { ...GOOD, url: 'https://elsewhere.test/', auth: { cookies: [cookie(past)] }, webhook: { url: 'https://127.0.0.1/' } };
    const [dry, wet] = [await post(body), await real(body)];
    expect([dry.status, problemOf(dry).code, problemOf(dry).detail]).toEqual([403, problemOf(wet).code, problemOf(wet).detail]);
    expect(problemOf(dry).errors?.map(({ path }) => path)).toEqual(['url', 'auth.cookies[0].expires', 'webhook.url']);
  });

  test('for a full queue too', async () => {
    const full = await createApiBed({ settings: { queuedPerWorkspaceMax: 0 } });
    const [dry, wet] = [
      await full.call('/api/captures', { body: { ...GOOD, dryRun: true } }),
      await full.call('/api/captures', { body: GOOD }),
    ];
    await full.close();
    expect(problemOf(dry).code).toBe('queue_full');
    expect({ ...problemOf(dry), requestId: '' }).toEqual({ ...problemOf(wet), requestId: '' });
  });

  test('for its scope or its malformed key too', async () => {
    const key = await bed.makeKey({ scopes: ['captures:create'] });
    const scripted = { ...GOOD, scripts: ['1'] };
    expect(problemOf(await post(scripted, { key })).code).toBe('insufficient_scope');
    expect((await post(GOOD, { headers: { 'idempotency-key': 'with space' } })).status).toBe(400);
  });
});

describe('warnings', () => {
  const warned = async (auth: object, key?: string) => {
    const answer = await post({ ...GOOD, auth }, key ? { key } : {});
    expect(answer.status, answer.text).toBe(200);
    expect(answer.text).not.toMatch(/canary-(?:value|sub)|eyJ/);
    const body = JSON.parse(answer.text);
    return { paths: body.warnings.map(({ path }: { path: string }) => path), text: answer.text };
  };
  const verify = { selector: '#menu' };

  test('for a session that nothing checks, or only the address', async () => {
    expect((await warned({ cookies: [cookie()] })).paths).toEqual(['auth.verify']);
    expect((await warned({ cookies: [cookie()], verify: { notUrl: '**/login' } })).paths).toEqual(['auth.verify']);
  });

  test('for a storageState whose cookies have all run out, or are all for other hosts', async () => {
    const state = (more: object) => ({
      storageState: { cookies: [{ ...cookie(), domain: 'app.example.com', path: '/', ...more }] },
      verify,
    });
    expect((await warned(state({ expires: 1_600_000_000 }))).text).toContain('have all run out');
    expect((await warned(state({ domain: 'evil.test' }))).text).toContain('are all for hosts that are not allowed');
    expect((await warned(state({}))).paths).toEqual([]);
  });

  test('for cookies that do not go to the target', async () => {
    expect((await warned({ cookies: [cookie({ domain: 'other.example.com' })], verify })).paths).toEqual(['auth.cookies']);
  });

  test('for a token that has run out, by its name and never its value', async () => {
    const old = { localStorage: { 'canary-name': JSON.stringify({ access: token(1_600_000_000) }) }, verify };
    expect(await warned(old)).toMatchObject({ paths: ['auth.localStorage'], text: expect.stringContaining('canary-name') });
    expect((await warned({ bearer: token(1_600_000_000), verify })).paths).toEqual(['auth.headers']);
    expect((await warned({ localStorage: { token: token(4_000_000_000) }, verify })).paths).toEqual([]);
    // A key that may not read captures is shown no names, its own ones included.
    const creator = await warned(old, await bed.makeKey({ scopes: ['captures:create'] }));
    expect(creator.text).not.toContain('canary');
    expect(creator.paths).toEqual(['auth.localStorage']);
  });

  test('for a sealed state, which was not opened', async () => {
    expect((await warned({ sealed: 'a.b.c.d.e' })).text).toContain('was not opened');
  });
});
