import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '#server/cli/main.ts';
import { createTerminal } from '#server/cli/terminal.ts';
import { openDatabase } from '#server/db/open-database.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { authenticateRunner } from '#server/domain/access/runners.ts';
import { createLog } from '#shared/log.ts';
import { createTestDatabase } from '../services/test-database.ts';

// The commands that administer, against a database: what they do there is what they do on a running instance.
let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => void vi.stubEnv('DATABASE_URL', database.url));
afterEach(() => {
  process.exitCode = undefined; // commands leave theirs for the process that they usually are
});

async function run(...args: string[]) {
  const text = { out: '', err: '' };
  const out = { write: (piece: string) => (text.out += piece) };
  const err = { write: (piece: string) => (text.err += piece) };
  return { code: await runCommandLine(args, createTerminal(out, err)), ...text };
}

test('a key narrowed to a host that is not allowed is made with a warning and its remedy', async () => {
  await run('domains', 'add', 'app.example.com');
  await run('domains', 'add', '*.shop.example.com');
  const domains = ['app.example.com', 'eu.shop.example.com', '*.example.com', 'other.example.com', '*.example.org'];
  const { code, out, err } = await run('keys', 'create', 'narrow', ...domains.flatMap((domain) => ['--domain', domain]));
  expect([code, out], err).toEqual([0, expect.stringMatching(/^ss_live_\w+\n$/)]);
  expect(err.match(/sessionshot domains add \S+/g)).toEqual([
    'sessionshot domains add other.example.com',
    'sessionshot domains add *.example.org',
  ]);
});

test('a domain that waits for its proof is listed so, opens nothing, and holds once the operator adds it', async () => {
  await run('domains', 'add', 'app.acme.io');
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`update allowed_domain set proof_token = 'token' where host = 'app.acme.io'`);
  await client.end();
  expect((await run('domains', 'list')).out).toMatch(/app\.acme\.io .* waits for its proof\n/);
  const check = () => run('domains', 'check', 'https://app.acme.io/');
  expect(await check()).toMatchObject({ code: 1, out: expect.stringContaining('_sessionshot-challenge.app.acme.io') });
  expect((await run('keys', 'create', 'early', '--domain', 'app.acme.io')).err).toContain('sessionshot domains add app.acme.io');
  await run('domains', 'add', 'app.acme.io');
  expect((await run('domains', 'list')).out).toMatch(/app\.acme\.io .* allowed\n/);
  expect((await check()).code).toBe(0);
});

test('a key for every allowed domain is made without a warning', async () => {
  expect((await run('keys', 'create', 'wide')).err).not.toContain('domains add');
});

test.each([['notaurl'], ['app.example.com'], ['app.example.com:8443'], ['ftp://app.example.com/']])(
  'domains check %s is bad input, not a host that is refused',
  async (url) => {
    const { code, out, err } = await run('domains', 'check', url);
    expect([code, out]).toEqual([65, '']);
    expect(err).toContain('https://app.example.com/report');
  },
);

test('domains check answers 0 for what is allowed and 1 for what is not', async () => {
  await run('domains', 'add', 'app.example.com');
  expect((await run('domains', 'check', 'https://app.example.com/report')).code).toBe(0);
  expect((await run('domains', 'check', 'https://elsewhere.example.com/')).code).toBe(1);
});

test('domains add takes a host that mixes scripts, and says what it may be mistaken for', async () => {
  const added = await run('domains', 'add', '\u0430pple.com');
  expect(added).toMatchObject({
    code: 0,
    err: expect.stringMatching(/xn--pple-43d\.com is allowed.*\n! “\u0430pple” \(xn--pple-43d\) mixes letters/),
  });
  expect((await run('domains', 'list')).out).toMatch(/xn--pple-43d\.com .* allowed, mixes scripts\n/);
  expect(JSON.parse((await run('domains', 'add', '\u0430pple.com', '--json')).out).warning).toContain('Cyrillic and Latin');
  expect((await run('domains', 'add', 'm\u00fcnchen.de')).err).not.toContain('!');
});

test('domains add --parts lists a host for parts of pages, which is none to capture; domains egress changes the mode', async () => {
  expect((await run('domains', 'add', 'cdn.example.net', '--parts')).err).toContain('for parts of pages only');
  expect((await run('domains', 'list')).out).toMatch(/cdn\.example\.net\s+parts\s+public/);
  const checked = await run('domains', 'check', 'https://cdn.example.net/');
  expect([checked.code, checked.out]).toEqual([1, expect.stringContaining('on the list for parts of pages only')]);
  expect((await run('keys', 'create', 'cdn', '--domain', 'cdn.example.net')).err).toContain('sessionshot domains add cdn.example.net');
  expect((await run('domains', 'add', 'cdn.corp:8443', '--parts', '--private')).code).not.toBe(0);
  expect((await run('domains', 'egress')).out).toContain('standard');
  expect((await run('domains', 'egress', 'strict')).out).toContain('strict');
  expect((await run('domains', 'egress', '--json')).out).toContain('"mode":"strict"');
  expect((await run('domains', 'egress', 'loose')).code).toBe(65);
});

