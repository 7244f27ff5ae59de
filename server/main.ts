import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { armFaultPoint } from '#shared/fault-points.ts';
import { forbidCoreDumps } from '#shared/forbid-core-dumps.ts';
import { LIMITS } from '#shared/limits.ts';
import { createLog, type Log } from '#shared/log.ts';
import { followPublicKeys } from './adapters/public-key-file.ts';
import { type App, type AppOptions, startApp } from './app.ts';
import { readExtraCas, readSecretKeys, type ServerConfig } from './config.ts';
import { DatabaseUserError } from './db/server-role.ts';

const START_TRIES_MAX = 30;
const START_PAUSE_MS = 2000;
const EXIT_UNAVAILABLE = 69;
const EXIT_INTERRUPTED = 130;

/**
 * Runs the server of a distributed set-up until it is told to stop; answers the exit code. The first SIGTERM or SIGINT
 * drains (at most 20 s) and ends with 0; a second one, more than half a second later, ends at once with 130. Database
 * and storage that are not there yet are waited for, about a minute.
 */
export async function runServer(config: ServerConfig): Promise<number> {
  const log = createLog('server', config.logLevel);
  const stop = stopSignals(log);
  await forbidCoreDumps(log);
  armFaultPoint(config.faultPlan);
  if (config.faultPlan) log.error('A FAULT POINT IS ARMED: this server will end on purpose', { step: config.faultPlan.point });
  try {
    const app = await startWhenPossible(appOptions(config, log, stop.request), { log, signal: stop.first });
    if (!app) return stop.first.aborted ? 0 : EXIT_UNAVAILABLE;
    log.info('the server listens', { host: config.host, port: app.port });
    await stop.asked;
    log.info('draining: requests in flight are finished', { ms: LIMITS.serverDrainMsMax });
    await app.close();
    return 0;
  } finally {
    stop.release();
  }
}

function appOptions(config: ServerConfig, log: Log, onStop: () => void): AppOptions {
  const { connectionString, accountUrl, container, publicUrl } = config.storage;
  const clientDir = join(import.meta.dirname, '..', 'dist', 'client');
  return {
    databaseUrl: config.databaseUrl.reveal(),
    rabbitmqUrl: config.rabbitmqUrl?.reveal(),
    blobs: {
      connectionString: connectionString?.reveal(),
      accountUrl: accountUrl ?? undefined,
      container,
      publicUrl: publicUrl ?? undefined,
    },
    publicKeys: followPublicKeys(config.runnerPublicKeysFile, log),
    secretKeys: config.secretKeyFile === null ? [] : readSecretKeys(config.secretKeyFile),
    extraCas: readExtraCas(config.extraCaFiles),
    oidc: config.oidc,
    domainProof: config.domainProof,
    host: config.host,
    port: config.port,
    publicUrl: config.publicUrl ?? undefined,
    clientDir: existsSync(clientDir) ? clientDir : null,
    trustedProxies: [...config.trustedProxies],
    log,
    settings: {
      linkLifeMs: config.linkLifeMs,
      queuedPerWorkspaceMax: config.queueMax,
      keyRatePerSecond: config.keyRatePerSecond,
      keyRateBurst: config.keyRateBurst,
    },
    onStop,
  };
}

async function startWhenPossible(options: AppOptions, { log, signal }: { log: Log; signal: AbortSignal }): Promise<App | null> {
  for (let attempt = 1; attempt <= START_TRIES_MAX && !signal.aborted; attempt++) {
    try {
      return await startApp(options);
    } catch (error) {
      // A port that is taken stays taken: waiting for it would only hide the message.
      if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') {
        log.error('the server cannot listen: free the port, or set SESSIONSHOT_PORT to another one', {
          host: options.host,
          port: options.port,
          error,
        });
        return null;
      }
      // As does a user of the database that row-level security does not hold.
      if (error instanceof DatabaseUserError) {
        log.error(error.message, { error: error.cause });
        return null;
      }
      log.warn('the server cannot start yet: database or storage do not answer', { attempt, error });
      await delay(START_PAUSE_MS, undefined, { signal }).catch(() => undefined); // told to stop while waiting
    }
  }
  if (!signal.aborted) log.error('giving up: check DATABASE_URL and the storage settings, and that both are running');
  return null;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Turns signals into promises. Under npm one Ctrl-C arrives twice: a repeat within half a second is the same one. */
function stopSignals(log: Log) {
  const first = new AbortController();
  const asked = Promise.withResolvers<void>();
  let askedAt = 0;
  const request = () => {
    if (!first.signal.aborted) {
      askedAt = Date.now();
      first.abort();
      asked.resolve();
    } else if (Date.now() - askedAt > LIMITS.signalRepeatMs) {
      log.warn('stopping at once');
      process.exit(EXIT_INTERRUPTED);
    }
  };
  process.on('SIGTERM', request);
  process.on('SIGINT', request);
  return {
    first: first.signal,
    asked: asked.promise,
    request,
    release() {
      process.off('SIGTERM', request);
      process.off('SIGINT', request);
    },
  };
}
