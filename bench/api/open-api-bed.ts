import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findPort } from '#server/embedded/free-port.ts';
import { must, untilReady } from '#tests/e2e/start-distributed.ts';
import { runCommand, startProcess } from '#tests/e2e/start-process.ts';
import { setup as startServices } from '#tests/services/global-setup.ts';
import { serviceAddress } from '#tests/services/service-address.ts';
import { testBlobContainer } from '#tests/services/test-blob-store.ts';
import { createTestDatabase } from '#tests/services/test-database.ts';

const READY_MS_MAX = 60_000;
export type Server = {
  url: string;
  key: string;
  pid: number;
  /** Makes a capture look finished, as a runner leaves it: its status is then read with a signed link. */
  finish(captureId: string): Promise<void>;
  stop(): Promise<void>;
};
/** The reference, and servers of the product, each on a database of its own in one PostgreSQL. */
export type ApiBed = { reference: { url: string }; startServer(more?: Record<string, string>): Promise<Server>; close(): Promise<void> };

/** Starts PostgreSQL (with its durability off, which is harder on us: the reference does nothing else), RabbitMQ and Azurite. */
export async function openApiBed(): Promise<ApiBed> {
  await using opened = new AsyncDisposableStack();
  const stopServices = await startServices();
  opened.defer(stopServices);
  const folder = mkdtempSync(join(tmpdir(), 'sessionshot-bench-api-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const database = await createTestDatabase();
  opened.defer(database.drop);
  const reference = startProcess('bench/api/reference.ts', [database.url]);
  opened.defer(async () => void (await reference.stop('SIGTERM')));
  const { url } = await reference.waitFor('ready', READY_MS_MAX);
  await must(runCommand(['runner', 'keygen', '--out', folder]));
  const startServer: ApiBed['startServer'] = async (more = {}) => await startProductServer(folder, more);
  const parts = opened.move();
  return { reference: { url: String(url) }, startServer, close: () => parts.disposeAsync() };
}

async function startProductServer(folder: string, more: Record<string, string>): Promise<Server> {
  const database = await createTestDatabase();
  const blobs = testBlobContainer();
  const port = await findPort();
  const env = {
    DATABASE_URL: database.url,
    RABBITMQ_URL: serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'),
    AZURE_STORAGE_CONNECTION_STRING: blobs.connectionString,
    SESSIONSHOT_BLOB_CONTAINER: blobs.container,
    SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: join(folder, 'public.jwks.json'),
    SESSIONSHOT_PORT: String(port),
    SESSIONSHOT_LOG_LEVEL: 'error',
    SESSIONSHOT_KEY_RATE_PER_SECOND: '10000',
    SESSIONSHOT_KEY_RATE_BURST: '100000',
    SESSIONSHOT_QUEUE_MAX: '1000000',
    ...more,
  };
  await must(runCommand(['migrate'], env));
  const server = startProcess('bin/sessionshot.mjs', ['server'], env);
  await untilReady(`http://127.0.0.1:${port}`, server);
  const { key } = JSON.parse((await must(runCommand(['keys', 'create', 'bench', '--json'], env))).stdout);
  await must(runCommand(['domains', 'add', 'app.example.com', '--json'], env));
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    pid: server.child.pid ?? 0,
    finish: (captureId) => finish(database.url, captureId),
    stop: async () => {
      await server.stop('SIGTERM');
      await database.drop();
    },
  };
}

async function finish(databaseUrl: string, captureId: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(FINISH, [captureId]);
  await client.query(STORE, [captureId]);
  await client.end();
}

const FINISH = `update capture set status = 'succeeded', started_at = now(), finished_at = now(), stored_at = now(),
  expires_at = now() + interval '30 days' where id = $1`;
const STORE = `insert into asset (capture_id, blob_name, content_type, bytes, sha256, width, height)
  values ($1, 'ws/2026/12/' || $1 || '/1.png', 'image/png', 100000, repeat('0', 64), 1280, 2000)`;
