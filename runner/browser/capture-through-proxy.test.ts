import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { resolveAuth } from '#shared/auth-policy.ts';
import { type CaptureRequestInput, captureRequestSchema } from '#shared/capture-request.ts';
import { parseTargetUrl } from '#shared/target-url.ts';
import { makeAuthority } from '../fixtures/certificates.ts';
import { type Site, startSite } from '../fixtures/site.ts';
import { openTestBrowsers, type TestBrowsers } from '../fixtures/test-browsers.ts';
import { capturePage } from './capture-page.ts';
import type { HeldLease } from './launch/browser-pool.ts';

/** The whole browser side as it runs in a runner: sandbox, egress proxy, private CA, and the page. */
let folder: string;
let browsers: TestBrowsers;
let site: Site;
let domains: AllowedDomain[];

const APP = `<script>if (localStorage.token !== 'T') location.href = '/login';</script><img src="https://169.254.169.254/x"><h1 id="user"></h1>
<script>fetch('/api', { headers: { authorization: 'Bearer ' + localStorage.token } }).then(async (answer) => { document.getElementById('user').textContent = await answer.text(); });</script>`;

/** Hosts that the proxy refuses, that do not resolve, or where nothing listens. */
const NOWHERE = [
  ...['10.0.0.1', '192.168.1.1', '172.16.0.1', '100.64.0.1', '169.254.169.254', '0.0.0.0', '[fd00::1]', '[::1]:1'],
  ...['127.0.0.1:1', 'localhost:1', 'nowhere.invalid', 'metadata.google.internal'],
];
const TELL = `const tell = (host) => fetch('https://' + host + '/').catch((error) => { const line = document.createElement('p'); document.body.append(line); line.textContent = host + error; });`;
const REFUSED: Record<string, string> = {
  '/all-at-once': `<h1>Report</h1><script>${TELL} for (const host of ${JSON.stringify(NOWHERE)}) tell(host);</script>`,
  '/in-turn': `<h1>Report</h1><script>${TELL} (async () => { for (const host of ${JSON.stringify(NOWHERE)}) await tell(host); })();</script>`,
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-capture-'));
  const authority = await makeAuthority('Private CA');
  await writeFile(join(folder, 'ca.pem'), authority.pem);
  const certificate = await authority.issue(['localhost']);
  site = await startSite((request, response) => {
    const isKnown = request.headers.cookie === 'sid=S';
    response.setHeader('content-type', 'text/html');
    if (request.url === '/api') response.end(isKnown && request.headers.authorization === 'Bearer T' ? 'Ann Miller' : 'nobody');
    else if (request.url === '/login')
      response.end('<h1>Sign in</h1><form><input name="user"><input type="password"><button>Sign in</button></form>');
    else if (REFUSED[request.url ?? '']) response.end(REFUSED[request.url ?? '']);
    else if (!isKnown) response.writeHead(302, { location: '/login' }).end();
    else response.end(APP);
  }, certificate);
  domains = [{ host: 'localhost', port: site.port, isPrivate: true }];
  browsers = await openTestBrowsers({ extraCaFiles: [join(folder, 'ca.pem')] });
});
afterAll(async () => {
  await browsers?.close();
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

async function capture(auth: CaptureRequestInput['auth'], url = `https://localhost:${site.port}/board`) {
  const request = captureRequestSchema.parse({ url, auth, output: { format: 'png' } });
  const parsed = parseTargetUrl(url);
  if (!parsed.ok || !request.auth) throw new Error('the test asks for something impossible');
  const resolved = resolveAuth(request.auth, parsed.target, domains);
  const scope = { deadline: Date.now() + 25_000, signal: new AbortController().signal, log: browsers.log, onStep: () => undefined };
  const lease: HeldLease = await browsers.pool.acquire({ workspaceId: 'ws_1', domains: domains, parts: null, tab: false }, scope);
  try {
    const payload = {
      request: { ...request, auth: { verify: request.auth.verify } },
      target: parsed.target,
      auth: resolved.auth,
      sealedAuth: null,
    };
    return await capturePage({ lease, payload, auth: resolved.auth, domains, spoolDir: folder, assetBytesMax: 1_000_000 }, scope);
  } finally {
    await lease.release();
  }
}

it('a session reaches the app through the proxy, and the receipt names every host', async () => {
  const result = await capture({ cookies: [{ name: 'sid', value: 'S' }], localStorage: { token: 'T' }, verify: { text: 'Ann Miller' } });
  expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
  expect(result.observed).toMatchObject({
    verdict: 'authenticated',
    auth: { cookies: 1, origins: 1 },
    egress: { hosts: ['localhost'], blocked: [{ host: '169.254.169.254', reason: 'private address' }] },
  });
});

it('half a session is a wall: the cookie without the token, the token without the cookie', async () => {
  expect(await capture({ cookies: [{ name: 'sid', value: 'S' }] })).toMatchObject({ ok: false, failure: { code: 'login_wall' } });
  expect(await capture({ localStorage: { token: 'T' } })).toMatchObject({ ok: false, failure: { code: 'login_wall' } });
});

it.each(Object.keys(REFUSED))('a page that tells of every fetch the proxy refused it settles all the same: %s', async (path) => {
  const result = await capture({ cookies: [{ name: 'sid', value: 'S' }] }, `https://localhost:${site.port}${path}`);
  expect(result.ok ? 'ok' : result.failure.detail).toBe('ok');
  expect(result.observed.readiness?.settledBy).toBe('auto');
  expect(result.observed.egress?.blocked.map(({ host }) => host)).toContain('169.254.169.254');
});
