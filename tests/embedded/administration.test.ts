import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { runCommandLine } from '#server/cli/main.ts';
import { createTerminal } from '#server/cli/terminal.ts';
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
