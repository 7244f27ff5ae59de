import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Secret } from '#shared/secret.ts';
import { type BlobStoreOptions, createAzureBlobStore } from './adapters/azure-blob-store.ts';
import { createMemoryJobQueue } from './adapters/memory-job-queue.ts';
import { createOidcProvider } from './adapters/oidc-provider.ts';
import { createRabbitJobQueue } from './adapters/rabbit-job-queue.ts';
import { createTextRecords } from './adapters/text-records.ts';
import { createWebhookSender } from './adapters/webhook-sender.ts';
import type { Instance } from './api/context.ts';
import { createCounters } from './api/counters.ts';
import { buildHttpServer } from './api/http-server.ts';
import { createRateLimits } from './api/rate-limits.ts';
import { startBackground } from './background.ts';
import type { DomainProofConfig } from './config.ts';
import type { OidcConfig } from './config-oidc.ts';
import { createEvents } from './db/notifications.ts';
import { openDatabase } from './db/open-database.ts';
import { createVault } from './domain/access/vault.ts';
import { createSealer } from './domain/captures/seal-payload.ts';
import type { Deps } from './domain/deps.ts';

const IDLE_SWEEP_MS = 50;
const ORM_CLOSE_MS_MAX = 3_000;

/** A JWKS of public keys, or what reads the present one. */
export type PublicKeys = Parameters<typeof createSealer>[0];

export type AppSettings = {
  /** Life of a signed link, in milliseconds. */
  linkLifeMs?: number;
  queuedPerWorkspaceMax?: number;
  keyRatePerSecond?: number;
  keyRateBurst?: number;
  /** How long a stop waits for requests that are being answered, in milliseconds. */
  drainMs?: number;
  /** What each try of a webhook waits for, in milliseconds; as many as there are tries. */
  webhookGapsMs?: readonly number[];
};

export type AppOptions = {
  databaseUrl: string;
  /** The same database for the server's own role, where the cluster is ours alone: then it signs in as that one. */
  serverUrl?: string;
  /** Without it runners find their work by long poll alone. */
  rabbitmqUrl?: string;
  blobs: BlobStoreOptions;
  /** The public half of the runners' keys; without it no capture is accepted. */
  publicKeys: PublicKeys | null;
  /** The server's own keys, the newest first; without them no authenticator app can be set up. */
  secretKeys?: readonly Secret<Uint8Array>[];
  /** Single sign-on; null or absent for none. */
  oidc?: OidcConfig | null;
  /** Whether allowed domains need a proof, and who is asked for it; absent for no. */
  domainProof?: DomainProofConfig;
  /** PEM of private authorities that receivers of webhooks may be signed by. */
  extraCas?: readonly string[];
  host: string;
  /** 0 for any free port. */
  port: number;
  /** What people open, where that is not `http://host:port`. */
  publicUrl?: string;
  operatorToken?: Secret<string>;
  /** The built console; null or absent for none. */
  clientDir?: string | null;
  trustedProxies?: string[];
  log: Log;
  settings?: AppSettings;
  /** Asked for by the operator's `stop`. */
  onStop?: () => void;
};

export type App = {
  url: string;
  port: number;
  deps: Deps;
  /** Says no at `/readyz` and ends long polls and streams, while requests are still answered. */
  drain(): void;
  /** Drains, stops listening, waits for what is being answered (bounded), and closes everything that was opened. */
  close(): Promise<void>;
};

/**
 * Puts the server together: database with its schema brought up to date, storage, queue, HTTP, background loops. When a
 * step fails, what was opened before it is closed again and the error goes to the caller.
 */
