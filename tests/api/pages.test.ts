import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiBed, createApiBed, problemOf } from './api-bed.ts';

let bed: ApiBed;
let clientDir: string;
beforeAll(async () => {
  clientDir = mkdtempSync(join(tmpdir(), 'sessionshot-client-'));
  mkdirSync(join(clientDir, 'assets'));
  writeFileSync(join(clientDir, 'index.html'), '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><div id="root"></div>');
  writeFileSync(join(clientDir, 'assets', 'index-abc.js'), 'export {};');
  writeFileSync(join(clientDir, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  bed = await createApiBed({ clientDir });
});
afterAll(async () => {
  await bed?.close();
  rmSync(clientDir, { recursive: true, force: true });
});

function directives(policy: string | null): Map<string, string[]> {
  return new Map(
    (policy ?? '')
      .split(';')
      .map((part) => part.trim().split(' '))
      .map(([name = '', ...sources]) => [name, sources]),
  );
}

describe('every answer', () => {
  test.each(['/healthz', '/readyz', '/metrics'])('%s is for reading only, and says so', async (path) => {
    const answer = await bed.call(path, { method: 'POST', key: null });
    expect([answer.status, problemOf(answer).code, answer.headers.get('allow')]).toEqual([405, 'method_not_allowed', 'GET, HEAD']);
  });

  test.each(['/', '/api/docs', '/healthz'])('%s may not be framed, in the words of old and new browsers', async (path) => {
    const { headers } = await bed.call(path, { key: null });
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(directives(headers.get('content-security-policy')).get('frame-ancestors')).toEqual(["'none'"]);
  });
});

describe('the console', () => {
  test('every page is the one page, asked for each time, with a nonce of its own that the policy names', async () => {
    const nonces = new Set<string>();
    for (const path of ['/', '/captures', '/captures/cap_x', '/sign-in', '/setup']) {
      const answer = await bed.call(path);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-cache']);
      const nonce = /content="([0-9a-f]{32})"/.exec(answer.text)?.[1] ?? '';
      nonces.add(nonce);
      expect(directives(answer.headers.get('content-security-policy')).get('style-src')).toContain(`'nonce-${nonce}'`);
    }
    expect(nonces.size).toBe(5);
  });

  test('the policy is strict, and opens for the storage alone', async () => {
    const answer = await bed.call('/');
    const policy = directives(answer.headers.get('content-security-policy'));
    const blobs = bed.app.deps.blobs.publicOrigin();
    expect(policy.get('default-src')).toEqual(["'self'"]);
    expect(policy.get('object-src')).toEqual(["'none'"]);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    expect(policy.get('base-uri')).toEqual(["'none'"]);
    for (const name of ['img-src', 'frame-src', 'connect-src']) expect(policy.get(name)).toContain(blobs);
    const all = answer.headers.get('content-security-policy') ?? '';
    for (const never of ['unsafe-inline', 'unsafe-eval', 'upgrade-insecure-requests', ' *', 'https:;']) expect(all).not.toContain(never);
    expect(answer.headers.get('strict-transport-security')).toBeNull();
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('assets are kept for ever, other files are asked for', async () => {
    expect((await bed.call('/assets/index-abc.js')).headers.get('cache-control')).toContain('immutable');
    const icon = await bed.call('/favicon.svg');
    expect([icon.status, icon.headers.get('cache-control')]).toEqual([200, 'no-cache']);
  });

  test.each(['/assets/gone.js', '/nope.js', '/assets/../index.html.map', '/api/x', '/trpc/x/y', '/runner/x', '/operator/x'])(
    '%s is no page',
    async (path) => {
      const answer = await bed.call(path);
      expect(problemOf(answer).status).toBe(404);
    },
  );

  test('the page itself cannot be had past its nonce', async () => {
    expect((await bed.call('/index.html')).text).not.toContain('__CSP_NONCE__');
  });
});

test('without a built console a page says how to build it', async () => {
  const bare = await createApiBed({ clientDir: null });
  try {
    const answer = await bare.call('/');
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('npm run build')]);
  } finally {
    await bare.close();
  }
});

test('behind https the cookie is bound to the host and browsers are told to stay with https', async () => {
  const secure = await createApiBed({ publicUrl: 'https://shots.example.com/' });
  try {
    const url = `http://127.0.0.1:${secure.app.port}`;
    expect(secure.app.url).toBe('https://shots.example.com');
    const page = await fetch(url);
    expect(page.headers.get('strict-transport-security')).toContain('max-age=');
    const link = await fetch(`${url}/operator/v1/sign-in-link`, {
      method: 'POST',
      headers: { authorization: 'Bearer operator-token-of-the-tests-0123456789' },
    });
    const shown = (await link.json()).data.url;
    expect(shown).toMatch(/^https:\/\/shots\.example\.com\/sign-in#token=/);
    const token = new URL(shown).hash.replace('#token=', '');
    const answer = await fetch(`${url}/trpc/auth.signInWithLink`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://shots.example.com' },
      body: JSON.stringify({ token }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-ss_session=.*Secure/);
  } finally {
    await secure.close();
  }
});

describe('health and numbers', () => {
  test('/healthz and /readyz tell the parts', async () => {
    expect((await bed.call('/healthz')).body).toEqual({ status: 'ok' });
    const ready = await bed.call('/readyz');
    expect([ready.status, ready.body]).toEqual([
      200,
      {
        status: expect.stringMatching(/^(ok|degraded)$/),
        database: 'ok',
        storage: 'ok',
        queue: 'ok',
        sealing: 'ok',
        poolKeys: ['pool-1'],
        runnersOnline: expect.any(Number),
        sandbox: 'unknown',
        browsers: { oldest: null, tooOld: 0 },
      },
    ]);
  });

  test('/metrics counts requests by route pattern, never by id', async () => {
    await bed.call('/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV');
    const { text } = await bed.call('/metrics');
    expect(text).toContain('route="/api/captures/:id"');
    for (const name of [
      'sessionshot_captures_last_hour{status="queued"}',
      'sessionshot_jobs{state="available"}',
      'sessionshot_outbox_oldest_seconds',
      'sessionshot_runners_online',
      'sessionshot_key_new_networks_last_hour 0',
    ])
      expect(text).toContain(name);
    expect(text).not.toContain('01ARZ3NDEKTSV4RRFFQ69G5FAV');
  });
});
