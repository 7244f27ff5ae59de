import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../console/open-browser.ts';
import type { WebhookReceiver } from '../services/webhook-receiver.ts';
import { plantAccounts } from './canary-accounts.ts';
import { plantFaults, plantRequests, WANTED_IN_PDF } from './canary-requests.ts';
import {
  type ConsoleVisit,
  describeBlobs,
  dumpDatabase,
  followStream,
  readFolder,
  readMessages,
  readResults,
  visitConsole,
  withBlob,
  withMessage,
} from './canary-sinks.ts';
import { openWebhookSink, plantWebhooks, readWebhooks } from './canary-webhooks.ts';
import { type Canaries, findCanaries, formsOf, makeCanary } from './find-canaries.ts';
import { type Distributed, startDistributed } from './start-distributed.ts';
import type { Started } from './start-process.ts';

/**
 * Row 4 of the security model: what a request or a credential carries in secret is nowhere but in the sealed payload, the
 * caller's hands and the runner's memory. Every sink is read while captures wait and when they are done; a sink also has to
 * show something that belongs there, so that a reader that reads nothing fails.
 */
const decoy = makeCanary('decoy');
const canaries: Canaries = {};
const workDir = mkdtempSync(join(tmpdir(), 'sessionshot-canaries-'));
const keyDir = mkdtempSync(join(tmpdir(), 'sessionshot-server-key-'));
/** How many places S9 of the security promises wants to see planted. */
const PLANTED_MIN = 40;
let shop: Distributed;
let browser: Browser;
let visit: ConsoleVisit;
let runner: Started;
let receiver: WebhookReceiver;
const ids: string[] = [];
const answers: string[] = [];
const streams: { text(): string; stop(): Promise<void> }[] = [];

beforeAll(async () => {
  chmodSync(workDir, 0o711); // started as root, the runner's browser is another user and must pass
  browser = await openBrowser();
  const serverKey = randomBytes(32);
  const keyFile = join(keyDir, 'server.key');
  writeFileSync(keyFile, serverKey.toString('base64'), { mode: 0o600 });
  canaries['the key of the servers'] = serverKey.toString('latin1');
  const sink = await openWebhookSink(keyDir);
  receiver = sink.receiver;
  shop = await startDistributed({
    SESSIONSHOT_LOG_LEVEL: 'debug',
    SESSIONSHOT_SECRET_KEY_FILE: keyFile,
    SESSIONSHOT_EXTRA_CA_FILE: sink.caFile,
  });
});
afterAll(async () => {
  await visit?.close();
  await browser?.close();
  await shop?.close();
  await receiver?.close();
  for (const folder of [workDir, keyDir]) rmSync(folder, { recursive: true, force: true });
});

/** What anybody can read, and what belongs there. */
const OPEN_PATHS = {
  '/metrics': 'sessionshot_captures_last_hour{status="succeeded"} 3',
  '/readyz': '"runnersOnline":',
  '/healthz': '"status":"ok"',
  '/api/openapi.json': '"CaptureRequest"',
  '/api/docs': '/api/captures',
};

/** Holds a sink to it: what belongs there is found, and no canary is. */
function expectClean(sink: string, content: string | Buffer, belongs: string): void {
  expect(content.includes(belongs), `${sink} was read: it holds ${belongs}`).toBe(true);
  expect(findCanaries(content, canaries), `canaries in ${sink}`).toEqual([]);
}

async function readApi(named: readonly string[] = ids): Promise<string> {
  const seen = [];
  for (const path of ['/api/captures?limit=100', ...named.map((id) => `/api/captures/${id}`)]) {
    const { body, headers } = await shop.api.call('GET', path);
    seen.push(JSON.stringify(body), JSON.stringify([...headers]));
  }
  return seen.join('\n');
}

