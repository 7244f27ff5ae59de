import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { recordProcesses, sweepLeftovers } from './leftovers.ts';
import { serviceAddress } from './service-address.ts';
import { listens, type ServiceProcess, waitUntilReady } from './service-process.ts';
import { startAzurite, startAzuriteHttps } from './start-azurite.ts';
import { startPostgres } from './start-postgres.ts';
import { startRabbitmq } from './start-rabbitmq.ts';

/**
 * Starts PostgreSQL, RabbitMQ and two Azurites once for the whole run, names them in `SESSIONSHOT_TEST_*` for the test
 * workers, and ends them afterwards. What a killed run left behind is ended by the next one, by pid and start stamp.
 */
const PREFIX = 'sessionshot-tests-';
/** Vitest calls a set-up for each project that uses it, in one process: the services are shared among them. */
const SHARED = Symbol.for('sessionshot.tests.services');

const AGAIN_MS_MAX = 120_000;
const ADDRESSES = {
  PostgreSQL: 'SESSIONSHOT_TEST_DATABASE_URL',
  RabbitMQ: 'SESSIONSHOT_TEST_RABBITMQ_URL',
  Azurite: 'SESSIONSHOT_TEST_BLOB_CONNECTION_STRING',
} as const;
export type ServiceName = keyof typeof ADDRESSES;

type Services = { folder: string; processes: ServiceProcess[]; users: number };

export async function setup(): Promise<() => Promise<void>> {
  const started: Promise<Services> = Reflect.get(globalThis, SHARED) ?? startServices();
  Reflect.set(globalThis, SHARED, started);
  const services = await started;
  services.users += 1;
  return async () => {
    services.users -= 1;
    if (services.users > 0) return;
    Reflect.deleteProperty(globalThis, SHARED);
    await stopServices(services);
  };
}

/**
 * Ends a service of this process's run by `signal`; the answer starts it again on what it had written, and resolves when it takes
 * connections. For drills alone: whoever shares the services loses them too.
 */
export async function endService(name: ServiceName, signal: NodeJS.Signals): Promise<() => Promise<void>> {
  const services: Services = await Reflect.get(globalThis, SHARED);
  const ended = services.processes.find((service) => service.name === name && !service.hasEnded());
  if (!ended) throw new Error(`${name} does not run`);
  await ended.stop(signal);
  return async () => {
    const end = Date.now() + AGAIN_MS_MAX;
    for (;;) {
      const service = ended.again();
      services.processes.push(service);
      recordProcesses(
        services.folder,
        services.processes.filter((each) => !each.hasEnded()).map(({ pid }) => pid),
      );
      try {
        return await waitUntilReady(service, () => listens(portOf(name)), AGAIN_MS_MAX);
      } catch (error) {
        // PostgreSQL refuses while children of the killed one still end.
        if (Date.now() > end) throw error;
        await pause(500);
      }
    }
  };
}

function portOf(name: ServiceName): number {
  const address = serviceAddress(ADDRESSES[name]);
  return Number(new URL(/BlobEndpoint=([^;]+)/.exec(address)?.[1] ?? address).port);
}

async function startServices(): Promise<Services> {
  await sweepLeftovers(tmpdir(), PREFIX);
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(folder, 0o711); // PostgreSQL runs as another user and must be able to pass
  const services: Services = { folder, processes: [], users: 0 };
  const own = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path);
    return path;
  };
  const track = (service: ServiceProcess) => {
    services.processes.push(service);
    const pids = services.processes.map(({ pid }) => pid);
    recordProcesses(folder, pids);
  };
  const results = await Promise.allSettled([
    startPostgres(own('postgres'), track).then(({ url, certFile, logFile }) => {
      process.env.SESSIONSHOT_TEST_DATABASE_URL = url;
      process.env.SESSIONSHOT_TEST_DATABASE_LOG_FILE = logFile;
      process.env.SESSIONSHOT_TEST_DATABASE_CA_FILE = certFile;
    }),
    startRabbitmq(own('rabbitmq'), track).then(({ url, serverUrl, runnerUrl, logFile }) => {
      process.env.SESSIONSHOT_TEST_RABBITMQ_LOG_FILE = logFile;
      process.env.SESSIONSHOT_TEST_RABBITMQ_URL = url;
      process.env.SESSIONSHOT_TEST_RABBITMQ_SERVER_URL = serverUrl;
      process.env.SESSIONSHOT_TEST_RABBITMQ_RUNNER_URL = runnerUrl;
    }),
    startAzurite(own('azurite'), track).then(({ connectionString, logFile }) => {
      process.env.SESSIONSHOT_TEST_BLOB_LOG_FILE = logFile;
      process.env.SESSIONSHOT_TEST_BLOB_CONNECTION_STRING = connectionString;
    }),
    startAzuriteHttps(own('azurite-https'), track).then(({ url, certFile }) => {
      process.env.SESSIONSHOT_TEST_BLOB_HTTPS_URL = url;
      process.env.SESSIONSHOT_TEST_BLOB_HTTPS_CA_FILE = certFile;
    }),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return services;
  await stopServices(services);
  throw failed.reason;
}

async function stopServices(services: Services): Promise<void> {
  // PostgreSQL's SIGINT ends sessions at once; its SIGTERM would wait for them.
  const stops = services.processes.map((service) => service.stop(service.name === 'PostgreSQL' ? 'SIGINT' : 'SIGTERM'));
  await Promise.all(stops);
  rmSync(services.folder, { recursive: true, force: true, maxRetries: 5 });
}