const HOSTILE = 'evil\u001b[2J\u009b2J\u202egnp\nkeys are fine';
const WRITTEN = 'evil\\u001b[2J\\u009b2J\\u202egnp\\u000akeys are fine';

test('a key with a bound is made and listed with it; a number that is none is a usage error', async () => {
  expect((await run('keys', 'create', 'bounded', '--max-at-once', '5')).code).toBe(0);
  expect((await run('keys', 'list')).out).toMatch(/ bounded +ss_live_\w{8}… +active +5 +never +- +- +captures:/);
  for (const wrong of ['0', '-1', '2.5', 'many', '']) expect((await run('keys', 'create', 'x', '--max-at-once', wrong)).code).toBe(2);
  expect((await run('keys', 'create', 'x', '--max-at-once', '1001')).code).toBe(65);
});

test('keys list says where a key was used and by what, and what to do about a network new to it', async () => {
  const made = JSON.parse((await run('keys', 'create', HOSTILE, '--json')).out);
  const { orm, db } = await openDatabase(database.url);
  const deps = { db, clock: { now: () => new Date() }, log: createLog('test', 'error', () => undefined) };
  for (const address of ['203.0.113.9', '198.51.100.9']) await authenticateApiKey(deps, made.key, { address, userAgent: 'curl/8.5.0' });
  await orm.close(true);
  const listed = await run('keys', 'list');
  const line = listed.out.split('\n').find((each) => each.includes(made.id)) ?? '';
  expect(line).toContain(`${made.id}  ${WRITTEN}  ss_live_`);
  expect(line).toMatch(/ 198\.51\.100\.9 +curl\/8\.5\.0 /);
  expect(listed.err).toContain(`! ${WRITTEN} is used from a network new to it since `);
  expect(listed.err).toContain(
    `: 198.51.100.9 (198.51.100.0/24) by curl/8.5.0.\n  It was you: sessionshot keys acknowledge ${made.id} 198.51.100.0/24\n  It was not: sessionshot keys revoke ${made.id}\n`,
  );
  expect((await run('keys', 'acknowledge', made.id, '192.0.2.0/24')).code).toBe(65);
  expect((await run('keys', 'acknowledge', made.id, '198.51.100.0/24')).err).toContain(
    `${WRITTEN} (${made.id}) is known to be used from 198.51.100.0/24.`,
  );
  expect((await run('keys', 'list')).err).toBe('');
  expect(JSON.parse((await run('keys', 'list', '--json')).out).find(({ id }: { id: string }) => id === made.id)).toMatchObject({
    name: HOSTILE,
    lastUsedFrom: '198.51.100.9',
  });
});

test('runners are listed and revoked, and their names do nothing to the terminal', async () => {
  expect((await run('runners', 'list')).err).toContain('sessionshot runner token NAME');
  const { id, token } = JSON.parse((await run('runner', 'token', HOSTILE, '--json')).out);
  const list = async () => (await run('runners', 'list')).out;
  expect(await list()).toMatch(/^ID +NAME +STATE +SEEN +SANDBOX +BROWSER +SINCE\n/);
  expect(await list()).toContain(`${id}  ${WRITTEN}  offline  never  -`);
  const revoked = await run('runners', 'revoke', id);
  expect([revoked.code, revoked.err]).toEqual([0, `✔ The token of ${WRITTEN} (${id}) is revoked.\n`]);
  expect(await list()).toContain(`${id}  ${WRITTEN}  revoked  never  -`);
  expect((await run('runners', 'revoke', 'run_01ARZ3NDEKTSV4RRFFQ69G5FAV')).code).toBe(65);
  const { orm, db } = await openDatabase(database.url);
  const deps = { db, clock: { now: () => new Date() }, log: createLog('test', 'error', () => undefined) };
  await expect(authenticateRunner(deps, token)).rejects.toMatchObject({ code: 'invalid_api_key' });
  await orm.close(true);
});

test('nothing that a command prints acts on the terminal, whatever things are called', async () => {
  await run('keys', 'create', HOSTILE);
  const commands = [
    ['keys', 'list'],
    ['runners', 'list'],
    ['domains', 'list'],
    ['audit', 'export'],
    ['keys', 'list', '--json'],
    ['runners', 'list', '--json'],
    ['audit', 'export', '--json'],
  ];
  for (const command of [...commands, ['domains', 'add', HOSTILE], ['keys', 'revoke', HOSTILE], ['totp', 'remove', HOSTILE]]) {
    const { out, err } = await run(...command);
    expect([command, (out + err).match(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/gu)]).toEqual([command, null]);
  }
});