async function readText(path: string): Promise<string> {
  const answer = await fetch(`${shop.url}${path}`);
  return `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
}

test('the search finds a canary in whatever form it is written', () => {
  const planted = { place: makeCanary('place') };
  for (const form of formsOf(planted.place)) {
    expect(findCanaries(`{"a":"x${form}y"}`, planted)).toEqual(['place']);
    expect(findCanaries(Buffer.from(`\u0000${form}\u00ff`, 'latin1'), planted)).toEqual(['place']);
  }
  for (let shift = 0; shift < 5; shift++)
    expect(findCanaries(Buffer.from(`${'u'.repeat(shift)}${planted.place}:p`).toString('base64'), planted)).toEqual(['place']);
  expect(findCanaries(makeCanary('place'), planted)).toEqual([]);
});

test('while captures wait: not in the database, the messages, the answers, the console and its streams', { timeout: 300_000 }, async () => {
  const made = JSON.parse((await shop.cli('keys', 'create', 'localhost-scripts', ...scopes(), '--json')).stdout);
  canaries['the first API key'] = shop.secrets().key ?? '';
  canaries['the API key'] = made.key;
  const workspaceId = String((await query('select id from workspace'))[0]?.id);
  const webhook = await plantWebhooks({ shop, canaries, receiver });
  for (const { name, body } of await plantRequests({ shop, canaries, decoy, workspaceId })) {
    const { status, body: capture } = await shop.api.call(
      'POST',
      '/api/captures',
      { ...body, webhook },
      { authorization: `Bearer ${made.key}` },
    );
    expect([name, status, capture.errors ?? capture.code]).toEqual([name, 202, undefined]);
    answers.push(JSON.stringify(capture));
    ids.push(capture.id);
  }
  await takeLease();
  await signIn();
  await plantAccounts({ shop, canaries, cookie: visit.cookie });
  streams.push(...['captures.onChange', `captures.watch?input=${encodeURIComponent(JSON.stringify({ id: ids[0] }))}`].map(follow));
  await expect.poll(async () => (await readMessages()).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(ids.length);
  const dump = dumpDatabase(shop.databaseUrl);
  expect(dump).toContain('INSERT INTO public.capture_payload');
  expectClean('the database while captures wait', dump, decoy);
  expectClean('the messages', (await readMessages()).join('\n'), 'jobId');
  expectClean('the answers', answers.join('\n'), decoy);
  expectClean('the API while captures wait', await readApi(), decoy);
  await visit.look(['/captures', `/captures/${ids[0]}`, '/domains']);
  expectClean('the console while captures wait', visit.seen(), decoy);
});

test('when they are done: nowhere either', { timeout: 300_000 }, async () => {
  runner = await shop.startRunner('late', { SESSIONSHOT_LOG_LEVEL: 'debug', SESSIONSHOT_WORK_DIR: workDir });
  canaries['the runner’s token'] = shop.secrets()['token of late'] ?? '';
  const captures = await Promise.all(ids.map((id) => shop.api.follow(id, 200_000)));
  expect(captures.map(({ status, error }) => error?.code ?? status)).toEqual(['succeeded', 'succeeded', 'action_timeout', 'succeeded']);
  await expect.poll(() => streams.every(({ text }) => text().includes('succeeded')), { timeout: 30_000 }).toBe(true);
  await visit.look(['/', '/captures', ...ids.map((id) => `/captures/${id}`), '/domains']);

  const dump = dumpDatabase(shop.databaseUrl);
  expect(dump).not.toContain('INSERT INTO public.capture_payload');
  expectClean('the database when captures are done', dump, decoy);
  expect(findCanaries((await readMessages()).join('\n'), canaries), 'canaries in messages that are left').toEqual([]);
  expectClean('the API when captures are done', await readApi(), decoy);
  expectClean('the console when captures are done', visit.seen(), decoy);
  for (const stream of streams) {
    await stream.stop();
    expectClean('a stream', stream.text(), 'succeeded');
  }
  const blobs = await describeBlobs(shop.blobs);
  expect(blobs, 'no blob but the assets').toHaveLength(captures.filter(({ asset }) => asset).length);
  expectClean('names and metadata of blobs', blobs.join('\n'), ids[0] ?? '?');
  // Each capture is told to the endpoint and to the address that came with it.
  await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBe(2 * captures.length);
  for (const id of ids) expectClean('the webhooks', readWebhooks(receiver), id);
  await searchResults();
  for (const [path, belongs] of Object.entries(OPEN_PATHS)) expectClean(path, await readText(path), belongs);
});

test('not in any refusal, of any status', { timeout: 120_000 }, async () => {
  const seen = [];
  for (const { status, method = 'POST', path = '/api/captures', headers, raw } of plantFaults({ shop, canaries, done: ids[0] ?? '' })) {
    const sent = { authorization: `Bearer ${canaries['the API key']}`, 'content-type': 'application/json', ...headers };
    const answer = await fetch(`${shop.url}${path}`, { method, headers: sent, ...(method === 'GET' ? {} : { body: raw }) });
    const text = await answer.text();
    expect([raw.slice(0, 200), answer.status, text.slice(0, 300)]).toEqual([raw.slice(0, 200), status, expect.any(String)]);
    seen.push(text, JSON.stringify([...answer.headers]));
  }
  expectClean('the refusals', seen.join('\n'), 'requestId');
});

test('not in the audit log, its export, the logs at their most talkative, nor in what the runner leaves behind', {
  timeout: 120_000,
}, async () => {
  expect(readFolder(workDir).includes('startStamp'), 'the reader sees the work folder of a runner that runs').toBe(true);
  expect(await runner.stop('SIGTERM')).toBe(0);
  expect(readdirSync(workDir), 'files that the runner left').toEqual([]);
  const { code, stdout: head } = await shop.cli('audit', 'verify');
  expect([code, head]).toEqual([0, expect.stringMatching(/^\d+:[0-9a-f]{64}\n$/)]);
  const verified = await shop.cli('audit', 'verify', '--head', head.trim(), '--json');
  expect([verified.code, JSON.parse(verified.stdout)]).toEqual([0, expect.objectContaining({ ok: true, broken: null, waiting: 0 })]);
  const exported = await shop.cli('audit', 'export', '--json');
  const entries = exported.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const id of ids)
    expect(entries).toContainEqual(
      expect.objectContaining({ action: 'payload.open', target: id, actor: expect.objectContaining({ kind: 'runner' }) }),
    );
  expectClean('the export of the audit log', exported.stdout + exported.stderr, ids[0] ?? '?');
  expectClean('the audit log as it is printed', (await shop.cli('audit', 'export')).stdout, ids[0] ?? '?');
  expectClean('the whole database at the end', dumpDatabase(shop.databaseUrl), 'INSERT INTO public.audit_event');
  const logs = shop.output();
  expect(logs).toContain('"level":"debug"');
  expect(Object.keys(canaries).length, 'places that were planted').toBeGreaterThanOrEqual(PLANTED_MIN);
  expect(new Set(Object.values(canaries)).size, 'each with a value of its own').toBe(Object.keys(canaries).length);
  for (const [place, value] of Object.entries(canaries)) expect(value.length, place).toBeGreaterThanOrEqual(16);
  expectClean('the logs of all processes', logs, ids[0] ?? '?');
});

test('each reader finds what is planted before it', { timeout: 60_000 }, async () => {
  const planted = { planted: makeCanary('planted') };
  const finds = (content: string | Buffer) => expect(findCanaries(content, planted)).toEqual(['planted']);
  await query(`create table planted as select '${planted.planted}' as value`);
  finds(dumpDatabase(shop.databaseUrl));
  await withMessage({ token: planted.planted }, async () => finds((await readMessages()).join('\n')));
  await withBlob(shop.blobs, { metadata: { token: planted.planted } }, async () => finds((await describeBlobs(shop.blobs)).join('\n')));
  const bytes = Buffer.concat([Buffer.from([0x89, 0x50]), Buffer.from(planted.planted, 'utf16le')]);
  await withBlob(shop.blobs, { metadata: {}, bytes }, async () =>
    finds((await readResults(shop.blobs)).map(({ content }) => content).join('\n')),
  );
  finds(readWebhooks({ received: [{ path: '/', headers: {}, body: `{"id":"${planted.planted}"}` }] }));
  writeFileSync(join(workDir, 'left-over'), Buffer.from(planted.planted, 'utf16le'));
  finds(readFolder(workDir));
  await shop.api.call('POST', '/api/captures', { url: `${shop.demo.origin}/${planted.planted}`, output: { format: 'png' } });
  finds(await readApi((await shop.api.call('GET', '/api/captures?limit=1')).body.data?.map(({ id }) => id)));
  await visit.look(['/captures']);
  finds(visit.seen());
});

test('who changes the audit log in the database is found by `audit verify`, with the place', { timeout: 60_000 }, async () => {
  await query('alter table audit_event disable trigger user');
  await query(`update audit_event set address = '203.0.113.9' where id = (select event_id from audit_link where position = 7)`);
  const { code, stdout, stderr } = await shop.cli('audit', 'verify');
  expect([code, stdout]).toEqual([65, '']);
  expect(stderr).toMatch(/At 7: the entry was changed.*\(aud_\w+\)/);
});

/** Holds the stored pictures and documents to it. What the caller wrote over and under his PDF is in that one, and is found there. */
async function searchResults(): Promise<void> {
  const results = await readResults(shop.blobs);
  expect(results.map(({ content }) => /^\x89PNG|^%PDF|^\xff\xd8\xff/.exec(content)?.[0]).sort()).toEqual([
    '%PDF',
    '\x89PNG',
    '\xff\xd8\xff',
  ]);
  for (const { name, content } of results)
    expect([name, findCanaries(content, canaries).sort()]).toEqual([name, content.startsWith('%PDF') ? [...WANTED_IN_PDF].sort() : []]);
}

function scopes(): string[] {
  return ['captures:create', 'captures:read', 'captures:delete', 'captures:script'].flatMap((scope) => ['--scope', scope]);
}

/** Takes a job as a runner does and gives it back: its lease token and upload grant are canaries from then on. */
async function takeLease(): Promise<void> {
  const { token } = JSON.parse((await shop.cli('runner', 'token', 'by-hand', '--json')).stdout);
  const call = (path: string, body: object) =>
    fetch(`${shop.url}/runner/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const claim = await (await call('/claim', { waitMs: 20_000 })).json();
  canaries['a runner’s token'] = token;
  canaries['a lease token'] = claim.leaseToken;
  canaries['an upload grant'] = new URL(claim.upload.url).searchParams.get('sig') ?? '';
  expect((await call(`/jobs/${claim.jobId}/release`, { leaseToken: claim.leaseToken })).status).toBe(200);
}

async function signIn(): Promise<void> {
  const { url } = JSON.parse((await shop.cli('open', '--no-open', '--json')).stdout);
  canaries['the sign-in link'] = new URL(url).hash.replace('#token=', '');
  visit = await visitConsole(browser, { url: shop.url, signInUrl: url });
  canaries['the session cookie'] = visit.cookie.split('=')[1] ?? '';
}

function follow(procedure: string) {
  return followStream(`${shop.url}/trpc/${procedure}`, visit.cookie);
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: shop.databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