export async function startApp(options: AppOptions): Promise<App> {
  await using opened = new AsyncDisposableStack();
  let url = options.publicUrl?.replace(/\/+$/, '') ?? '';
  const deps = await openDeps(options, opened, () => url);
  const draining = new AbortController();
  const isHttps = options.publicUrl?.startsWith('https://') ?? false;
  const instance: Instance = {
    deps,
    own: { publicUrl: options.publicUrl ? new URL(options.publicUrl) : null, host: options.host },
    publicUrl: () => url,
    rates: createRateLimits(deps, { perSecond: options.settings?.keyRatePerSecond, burst: options.settings?.keyRateBurst }),
    counters: createCounters(),
    operatorToken: options.operatorToken ?? null,
    oidc: options.oidc ? singleSignOn(options.oidc, options.log) : null,
    drain: draining.signal,
    stop: options.onStop ?? (() => undefined),
  };
  const server = await buildHttpServer(instance, {
    clientDir: options.clientDir ?? null,
    isHttps,
    trustedProxies: options.trustedProxies ?? [],
  });
  // Closed in the reverse order: first nothing new is taken, then the loops end, then what they stand on.
  const background = startBackground(deps, instance.counters.add);
  opened.defer(() => background.stop());
  opened.defer(() => server.close());
  await server.listen({ host: options.host, port: options.port });
  const port = portOf(server.server.address());
  if (!url) url = `http://${shownHost(options.host)}:${port}`;
  const parts = opened.move();
  let closing: Promise<void> | undefined;
  const drain = () => draining.abort();
  const close = async () => {
    drain();
    // A connection that falls idle after the listening ended is closed by nobody else until its keep-alive runs out.
    const sweeping = setInterval(() => server.server.closeIdleConnections(), IDLE_SWEEP_MS);
    // What is still being answered after its time is cut off, or one slow client would hold the process for ever.
    const patience = setTimeout(() => server.server.closeAllConnections(), options.settings?.drainMs ?? LIMITS.serverDrainMsMax);
    await parts.disposeAsync().finally(() => {
      clearInterval(sweeping);
      clearTimeout(patience);
    });
  };
  return {
    url,
    port,
    deps,
    drain,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function openDeps(options: AppOptions, opened: AsyncDisposableStack, publicUrl: () => string): Promise<Deps> {
  const { log, settings } = options;
  const { orm, db, url } = await openDatabase(options.databaseUrl, { serverUrl: options.serverUrl });
  // A connection whose transaction broke off with the database is never given back, and the pool would wait for it.
  opened.defer(async () => void (await Promise.race([orm.close(true), delay(ORM_CLOSE_MS_MAX, undefined, { ref: false })])));
  const blobs = createAzureBlobStore(options.blobs);
  await blobs.prepare();
  const events = createEvents(url, log);
  opened.defer(() => events.close());
  const queue = options.rabbitmqUrl ? createRabbitJobQueue(options.rabbitmqUrl, log) : createMemoryJobQueue();
  opened.defer(() => queue.close());
  return {
    db,
    blobs,
    queue,
    events,
    clock: { now: () => new Date() },
    sealer: options.publicKeys ? await createSealer(options.publicKeys, tellKeyFault(log)) : null,
    vault: options.secretKeys?.length ? createVault(options.secretKeys) : null,
    textRecords: createTextRecords(options.domainProof?.nameServers),
    webhookSender: createWebhookSender({ certificates: options.extraCas }),
    log,
    settings: {
      linkLifeMs: settings?.linkLifeMs ?? LIMITS.linkLifeMsDefault,
      queuedPerWorkspaceMax: settings?.queuedPerWorkspaceMax ?? LIMITS.queuedPerWorkspaceMax,
      requiresDomainProof: options.domainProof?.isRequired ?? false,
      webhookGapsMs: settings?.webhookGapsMs ?? LIMITS.webhookGapsMs,
      publicUrl,
    },
  };
}

function tellKeyFault(log: Log) {
  return (error: unknown) =>
    log.error('the file of public keys has changed and holds no key to seal to: the keys before it go on', { error });
}

function singleSignOn(config: OidcConfig, log: Log): Instance['oidc'] {
  const { emailDomains, newcomers, workspace } = config;
  return {
    provider: createOidcProvider(config, log),
    policy: { emailDomains, newcomer: newcomers === 'invited' ? null : { role: newcomers, workspace } },
  };
}

function portOf(address: string | AddressInfo | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('The server listens on no port');
  return address.port;
}

/** Every address is none that a browser could open: then this machine's own is shown. */
function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
