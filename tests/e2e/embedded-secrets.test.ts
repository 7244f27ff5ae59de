import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApi } from './call-api.ts';
import { readFolder } from './canary-sinks.ts';
import { type Canaries, findCanaries, makeCanary } from './find-canaries.ts';
import { runCommand, type Started, startProcess } from './start-process.ts';

/**
 * Rows 4 and 5 of the security model on one machine: what the process of the embedded runner holds, what the database port
 * answers to it, and what lies in the data folder after captures with secrets.
 */
const dataDir = mkdtempSync(join(tmpdir(), 'sessionshot-secrets-'));
const planted = makeCanary('environment');
const decoy = makeCanary('decoy');
const canaries: Canaries = {};
const file = (name: string) => join(dataDir, name);
const cli = (...args: string[]) => runCommand([...args, '--data-dir', dataDir]);
let instance: Started;
let children: Record<string, { pid: number; port?: number }> = {};

beforeAll(async () => {
  chmodSync(dataDir, 0o711);
  instance = startProcess('server/cli/main.ts', ['up', '--json', '--port', '0', '--no-open', '--data-dir', dataDir], {
    SESSIONSHOT_LOG_LEVEL: 'debug',
    SOMEBODYS_SECRET: planted,
  });
  const { url, signInUrl } = await instance.waitFor('ready');
  const key = String((await instance.waitFor('key')).key);
  await instance.waitFor('capture');
  children = JSON.parse(readFileSync(file('instance.json'), 'utf8')).children;
  canaries['the API key'] = key;
  canaries['the sign-in link'] = new URL(String(signInUrl)).hash.replace('#token=', '');
  const api = createApi(String(url), key);
  const state = JSON.parse((await cli('demo', 'auth')).stdout);
  const plant = (place: string) => {
    canaries[place] ??= makeCanary(place);
    return canaries[place];
  };
  state.cookies.push({ ...state.cookies[0], name: 'extra', value: plant('cookie') });
  state.origins[0].localStorage.push({ name: 'extra', value: plant('localStorage') });
  const capture = await api.capture({
    url: `${state.origins[0].origin}/?token=${plant('query')}#${plant('fragment')}`,
    auth: { storageState: state, sessionStorage: { extra: plant('sessionStorage') }, headers: { 'x-secret': plant('header') } },
    actions: [{ type: 'fill', selector: '#no-such-field', value: plant('fill'), timeout: 200, optional: true }],
    reference: decoy,
    output: { format: 'png' },
  });
  expect(capture.error).toBeNull();
});
afterAll(async () => {
  if (instance) await instance.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The secrets that the data folder keeps, each with the one file that holds it. */
function keptSecrets(): Record<string, { file: string; value: string }> {
  const text = (name: string) => readFileSync(file(name), 'utf8').trim();
  return {
    'the operator’s token': { file: 'operator.token', value: text('operator.token') },
    'the runner’s token': { file: 'runner.token', value: text('runner.token') },
    'the password of the database': { file: 'postgres.password', value: text('postgres.password') },
    'the key of the storage': { file: 'storage.json', value: JSON.parse(text('storage.json')).key },
    'the key of the server': { file: 'keys/server.key', value: text('keys/server.key') },
    'the private key': { file: 'keys/private.jwks.json', value: JSON.parse(text('keys/private.jwks.json')).keys[0].d },
  };
}

test('neither the runner’s process nor any of its browser’s holds a credential in its environment or command line', () => {
  const pids = treeOf(children.runner?.pid ?? 0);
  expect(pids.length, 'the runner and its browser').toBeGreaterThan(2);
  const [own = '', ...below] = pids.map((pid) => readProc(pid, 'environ'));
  const names = namesOf(own);
  expect(names).toContain('SESSIONSHOT_RUNNER_TOKEN_FILE');
  const allowed =
    /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|PLAYWRIGHT_BROWSERS_PATH|FONTCONFIG_(PATH|FILE)|SESSIONSHOT_(BROWSER|LOG_LEVEL|CONCURRENCY|SERVER_URL|RUNNER_TOKEN_FILE|RUNNER_KEY_FILE|WORK_DIR|DRAIN_MS|PARENT_STDIN|EXTRA_CA_FILE))$/;
  expect(names.filter((name) => !allowed.test(name))).toEqual([]);
  for (const environ of below) expect(namesOf(environ).filter((name) => name.startsWith('SESSIONSHOT_RUNNER'))).toEqual([]);
  const secrets = Object.fromEntries(Object.entries(keptSecrets()).map(([name, { value }]) => [name, value]));
  const all = pids.map((pid) => readProc(pid, 'environ') + readProc(pid, 'cmdline')).join('\n');
  expect(findCanaries(all, { ...secrets, ...canaries, planted })).toEqual([]);
});

test('the database port lets nobody in without its password: not by any of its names, nor with what a runner has', async () => {
  const port = children.postgres?.port;
  const token = readFileSync(file('runner.token'), 'utf8').trim();
  const connect = async (user: string, password: string | undefined) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'sessionshot', connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined); // what is refused reaches the call
    return await client.connect().then(
      () => client.end().then(() => 'let in'),
      (error: unknown) => String(error),
    );
  };
  expect(await connect('sessionshot', keptSecrets()['the password of the database']?.value)).toBe('let in');
  for (const user of ['sessionshot', 'sessionshot_app', 'postgres', 'root', 'runner'])
    for (const password of [undefined, '', user, token])
      expect([user, await connect(user, password)]).toEqual([user, expect.stringMatching(/password/i)]);
  // Without a password nobody asks to be let in; with one, each is in the log with name, database and address.
  const logged = readFileSync(file('logs/postgres.log'), 'utf8');
  for (const user of ['sessionshot', 'sessionshot_app', 'postgres', 'root', 'runner'])
    expect(logged).toContain(`${user}@sessionshot from 127.0.0.1 FATAL:  password authentication failed for user "${user}"`);
});

