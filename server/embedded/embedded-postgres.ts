import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SERVER_ROLE } from '#server/db/policies.ts';
import { type Child, startChild } from './child-process.ts';
import type { DataDir } from './data-dir.ts';
import { findDatabaseAccount } from './database-account.ts';
import { findPort } from './free-port.ts';
import { EXIT, OperatorError } from './operator-error.ts';
import { findPostgresBinaries } from './postgres-binaries.ts';
import { type Cluster, DATABASE, endLeftOver, isReady, POSTGRES_END, POSTGRES_ENV, prepareCluster } from './postgres-cluster.ts';
import { readOrMake } from './private-file.ts';
import type { ProcessRecord } from './process-record.ts';

export type EmbeddedPostgres = ProcessRecord & {
  port: number;
  /** For the owner of the cluster. Holds the password: for `openDatabase`, never for a message. */
  databaseUrl: string;
  /** For the role of the server, which is made by `openDatabase` and passes no wall. Holds its password too. */
  serverUrl: string;
  version: string;
  /** Resolves when the server is gone, wanted or not: nobody else would tell. */
  exited: Promise<unknown>;
  tail(): string;
  /** Fast shutdown, bounded: 20 s, then harder. */
  close(): Promise<void>;
};

/** Recovery after a crash replays up to a gigabyte of log. */
const READY_MS_MAX = 120_000;
const POLL_MS = 25;
/** Whoever is refused stands in the log with when, as whom, on which database and from where. */
export const LOG_LINE_PREFIX = '%m [%p] %q%u@%d from %h ';
const ATTEMPTS = 8;
const RETRY_MS = 750;

/**
 * Starts PostgreSQL on 127.0.0.1 (a free port, no socket file) with its data under the data folder, made at first start.
 * A server that a killed instance left is ended first. As root it runs as the user `postgres`.
 */
export async function startEmbeddedPostgres(dataDir: DataDir, signal?: AbortSignal): Promise<EmbeddedPostgres> {
  const account = findDatabaseAccount();
  const binaries = findPostgresBinaries(account);
  const cluster: Cluster = { folder: join(dataDir.open, 'postgres'), binaries, account };
  const password = readOrMake(join(dataDir.path, 'postgres.password'), () => randomBytes(24).toString('base64url'));
  await endLeftOver(cluster);
  await prepareCluster(cluster, password);
  signal?.throwIfAborted();
  const { child, port } = await startServer(cluster, join(dataDir.path, 'logs', 'postgres.log'));
  return {
    pid: child.pid,
    startStamp: child.startStamp,
    port,
    databaseUrl: urlOf(DATABASE, password, port),
    // Made from the one that is kept: a second file would be a second secret to keep.
    serverUrl: urlOf(SERVER_ROLE, createHmac('sha256', password).update(SERVER_ROLE).digest('base64url'), port),
    version: binaries.version.replace(/\.0.*$|-.*$/, ''),
    exited: child.exited,
    tail: child.tail,
    close: async () => {
      await child.end(POSTGRES_END);
    },
  };
}

function urlOf(user: string, password: string, port: number): string {
  return `postgresql://${user}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/**
 * A start is tried again where the failure passes by itself: the port was taken in the moment between, or processes of a
 * killed server are still letting go of its shared memory.
 */
async function startServer(cluster: Cluster, logFile: string): Promise<{ child: Child; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await findPort();
    const flags = [
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'logging_collector=off',
      '-c',
      `log_line_prefix=${LOG_LINE_PREFIX}`,
    ];
    const child = await startChild({
      name: 'PostgreSQL',
      command: cluster.binaries.postgres,
      args: ['-D', cluster.folder, ...flags],
      env: POSTGRES_ENV,
      cwd: '/',
      logFile,
      account: cluster.account,
      // The immediate shutdown: the next start recovers.
      killSignal: 'SIGQUIT',
    });
    const fault = await awaitReady(cluster, child);
    if (fault === null) return { child, port };
    const passes = /Address already in use|pre-existing shared memory block/.test(fault);
    if (!passes || attempt === ATTEMPTS) {
      throw new OperatorError(
        EXIT.unavailable,
        'database_not_started',
        `The embedded PostgreSQL did not start: ${lastFault(fault)}`,
        `Its log is ${logFile}. Check free space and rights of the data folder with \`sessionshot doctor\`.`,
      );
    }
    await wait(RETRY_MS);
  }
}

/** Resolves null when the server takes connections, else with the end of its log. */
async function awaitReady(cluster: Cluster, child: Child): Promise<string | null> {
  const end = Date.now() + READY_MS_MAX;
  while (Date.now() < end) {
    if (isReady(cluster, child.pid)) return null;
    if (child.exit()) return child.tail();
    await wait(POLL_MS);
  }
  await child.end(POSTGRES_END);
  return `${child.tail()}\nit took no connections within ${READY_MS_MAX / 1000} s`;
}

function lastFault(log: string): string {
  const lines = log.split('\n');
  return lines.findLast((line) => /FATAL|PANIC|ERROR|took no connections/.test(line)) ?? lines.at(-1) ?? 'no message';
}
