import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, createApi, fetchAsset } from './call-api.ts';
import { runCommand, type Started, startProcess } from './start-process.ts';

// `npm start` left running: the README's curl for each format, refusals, links, and the command line beside it.
const SLOTS = 2;
const dataDir = mkdtempSync(join(tmpdir(), 'sessionshot-up-'));
const file = (name: string) => join(dataDir, name);
const cli = (...args: string[]) => runCommand([...args, '--data-dir', dataDir]);
let instance: Started;
let api: Api;
let url = '';
let origin = '';
let storageState: {
  cookies: { name: string; value: string; domain: string; path: string }[];
  origins: { origin: string; localStorage: { name: string; value: string }[] }[];
};

beforeAll(async () => {
  instance = startProcess('server/cli/main.ts', [
    'up',
    '--json',
    '--port',
    '0',
    '--no-open',
    '--concurrency',
    String(SLOTS),
    '--data-dir',
    dataDir,
  ]);
  url = String((await instance.waitFor('ready')).url);
  api = createApi(url, String((await instance.waitFor('key')).key));
  await instance.waitFor('capture');
  storageState = JSON.parse((await cli('demo', 'auth')).stdout);
  origin = storageState.origins[0]?.origin ?? '';
});
afterAll(async () => {
  await instance.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const request = (output: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  url: `${origin}/`,
  auth: { storageState },
  output,
  ...more,
});

test('png, jpeg, webp and pdf come from the same call by switching output.format', async () => {
  const results: Record<string, Buffer> = {};
  for (const format of ['png', 'jpeg', 'webp', 'pdf']) {
    const capture = await api.capture(request({ format }));
    expect(capture, format).toMatchObject({ status: 'succeeded', verdict: 'unverified', format });
    results[format] = await fetchAsset(capture);
    writeFileSync(file(`result.${format}`), results[format]);
  }
  const kind = (name: string) => execFileSync('file', ['-b', file(name)], { encoding: 'utf8' });
  expect(PNG.sync.read(results.png ?? Buffer.alloc(0)).width).toBe(1280);
  expect(kind('result.jpeg')).toMatch(/^JPEG image data/);
  expect(kind('result.webp')).toMatch(/Web\/P image/);
  expect(kind('result.pdf')).toMatch(/^PDF document/);
});

test("the PDF's text holds this start's user and the last row of the table", async () => {
  const capture = await api.capture(request({ format: 'pdf' }, { auth: { storageState, verify: { selector: '#user-name' } } }));
  expect(capture.verdict).toBe('authenticated');
  writeFileSync(file('user.pdf'), await fetchAsset(capture));
  const text = execFileSync('pdftotext', ['-layout', file('user.pdf'), '-'], { encoding: 'utf8' });
  const user = await demoUser();
  expect(text).toContain(user);
  expect(capture.asset?.pages).toBeGreaterThan(1);
});

test('one broken cookie ends in login_wall and stores nothing', async () => {
  const broken = structuredClone(storageState);
  for (const cookie of broken.cookies) cookie.value = `x${cookie.value.slice(1)}`;
  const capture = await api.capture({ url: `${origin}/`, auth: { storageState: broken }, output: { format: 'png' } });
  expect(capture).toMatchObject({ status: 'failed', verdict: 'login_wall', asset: null, error: { code: 'login_wall', blame: 'target' } });
});

test('the five steps are in the timeline, in order', async () => {
  const capture = await api.capture(request({ format: 'png' }));
  expect(capture.timeline.map((entry) => entry.step)).toEqual(['requested', 'queued', 'processing', 'stored', 'link_issued']);
  const times = capture.timeline.map((entry) => Date.parse(entry.at));
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('running captures that are canceled are final at once, leave no asset, and give their slots back', async () => {
  const slow = request({ format: 'png' }, { delay: 50_000 });
  const posted = await Promise.all(Array.from({ length: SLOTS }, () => api.call('POST', '/api/captures', slow)));
  const running = async () => (await api.call('GET', '/api/captures?status=running')).body.data?.length;
  await expect.poll(running, { timeout: 30_000 }).toBe(SLOTS);
  for (const { body } of posted) {
    const canceled = await api.call('POST', `/api/captures/${body.id}/cancel`);
    expect(canceled).toMatchObject({ status: 200, body: { status: 'canceled', asset: null } });
    expect(await api.call('POST', `/api/captures/${body.id}/cancel`)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  }
  // Every slot was taken: if the runner had not heard of the cancel, this one would wait for 50 seconds.
  expect(await api.capture(request({ format: 'jpeg' }), 30_000)).toMatchObject({ status: 'succeeded' });
});

test('refusals carry the status and code of the contract and name the remedy', async () => {
  const post = (body: unknown, headers?: Record<string, string>) => api.call('POST', '/api/captures', body, headers);
  const otherHost = await post({
    url: `${origin}/`,
    auth: { cookies: [{ name: 'sid', value: 'x', domain: 'other.example.com' }] },
    output: { format: 'png' },
  });
  expect(otherHost).toMatchObject({ status: 422, body: { code: 'invalid_request', errors: [{ path: 'auth.cookies[0].domain' }] } });
  expect(await post({ url: 'https://unlisted.example.com/', output: { format: 'png' } })).toMatchObject({
    status: 403,
    body: { code: 'domain_not_allowed' },
  });
  const typo = await post({ url: `${origin}/`, output: { format: 'png', fulPage: true } });
  expect(typo).toMatchObject({
    status: 422,
    body: { code: 'invalid_request', errors: [{ path: 'output.fulPage', message: expect.stringContaining('`fullPage`') }] },
  });
  expect(await api.call('GET', '/api/captures/cap_01J00000000000000000000000')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const made = JSON.parse((await cli('keys', 'create', 'short-lived', '--json')).stdout);
  const other = createApi(url, made.key);
  expect((await other.call('GET', '/api/captures')).status).toBe(200);
  expect((await cli('keys', 'revoke', made.id)).code).toBe(0);
  expect(await other.call('GET', '/api/captures')).toMatchObject({ status: 401, body: { code: 'invalid_api_key' } });
});

test('a signed URL opens one blob for minutes and nothing else', async () => {
  const first = await api.capture(request({ format: 'png' }));
  const second = await api.capture(request({ format: 'png' }));
  const signed = new URL(first.asset?.url ?? '');
  const status = async (change: (link: URL) => void) => {
    const link = new URL(signed);
    change(link);
    return (await fetch(link)).status;
  };
  expect(await status(() => undefined)).toBe(200);
  expect(await status((link) => (link.pathname = new URL(second.asset?.url ?? '').pathname))).toBe(403);
  expect([403, 404]).toContain(await status((link) => (link.search = '')));
  for (const name of signed.searchParams.keys()) {
    expect([403, 404], `with ${name} changed`).toContain(
      await status((link) => link.searchParams.set(name, name === 'se' ? '2099-01-01T00:00:00Z' : `${signed.searchParams.get(name)}x`)),
    );
  }
  expect((await fetch(signed, { method: 'DELETE' })).status).toBe(403);
  expect((await api.call('DELETE', `/api/captures/${first.id}`)).status).toBe(204);
  expect(await status(() => undefined)).toBe(404);
});

test('status, doctor and capture of the command line work beside it', async () => {
  const status = await cli('status', '--json');
  expect(status.code).toBe(0);
  expect(JSON.parse(status.stdout)).toMatchObject({ status: 'ok' });
  writeFileSync(file('auth.json'), JSON.stringify(storageState));
  const captured = await cli('capture', `${origin}/`, '-o', file('cli.png'), '--auth', file('auth.json'), '--json');
  expect(captured.code, captured.stderr).toBe(0);
  expect(PNG.sync.read(readFileSync(file('cli.png'))).width).toBe(1280);
  const second = await cli('up', '--once', '--json', '--port', '0');
  expect(second.code, 'two processes on one data folder').not.toBe(0);
  expect(second.stdout + second.stderr).toMatch(/already|running/i);
});

test('its keys are rotated, revoked, retired and purged beside it, without a restart', { timeout: 180_000 }, async () => {
  const kids = async () => (await (await fetch(`${url}/api/keys/runner`)).json()).keys.map(({ kid }: { kid: string }) => kid);
  const [first] = await kids();
  const rotated = await cli('runner', 'keygen', '--rotate', '--json');
  expect(rotated.code, rotated.stderr).toBe(0);
  const { kid: second } = JSON.parse(rotated.stdout);
  const keyFile = join(dataDir, 'keys', 'private.jwks.json');
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(await kids()).toEqual([second, first]);
  expect(await api.capture(request({ format: 'png' }))).toMatchObject({ status: 'succeeded' });

  const slow = (await api.call('POST', '/api/captures', request({ format: 'png' }, { delay: 50_000 }))).body.id;
  await expect.poll(async () => (await api.call('GET', `/api/captures/${slow}`)).body.status, { timeout: 30_000 }).toBe('running');
  const third = JSON.parse((await cli('runner', 'keygen', '--rotate', '--json')).stdout).kid;
  const needed = await cli('runner', 'keygen', '--retire', second);
  expect([needed.code, needed.stderr]).toEqual([65, expect.stringContaining('1 captures still need')]);
  expect(JSON.parse((await cli('runner', 'keys', 'revoke', second, '--json')).stdout)).toMatchObject({ ended: 1, left: 0 });
  expect(await api.follow(slow)).toMatchObject({ status: 'failed', error: { code: 'payload_unreadable' } });
  for (const old of [first, second]) expect((await cli('runner', 'keygen', '--retire', old)).code).toBe(0);
  expect(await kids()).toEqual([third]);
  expect(JSON.parse(readFileSync(keyFile, 'utf8')).keys.map(({ kid }: { kid: string }) => kid)).toEqual([third]);
  // Both slots: the runner has let the ended one go.
  const captures = await Promise.all(Array.from({ length: SLOTS }, () => api.capture(request({ format: 'jpeg' }), 40_000)));
  expect(captures.map(({ status }) => status)).toEqual(Array.from({ length: SLOTS }, () => 'succeeded'));
  const purged = await cli('purge', '--json');
  expect([purged.code, JSON.parse(purged.stdout)]).toMatchObject([0, { ok: true, after: { payloads: 0, ofFinalCaptures: 0 } }]);
  expect((await cli('status')).stdout).toContain(third);
});

test('a stopped instance is named with its remedy', async () => {
  const nowhere = mkdtempSync(join(tmpdir(), 'sessionshot-none-'));
  const answer = await runCommand(['status', '--data-dir', nowhere]);
  rmSync(nowhere, { recursive: true });
  expect(answer.code).toBe(69);
  expect(answer.stderr).toMatch(/npm start|sessionshot up/);
});

/** Asks the demo app itself who is signed in: the name is random at each start, so nothing else can know it. */
async function demoUser(): Promise<string> {
  const cookies = storageState.cookies.map((cookie) => `${cookie.name}=${cookie.value}`).join('; ');
  const authorization = `Bearer ${storageState.origins[0]?.localStorage[0]?.value}`;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const asked = get(
    `${origin}/api/report`,
    { ca: readFileSync(join(dataDir, 'demo', 'demo-ca.pem')), headers: { cookie: cookies, authorization } },
    (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve(text));
    },
  );
  asked.on('error', reject);
  const { user } = JSON.parse(await promise);
  expect(user).toMatch(/^\w+ \w+-\w{4}$/);
  return user;
}
