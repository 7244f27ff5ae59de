import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, makeAuthority } from '#runner/fixtures/certificates.ts';
import { findPort } from '#server/embedded/free-port.ts';
import { SCOPES } from '#shared/scopes.ts';
import type { StorageState } from '../e2e/start-distributed.ts';
import { runCommand, type Started, startProcess } from '../e2e/start-process.ts';
import { createFreezableProxy } from '../server/freezable-proxy.ts';
import { serviceAddress } from '../services/service-address.ts';
import { testBlobContainer } from '../services/test-blob-store.ts';
import { createTestDatabase } from '../services/test-database.ts';
import { until } from './until.ts';

export type Proxy = Awaited<ReturnType<typeof createFreezableProxy>>;
/** A program of the product that can be killed and started again: same port, same work folder, same credentials. */
export type Program = {
  name: string;
  now(): Started;
  /** Starts it (again), with more in its environment; resolves when it is ready. */
  start(more?: Record<string, string>): Promise<Started>;
};
export type Server = Program & { url: string };
export type Runner = Program & { token: string };
export type Bed = {
  folder: string;
  servers: [Server, Server];
  runners: [Runner, Runner];
  /** Whom servers and runners trust besides the public ones: of sites and receivers that a drill starts on `localhost`. */
  authority: Authority;
  stores: { database: Proxy; broker: Proxy; blobs: Proxy };
  /** Past the proxies: the drill's own look is not part of the fault. */
  databaseUrl: string;
  blobs: { connectionString: string; container: string };
  key: string;
  demo: { origin: string; storageState: StorageState };
  cli(...args: string[]): ReturnType<typeof runCommand>;
  /** One runner more, started; it is mended and closed like the two. */
  addRunner(name: string): Promise<Runner>;
  output(): string;
  /** Starts what has ended and opens what is shut, so that the next drill finds everything well. */
  mend(): Promise<void>;
  close(): Promise<void>;
};

const SLOTS = 2;
const READY_MS = 180_000;

/**
 * Starts what the fault drills run on, as an operator would: two servers, two runners of two slots each, PostgreSQL,
 * RabbitMQ and Azurite of the run (`tests/services/global-setup.ts`), each behind a TCP proxy of its own.
 */
