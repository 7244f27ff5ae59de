import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPort } from '#server/embedded/free-port.ts';
import { serviceAddress } from '../services/service-address.ts';
import { testBlobContainer } from '../services/test-blob-store.ts';
import { createTestDatabase } from '../services/test-database.ts';
import { type Api, createApi } from './call-api.ts';
import { runCommand, type Started, startProcess } from './start-process.ts';

export type StorageState = {
  cookies: { name: string; value: string; domain: string; path: string }[];
  origins: { origin: string; localStorage: { name: string; value: string }[] }[];
};
export type Distributed = {
  api: Api;
  /** The same instance through its second server. */
  otherApi: Api;
  url: string;
  otherUrl: string;
  servers: readonly Started[];
  databaseUrl: string;
  blobs: { connectionString: string; container: string };
  /** Where the keys of the pool are, both halves. */
  keysFolder: string;
  /** The key and the runners' tokens that were made, by what they are. */
  secrets(): Record<string, string>;
  demo: { origin: string; user: string; storageState: StorageState };
  startRunner(name: string, more?: Record<string, string>): Promise<Started>;
  cli(...args: string[]): ReturnType<typeof runCommand>;
  /** The stdout and stderr of every process started so far. */
  output(): string;
  close(): Promise<void>;
};

/**
 * Starts SessionShot as an operator would: keygen, migrate, two servers, tokens, a key and a domain by the command line,
 * on PostgreSQL, RabbitMQ and Azurite of the test run, with the demo app as the site. Runners are started by the test,
 * in turn on the one and the other server. `more` goes into the environment of servers and commands.
 */
export async function startDistributed(more: Record<string, string> = {}): Promise<Distributed> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionshot-distributed-'));
  const database = await createTestDatabase();
  const blobs = testBlobContainer();
  const processes: Started[] = [];
  const start = (script: string, args: string[], env: Record<string, string> = {}) => {
    const started = startProcess(script, args, env);
    processes.push(started);
    return started;
  };
  const demo = start('demo/main.ts', ['--data-dir', folder]);
  const demoReady = await demo.waitFor('ready');
  const origin = String(demoReady.origin);
  await must(runCommand(['runner', 'keygen', '--out', folder]));
  const ports = [await findPort(), await findPort()] as const;
  const env = {
    DATABASE_URL: database.url,
    RABBITMQ_URL: serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'),
    AZURE_STORAGE_CONNECTION_STRING: blobs.connectionString,
    SESSIONSHOT_BLOB_CONTAINER: blobs.container,
    SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: join(folder, 'public.jwks.json'),
    SESSIONSHOT_PORT: String(ports[0]),
    SESSIONSHOT_KEY_RATE_PER_SECOND: '1000',
    SESSIONSHOT_KEY_RATE_BURST: '1000',
    ...more,
  };
  const cli: Distributed['cli'] = (...args) => runCommand(args, env);
  await must(cli('migrate'));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const servers = ports.map((port) => start('bin/sessionshot.mjs', ['server'], { ...env, SESSIONSHOT_PORT: String(port) }));
  await Promise.all(servers.map((server, index) => untilReady(urls[index] ?? '', server)));
  const [url = '', otherUrl = ''] = urls;
  const { key } = JSON.parse((await must(cli('keys', 'create', 'tests', '--json'))).stdout);
  await must(cli('domains', 'add', new URL(origin).host, '--private', '--json'));
  const secrets: Record<string, string> = { key };
  let runners = 0;
  const startRunner: Distributed['startRunner'] = async (name, forRunner = {}) => {
    const { token } = JSON.parse((await must(cli('runner', 'token', name, '--json'))).stdout);
    secrets[`token of ${name}`] = token;
    const runner = start('bin/sessionshot.mjs', ['runner'], {
      SESSIONSHOT_SERVER_URL: urls[runners++ % urls.length] ?? url,
      SESSIONSHOT_RUNNER_TOKEN: token,
      SESSIONSHOT_RUNNER_KEY_FILE: join(folder, 'private.jwks.json'),
      SESSIONSHOT_EXTRA_CA_FILE: String(demoReady.caFile),
      SESSIONSHOT_CONCURRENCY: '3',
      RABBITMQ_URL: env.RABBITMQ_URL,
      ...forRunner,
    });
    await runner.waitFor('ready');
    return runner;
  };
  const storageState = JSON.parse(readFileSync(String(demoReady.stateFile), 'utf8'));
  const close = async () => {
    const first = 1 + servers.length; // the demo app and the servers outlive the runners, which still have to report
    await Promise.all(processes.slice(first).map((started) => started.stop('SIGTERM')));
    await Promise.all(processes.slice(0, first).map((started) => started.stop('SIGTERM')));
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    api: createApi(url, key),
    otherApi: createApi(otherUrl, key),
    url,
    otherUrl,
    servers,
    databaseUrl: database.url,
    blobs,
    keysFolder: folder,
    secrets: () => secrets,
    demo: { origin, user: String(demoReady.user), storageState },
    startRunner,
    cli,
    output: () => processes.map((started) => started.stdout() + started.stderr()).join('\n'),
    close,
  };
}

/** The result of a command that must end with 0; rejects with what it printed. */
export async function must(running: ReturnType<typeof runCommand>) {
  const result = await running;
  if (result.code !== 0) throw new Error(`exited with ${result.code}: ${result.stdout}\n${result.stderr}`);
  return result;
}

/** Resolves when the server answers; rejects with its log after a minute. */
export async function untilReady(url: string, server: Started): Promise<void> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const answer = await fetch(`${url}/healthz`).catch(() => null); // not listening yet
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the server did not come up\n${server.stderr()}`);
}
