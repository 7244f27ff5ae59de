import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from '@trpc/client';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AppRouter } from '#server/api/router.ts';
import { createOwnerSignInLink, signInWithLink } from '#server/domain/access/sessions.ts';
import { type ApiBed, createApiBed, GOOD, OPERATOR_TOKEN, textOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

const OWN = { 'x-sessionshot': '1' };

/** The client that the console uses, with the cookie that its browser would send. */
function consoleClient(cookie = bed.cookie) {
  const url = `${bed.app.url}/trpc`;
  class WithCookie extends EventSource {
    constructor(address: string | URL) {
      super(address, { fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, cookie } }) });
    }
  }
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: httpSubscriptionLink({ url, EventSource: WithCookie }),
        false: httpBatchLink({ url, headers: { ...OWN, cookie } }),
      }),
    ],
  });
}

/** A session of its own, for a test that ends it. */
async function signedIn(): Promise<{ cookie: string }> {
  const { deps } = bed.app;
  return { cookie: `ss_session=${(await signInWithLink(deps, (await createOwnerSignInLink(deps)).token)).token}` };
}

const mutate = (path: string, input: unknown, headers: Record<string, string>) =>
  bed.call(`/trpc/${path}`, { key: null, body: input, headers });

describe('sessions', () => {
  test('a one-time link signs in once; the cookie is out of reach of scripts and other sites', async () => {
    const operator = await bed.call('/operator/v1/auth.createSignInLink', {
      method: 'POST',
      key: 'operator-token-of-the-tests-0123456789',
    });
    const token = new URL(JSON.parse(operator.text).data.url).hash.replace('#token=', '');
    const first = await mutate('auth.signInWithLink', { token }, OWN);
    expect(first.status).toBe(200);
    const cookie = first.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^ss_session=[^;]+; /);
    for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Expires=']) expect(cookie).toContain(part);
    expect(first.text).not.toContain(token);
    const second = await mutate('auth.signInWithLink', { token }, OWN);
    expect([second.status, JSON.parse(second.text).error.data.problem.code]).toEqual([401, 'not_signed_in']);
  });

  test('a password that was set signs in; signing out ends the session on the server', async () => {
    const client = consoleClient();
    await client.auth.setPassword.mutate({ email: 'Owner@Example.com', password: 'a long enough password' });
    const answer = await mutate('auth.signIn', { email: 'owner@example.com', password: 'a long enough password' }, OWN);
    expect(answer.status).toBe(200);
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const second = consoleClient(cookie);
    expect(await second.auth.me.query()).toMatchObject({ user: { email: 'owner@example.com', hasPassword: true }, role: 'owner' });
    await second.auth.signOut.mutate();
    await expect(second.auth.me.query()).rejects.toMatchObject({ data: { problem: { code: 'not_signed_in', status: 401 } } });
    expect((await client.auth.me.query()).role).toBe('owner');
  });

  test('a call without input may say JSON and send nothing', async () => {
    const headers = { ...OWN, 'content-type': 'application/json' };
    for (const path of ['auth.signOut', 'auth.signOut?batch=1']) {
      const { cookie } = await signedIn();
      const answer = await bed.call(`/trpc/${path}`, { method: 'POST', key: null, raw: '', headers: { ...headers, cookie } });
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"ok":true')]);
    }
  });

  test('set-up is closed once there is an owner', async () => {
    expect(await consoleClient('').auth.setupNeeded.query()).toEqual({ needed: false });
    const answer = await mutate(
      'auth.createOwner',
      { name: 'Eve', email: 'eve@example.com', password: 'a long enough password', workspaceName: 'mine' },
      OWN,
    );
    expect([answer.status, JSON.parse(answer.text).error.data.problem.code]).toEqual([403, 'forbidden']);
  });

  test('an API key opens nothing of the console', async () => {
    expect((await bed.call('/trpc/keys.list')).status).toBe(401);
  });
});