export async function startBed(): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionshot-drills-'));
  chmodSync(folder, 0o711); // browsers run as another user and pass through it
  const database = await createTestDatabase();
  const blobs = testBlobContainer();
  const everything: Started[] = [];
  await using undo = new AsyncDisposableStack();
  undo.defer(() => {
    for (const { child } of everything) child.kill('SIGKILL');
  });
  const start = (script: string, args: string[], env: Record<string, string> = {}) => {
    const started = startProcess(script, args, env);
    everything.push(started);
    return started;
  };
  const stores = {
    database: await proxyOf(database.url),
    broker: await proxyOf(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL')),
    blobs: await proxyOf(endpointOf(blobs.connectionString)),
  };
  const demo = start('demo/main.ts', ['--data-dir', folder]);
  const demoReady = await demo.waitFor('ready');
  const origin = String(demoReady.origin);
  const { authority, caFile, secretKeyFile } = await makeKeys(folder, String(demoReady.caFile));
  await done(runCommand(['runner', 'keygen', '--out', folder]));
  const env = {
    DATABASE_URL: throughProxy(database.url, stores.database),
    RABBITMQ_URL: throughProxy(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_SERVER_URL'), stores.broker),
    AZURE_STORAGE_CONNECTION_STRING: blobs.connectionString.replace(
      endpointOf(blobs.connectionString),
      throughProxy(endpointOf(blobs.connectionString), stores.blobs),
    ),
    SESSIONSHOT_BLOB_CONTAINER: blobs.container,
    SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: join(folder, 'public.jwks.json'),
    SESSIONSHOT_SECRET_KEY_FILE: secretKeyFile,
    SESSIONSHOT_EXTRA_CA_FILE: caFile,
    SESSIONSHOT_KEY_RATE_PER_SECOND: '1000',
    SESSIONSHOT_KEY_RATE_BURST: '1000',
  };
  const cli: Bed['cli'] = (...args) => runCommand(args, env);
  await done(cli('migrate'));
  const makeServer = async (name: string): Promise<Server> => {
    const port = await findPort();
    const url = `http://127.0.0.1:${port}`;
    return {
      url,
      ...program(name, async (more) => {
        const server = start('bin/sessionshot.mjs', ['server'], { ...env, SESSIONSHOT_PORT: String(port), ...more });
        await until(
          `${name} is ready`,
          () =>
            fetch(`${url}/healthz`).then(
              ({ ok }) => ok,
              () => server.child.exitCode !== null,
            ),
          READY_MS,
        );
        return server;
      }),
    };
  };
  const servers: Bed['servers'] = [await makeServer('server 1'), await makeServer('server 2')];
  await Promise.all(servers.map((server) => server.start()));
  const { key } = JSON.parse(
    (await done(cli('keys', 'create', 'drills', ...SCOPES.flatMap((scope) => ['--scope', scope]), '--json'))).stdout,
  );
  await done(cli('domains', 'add', new URL(origin).host, '--private', '--json'));
  const makeRunner = async (name: string, server: Server): Promise<Runner> => {
    const { token } = JSON.parse((await done(cli('runner', 'token', name, '--json'))).stdout);
    const launch = async (more: Record<string, string>) => {
      const runner = start('bin/sessionshot.mjs', ['runner'], {
        SESSIONSHOT_SERVER_URL: server.url,
        SESSIONSHOT_RUNNER_TOKEN: token,
        SESSIONSHOT_RUNNER_KEY_FILE: join(folder, 'private.jwks.json'),
        SESSIONSHOT_EXTRA_CA_FILE: caFile,
        SESSIONSHOT_CONCURRENCY: String(SLOTS),
        SESSIONSHOT_WORK_DIR: join(folder, name),
        RABBITMQ_URL: throughProxy(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL'), stores.broker),
        ...more,
      });
      await runner.waitFor('ready');
      return runner;
    };
    return { token, ...program(name, launch) };
  };
  const runners: Bed['runners'] = [await makeRunner('runner-1', servers[0]), await makeRunner('runner-2', servers[1])];
  await Promise.all(runners.map((runner) => runner.start()));
  undo.move();
  const more: Runner[] = [];
  const isOver = ({ child }: Started) => child.exitCode !== null || child.signalCode !== null;
  return {
    folder,
    servers,
    runners,
    authority,
    stores,
    databaseUrl: database.url,
    blobs,
    key,
    demo: { origin, storageState: JSON.parse(readFileSync(String(demoReady.stateFile), 'utf8')) },
    cli,
    addRunner: async (name) => {
      const runner = await makeRunner(name, servers[1]);
      more.push(runner);
      await runner.start();
      return runner;
    },
    output: () => everything.map((started) => started.stdout() + started.stderr()).join('\n'),
    mend: async () => {
      for (const proxy of Object.values(stores)) {
        proxy.restart();
        proxy.thaw();
      }
      const ended = [...servers, ...runners, ...more].filter((each) => isOver(each.now()));
      await Promise.all(ended.map((each) => each.start()));
    },
    close: async () => {
      for (const { child } of everything) if (!child.killed) child.kill('SIGCONT');
      const ends = [[...runners, ...more].map((each) => each.now()), servers.map((each) => each.now()), [demo]];
      for (const group of ends) await Promise.all(group.map((started) => started.stop('SIGTERM').catch(() => started.stop('SIGKILL'))));
      for (const proxy of Object.values(stores)) await proxy.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The authority of the drills' own sites beside the demo's, and the servers' own key. */
async function makeKeys(folder: string, demoCaFile: string) {
  const authority = await makeAuthority('Fault drills');
  const [caFile, secretKeyFile] = [join(folder, 'authorities.pem'), join(folder, 'server.key')];
  writeFileSync(caFile, `${readFileSync(demoCaFile, 'utf8')}\n${authority.pem}`);
  writeFileSync(secretKeyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
  return { authority, caFile, secretKeyFile };
}

function program(name: string, launch: (more: Record<string, string>) => Promise<Started>): Program {
  let started: Started | null = null;
  return {
    name,
    now: () => {
      if (!started) throw new Error(`${name} was not started`);
      return started;
    },
    start: async (more = {}) => {
      started = await launch(more);
      return started;
    },
  };
}

async function proxyOf(url: string): Promise<Proxy> {
  const { hostname, port } = new URL(url);
  return await createFreezableProxy({ host: hostname, port: Number(port) });
}

function throughProxy(address: string, proxy: Proxy): string {
  return address.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${proxy.port}`);
}

function endpointOf(connectionString: string): string {
  const endpoint = /BlobEndpoint=([^;]+)/.exec(connectionString)?.[1];
  if (!endpoint) throw new Error('The connection string names no endpoint');
  return endpoint;
}

async function done(running: ReturnType<typeof runCommand>) {
  const result = await running;
  if (result.code !== 0) throw new Error(`exited with ${result.code}: ${result.stdout}\n${result.stderr}`);
  return result;
}
