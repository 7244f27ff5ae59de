import { randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import { createLog } from '#shared/log.ts';
import { secret } from '#shared/secret.ts';
import { createMemoryJobQueue } from '../adapters/memory-job-queue.ts';
import { createTextRecords } from '../adapters/text-records.ts';
import { createWebhookSender } from '../adapters/webhook-sender.ts';
import type { Instance } from '../api/context.ts';
import { createCounters } from '../api/counters.ts';
import { OPERATOR_API, operatorGateway } from '../api/operator-gateway.ts';
import { createRateLimits } from '../api/rate-limits.ts';
import { readPublicKeys, readSecretKeys } from '../config.ts';
import { createEvents } from '../db/notifications.ts';
import { openDatabase } from '../db/open-database.ts';
import { DatabaseUserError } from '../db/server-role.ts';
import { createVault } from '../domain/access/vault.ts';
import { ensureFirstWorkspace } from '../domain/access/workspaces.ts';
import { AppError } from '../domain/app-error.ts';
import { createSealer } from '../domain/captures/seal-payload.ts';
import type { BlobStore, Sealer } from '../domain/ports.ts';
import { EXIT, OperatorError } from '../embedded/operator-error.ts';
import type { Transport } from './operator-client.ts';

/** Where commands find a distributed set-up: its database, the address that people open, and the files of keys that are named. */
export type DatabaseAddress = { databaseUrl: string; publicUrl: string; publicKeysFile: string | null; secretKeyFile: string | null };

/**
 * Answers operator calls on the database itself, in this process, through the same procedures as a running instance:
 * what `keys`, `domains`, `runner token` and `open` need where servers run elsewhere. Nothing listens. The first key or
 * domain on an empty database makes the workspace and its owner, who then signs in by `sessionshot open`.
 */
export function createDatabaseTransport(address: DatabaseAddress): Transport {
  return async (path, init) => {
    await using opened = new AsyncDisposableStack();
    // Only what asks for pool keys needs the file: a fault in it is no reason not to revoke an API key.
    const keysFile = /^(?:poolKeys|payloads)\./.test(path) ? address.publicKeysFile : null;
    const sealer = keysFile === null ? null : await createSealer(readPublicKeys(keysFile));
    const { instance, token } = await openInstance(address, sealer, opened);
    if (/^(?:keys\.create|domains\.add|sign-in-link)$/.test(path))
      await ensureFirstWorkspace(instance.deps, { workspaceName: 'Default', ownerName: 'Owner' });
    const app = Fastify({ logger: false });
    opened.defer(() => app.close());
    await app.register(operatorGateway(instance), { prefix: OPERATOR_API });
    const answer = await app.inject({
      method: init.method === 'GET' ? 'GET' : 'POST',
      url: `${OPERATOR_API}/${path}`,
      headers: { ...init.headers, authorization: `Bearer ${token}` },
      ...(init.body === undefined ? {} : { payload: init.body }),
    });
    const body: unknown = answer.body === '' ? null : answer.json();
    return { status: answer.statusCode, body };
  };
}

async function openInstance(
  address: DatabaseAddress,
  sealer: Sealer | null,
  opened: AsyncDisposableStack,
): Promise<{ instance: Instance; token: string }> {
  const log = createLog('cli', 'error');
  const { orm, db, url } = await openDatabase(address.databaseUrl, { poolMax: 2 }).catch((cause: unknown) => {
    if (cause instanceof DatabaseUserError)
      throw new OperatorError(EXIT.configuration, 'database_user', cause.message, 'docs/self-hosting.md says which user to make.', {
        cause,
      });
    throw new OperatorError(
      EXIT.unavailable,
      'no_database',
      'The database of DATABASE_URL does not answer.',
      'Check that it runs and that the URL is right; for a running instance add --data-dir DIR.',
      { cause },
    );
  });
  opened.defer(() => orm.close(true));
  const events = createEvents(url, log);
  opened.defer(() => events.close());
  const token = randomBytes(32).toString('base64url');
  const deps = {
    db,
    blobs: NO_STORAGE,
    queue: createMemoryJobQueue(),
    events,
    clock: { now: () => new Date() },
    sealer,
    vault: address.secretKeyFile ? createVault(readSecretKeys(address.secretKeyFile)) : null,
    textRecords: createTextRecords(),
    webhookSender: createWebhookSender(),
    log,
    settings: {
      linkLifeMs: 0,
      queuedPerWorkspaceMax: 0,
      requiresDomainProof: false,
      webhookGapsMs: [],
      publicUrl: () => address.publicUrl,
    },
  };
  const instance: Instance = {
    deps,
    own: { publicUrl: null, host: '127.0.0.1' },
    publicUrl: () => address.publicUrl,
    counters: createCounters(),
    rates: createRateLimits(deps),
    operatorToken: secret(token),
    oidc: null,
    drain: new AbortController().signal,
    stop: () => undefined,
  };
  return { instance, token };
}

/** Administration touches no asset; a command that would is refused instead of half done. */
const NO_STORAGE: BlobStore = {
  prepare: refuseStorage,
  grantUpload: refuseStorage,
  issueLink: refuseStorage,
  stat: refuseStorage,
  remove: refuseStorage,
  list: () => {
    throw storageRefusal();
  },
  publicOrigin: () => '',
};

async function refuseStorage(): Promise<never> {
  throw storageRefusal();
}

function storageRefusal(): AppError {
  return new AppError('unavailable', 'This needs a running server: call its REST API, or use --data-dir of an instance on this machine.');
}