describe('requests that another site could send', () => {
  const input = { domain: 'csrf.example.net', isPrivate: false };
  const cases: [string, () => Record<string, string>, number][] = [
    ['without origin and header', () => ({}), 403],
    ['from another origin', () => ({ origin: 'https://evil.test' }), 403],
    ['from no origin (sandboxed frame)', () => ({ origin: 'null' }), 403],
    ['from another port of this host', () => ({ origin: 'http://127.0.0.1:1' }), 403],
    ['from our own origin', () => ({ origin: bed.app.url }), 200],
    ['with the header of the console', () => OWN, 200],
  ];
  test.each(cases)('%s', async (_name, headers, status) => {
    const answer = await mutate('domains.add', input, { cookie: bed.cookie, ...headers() });
    expect(answer.status).toBe(status);
    if (status === 403) expect(JSON.parse(answer.text).error.data.problem.code).toBe('forbidden');
  });

  test('a mutation is not answered to GET', async () => {
    const answer = await bed.call(`/trpc/domains.add?input=${encodeURIComponent(JSON.stringify(input))}`, {
      key: null,
      headers: { cookie: bed.cookie },
    });
    expect(answer.status).toBe(405);
  });

  test('a host name that is not ours (DNS rebinding) is refused', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      request(`${bed.app.url}/trpc/auth.me`, { headers: { host: 'rebound.evil.test', cookie: bed.cookie } }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});

describe('errors', () => {
  test('carry the problem with the paths of the faults, and no stack', async () => {
    const failed = await consoleClient()
      .captures.create.mutate({ url: GOOD.url, output: { format: 'png', quality: 5 } })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(TRPCClientError);
    expect(failed).toMatchObject({ data: { httpStatus: 422, problem: { code: 'invalid_request', errors: [{ path: 'output.quality' }] } } });
    expect(JSON.stringify(failed)).not.toMatch(/stack|\.ts:/);
  });

  test('a private domain is for the operator alone', async () => {
    const answer = await mutate('domains.add', { domain: 'localhost:8443', isPrivate: true }, { ...OWN, cookie: bed.cookie });
    expect(answer.status).toBe(403);
  });

  test('texts that no database can hold are refused in every procedure', async () => {
    const answer = await mutate('keys.create', { name: 'a\u0000b' }, { ...OWN, cookie: bed.cookie });
    expect([answer.status, JSON.parse(answer.text).error.data.problem.code]).toEqual([422, 'invalid_request']);
  });
});

describe('keys and domains', () => {
  test('a key is shown once, used, rotated with an overlap and revoked', async () => {
    const client = consoleClient();
    const { apiKey, key } = await client.keys.create.mutate({ name: 'from the console' });
    expect((await bed.call('/api/captures', { key })).status).toBe(200);
    const listed = await client.keys.list.query();
    expect(JSON.stringify(listed)).not.toContain(key);
    expect(listed.find(({ id }) => id === apiKey.id)?.hint).toBe(key.slice('ss_live_'.length, 'ss_live_'.length + 8));
    const rotated = await client.keys.rotate.mutate({ id: apiKey.id, overlapMs: 60_000 });
    for (const each of [key, rotated.key]) expect((await bed.call('/api/captures', { key: each })).status).toBe(200);
    await client.keys.revoke.mutate({ id: rotated.apiKey.id });
    expect((await bed.call('/api/captures', { key: rotated.key })).status).toBe(401);
  });

  test('an answer that holds a key is kept by no cache: of the console, of a batch, of the operator’s door', async () => {
    const headers = { ...OWN, cookie: bed.cookie };
    const operate = (path: string, body: unknown) => bed.call(`/operator/v1/${path}`, { key: OPERATOR_TOKEN, body });
    const made = await mutate('keys.create', { name: 'by hand' }, headers);
    const operated = await operate('keys.create', { name: 'by the operator' });
    const [first, second] = [JSON.parse(made.text).result.data.apiKey.id, JSON.parse(operated.text).data.apiKey.id];
    const answers = [
      made,
      operated,
      await mutate('keys.create?batch=1', { 0: { name: 'in a batch' } }, headers),
      await mutate('keys.rotate', { id: first, overlapMs: 0 }, headers),
      await operate('keys.rotate', { id: second, overlapMs: 0 }),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"ss_live_')]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  test('domains are added, checked and removed; a public suffix is refused with its path', async () => {
    const client = consoleClient();
    const added = await client.domains.add.mutate({ domain: '*.shop.example.net' });
    expect((await client.domains.check.query({ url: 'https://a.shop.example.net/x' })).allowed).toBe(true);
    await client.domains.remove.mutate({ id: added.id });
    expect((await client.domains.check.query({ url: 'https://a.shop.example.net/x' })).allowed).toBe(false);
    await expect(client.domains.add.mutate({ domain: '*.co.uk' })).rejects.toMatchObject({
      data: { problem: { code: 'invalid_request', errors: [{ path: 'domain' }] } },
    });
  });
});

describe('streams', () => {
  test('a capture is followed live until it is final, and the list is told of it', { timeout: 60_000 }, async () => {
    const client = consoleClient();
    const runner = createFakeRunner(bed);
    const changes: string[] = [];
    const started = Promise.withResolvers<void>();
    const list = client.captures.onChange.subscribe(
      {},
      {
        onStarted: () => started.resolve(),
        onData: ({ data }) => changes.push(`${data.id} ${data.status}`),
        onError: (error) => started.reject(error),
      },
    );
    await started.promise;
    const id = textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
    const seen: string[] = [];
    const watched = new Promise<void>((resolve, reject) => {
      client.captures.watch.subscribe({ id }, { onData: ({ data }) => seen.push(data.status), onComplete: resolve, onError: reject });
    });
    await expect.poll(() => seen).toContain('queued');
    const claim = await runner.claimOf(id);
    await expect.poll(() => seen).toContain('running');
    await runner.complete(claim);
    await watched;
    expect(seen.at(-1)).toBe('succeeded');
    await expect.poll(() => changes, { timeout: 10_000 }).toEqual(expect.arrayContaining([`${id} running`, `${id} succeeded`]));
    list.unsubscribe();
  });

  test('a stream tells nothing of another workspace', { timeout: 60_000 }, async () => {
    const other = await bed.otherWorkspace();
    const client = consoleClient();
    const changes: string[] = [];
    const started = Promise.withResolvers<void>();
    const list = client.captures.onChange.subscribe(
      {},
      { onStarted: () => started.resolve(), onData: ({ data }) => changes.push(data.id) },
    );
    await started.promise;
    const foreign = textOf(await bed.call('/api/captures', { key: other, body: GOOD }), 'id');
    const own = textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
    await expect.poll(() => changes, { timeout: 10_000 }).toContain(own);
    expect(changes).not.toContain(foreign);
    list.unsubscribe();
    const refused = await new Promise((resolve) =>
      client.captures.watch.subscribe(
        { id: foreign },
        { onData: () => resolve('data'), onError: (error) => resolve(error.data?.problem.code) },
      ),
    );
    expect(refused).toBe('not_found');
    await createFakeRunner(bed).rest();
  });

  test('a stream that is resumed is told of the newest captures first', { timeout: 60_000 }, async () => {
    const id = textOf(await bed.call('/api/captures', { body: GOOD }), 'id');
    const seen: string[] = [];
    const list = consoleClient().captures.onChange.subscribe({ lastEventId: 'before' }, { onData: ({ data }) => seen.push(data.id) });
    await expect.poll(() => seen, { timeout: 10_000 }).toContain(id);
    list.unsubscribe();
  });

  test('a stream ends soon after its session does', { timeout: 60_000 }, async () => {
    const session = await signInWithLink(bed.app.deps, (await createOwnerSignInLink(bed.app.deps)).token);
    const client = consoleClient(`ss_session=${session.token}`);
    const started = Promise.withResolvers<void>();
    const ended = new Promise((resolve) => {
      client.captures.onChange.subscribe({}, { onStarted: () => started.resolve(), onError: (error) => resolve(error.data?.problem.code) });
    });
    await started.promise;
    await client.auth.signOut.mutate();
    expect(await ended).toBe('not_signed_in');
  });

  test('nobody follows without a session', async () => {
    const answer = await bed.call('/trpc/captures.onChange', { key: null, headers: { accept: 'text/event-stream' } });
    expect(answer.text).toContain('event: serialized-error');
    expect(answer.text).toContain('"not_signed_in"');
  });
});