test('the storage refuses whoever comes without a signature, and its log has who came and what was made', async () => {
  const address = `http://127.0.0.1:${children.azurite?.port}/${JSON.parse(readFileSync(file('storage.json'), 'utf8')).name}/captures`;
  const refused = await fetch(`${address}/ws_none/made-up.png?sig=made-up`, { signal: AbortSignal.timeout(10_000) });
  expect(refused.status).toBe(403);
  const log = () => readFileSync(file('logs/storage.log'), 'utf8');
  await expect.poll(log).toMatch(/^127\.0\.0\.1 .*"GET \S+\/made-up\.png\?by=[0-9a-f]{16} HTTP\/1\.1" 403 /m);
  expect(log()).toMatch(/"PUT \S+\.png\?\S*by=[0-9a-f]{16}\S* HTTP\/1\.1" 201 /);
  expect(log()).not.toMatch(/[?&]sig=/i);
});

test('the server is signed in to its database as a role that passes no wall and owns nothing', async () => {
  const password = keptSecrets()['the password of the database']?.value;
  const client = new pg.Client({
    host: '127.0.0.1',
    port: children.postgres?.port,
    user: 'sessionshot',
    password,
    database: 'sessionshot',
  });
  await client.connect();
  const { rows: others } = await client.query(
    `select distinct usename from pg_stat_activity where backend_type = 'client backend' and usename is not null and pid <> pg_backend_pid()`,
  );
  const { rows: role } = await client.query(
    `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
       (select count(*)::int from pg_class where relowner = pg_roles.oid) as owned
     from pg_roles where rolname = 'sessionshot_app'`,
  );
  await client.end();
  // Without a name: those who were refused a moment ago.
  expect(others).toEqual([{ usename: 'sessionshot_app' }]);
  expect(role).toEqual([{ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, owned: 0 }]);
});

test('after captures with secrets the data folder holds none of them, and each of its own in one file alone, closed to others', () => {
  const kept = keptSecrets();
  const isOwnFile = (path: string) => Object.values(kept).some((secret) => path === file(secret.file));
  const content = readFolder(dataDir, isOwnFile);
  expect(content.includes(decoy), 'the reader sees the files of the database').toBe(true);
  expect(content.includes('"level":"debug"'), 'and the logs').toBe(true);
  for (const secret of Object.values(kept)) expect([secret.file, statSync(file(secret.file)).mode & 0o077]).toEqual([secret.file, 0]);
  const secrets = Object.fromEntries(Object.entries(kept).map(([name, { value }]) => [name, value]));
  expect(findCanaries(content, { ...canaries, ...secrets, planted })).toEqual([]);
});

/** A process and all below it, itself first. */
function treeOf(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: Number(/\) \S (\d+) /.exec(readProc(Number(name), 'stat'))?.[1] ?? 0) }));
  const below = (pid: number): number[] => [pid, ...parents.filter(({ parent }) => parent === pid).flatMap((child) => below(child.pid))];
  return below(root);
}

/** Empty where the process is gone or does not let itself be read. */
function readProc(pid: number, name: 'environ' | 'cmdline' | 'stat'): string {
  const path = `/proc/${pid}/${name}`;
  try {
    return existsSync(path) ? readFileSync(path, 'latin1') : '';
  } catch {
    return ''; // it ended meanwhile
  }
}

function namesOf(environ: string): string[] {
  return environ
    .split('\0')
    .filter(Boolean)
    .map((entry) => entry.slice(0, entry.indexOf('=')));
}
