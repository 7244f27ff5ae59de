import { randomBytes } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose';
import pg from 'pg';
import { createAzureBlobStore } from '#server/adapters/azure-blob-store.ts';
import { createMemoryJobQueue } from '#server/adapters/memory-job-queue.ts';
import { createTextRecords } from '#server/adapters/text-records.ts';
import { createWebhookSender } from '#server/adapters/webhook-sender.ts';
import { createEvents } from '#server/db/notifications.ts';
import { openDatabase } from '#server/db/open-database.ts';
import type { ApiKeyActor, OperatorActor, RunnerActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { authenticateRunner, createRunner } from '#server/domain/access/runners.ts';
import { createVault } from '#server/domain/access/vault.ts';
import { ensureFirstWorkspace } from '#server/domain/access/workspaces.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { createSealer } from '#server/domain/captures/seal-payload.ts';
import type { Deps } from '#server/domain/deps.ts';
import { type CaptureRequestInput, captureRequestSchema } from '#shared/capture-request.ts';
import { makeId, type WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { createLog } from '#shared/log.ts';
import type { Claim, CompleteRequest } from '#shared/runner-protocol.ts';
import { SCOPES } from '#shared/scopes.ts';
import { secret } from '#shared/secret.ts';
import { testBlobContainer } from '../services/test-blob-store.ts';
import { createTestDatabase } from '../services/test-database.ts';

/** The whole domain on real services: a database and a container of its own, one workspace with `*.example.com` allowed. */
export type DomainBed = {
  deps: Deps;
  logs: string[];
  databaseUrl: string;
  operator: OperatorActor;
  key: ApiKeyActor;
  runner: RunnerActor;
  privateKey: CryptoKey;
  /** Asks the database directly, past the domain. */
  sql<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>;
  /** A second workspace with a key of its own. */
  addWorkspace(): Promise<ApiKeyActor>;
  addRunner(): Promise<RunnerActor>;
  close(): Promise<void>;
};

export async function createDomainBed(settings: Partial<Deps['settings']> = {}): Promise<DomainBed> {
  const database = await createTestDatabase();
  const { orm, db } = await openDatabase(database.url);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const logs: string[] = [];
  const log = createLog('test', 'debug', (line) => logs.push(line));
  const events = createEvents(database.url, log);
  const blobs = createAzureBlobStore(testBlobContainer());
  await blobs.prepare();
  const { sealer, privateKey } = await makePool();
  const deps: Deps = {
    db,
    blobs,
    queue: createMemoryJobQueue(),
    events,
    clock: { now: () => new Date() },
    sealer,
    vault: createVault([secret(new Uint8Array(randomBytes(32)))]),
    textRecords: createTextRecords(),
    webhookSender: createWebhookSender(),
    log,
    settings: {
      linkLifeMs: LIMITS.linkLifeMsDefault,
      queuedPerWorkspaceMax: 1000,
      requiresDomainProof: false,
      webhookGapsMs: LIMITS.webhookGapsMs,
      publicUrl: () => 'https://shots.example.com',
      ...settings,
    },
  };
  const { workspaceId } = await ensureFirstWorkspace(deps, { workspaceName: 'first', ownerName: 'Owner' });
  const operator = operatorOf(workspaceId);
  await addAllowedDomain(deps, operator, { domain: '*.example.com' });
  const sql = async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) => (await client.query<T>(text, values)).rows;
  return {
    deps,
    logs,
    databaseUrl: database.url,
    operator,
    key: await makeKeyActor(deps, operator),
    runner: await makeRunner(deps),
    privateKey,
    sql,
    addWorkspace: async () => {
      const id = makeId('workspace');
      await sql('insert into workspace (id, name, created_at) values ($1, $1, now())', [id]);
      const other = operatorOf(id);
      await addAllowedDomain(deps, other, { domain: '*.example.com' });
      return await makeKeyActor(deps, other);
    },
    addRunner: () => makeRunner(deps),
    close: async () => {
      await events.close();
      await client.end();
      await orm.close(true);
      await database.drop();
    },
  };
}

async function makePool() {
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'pool-1' };
  return { sealer: await createSealer({ keys: [jwk] }), privateKey };
}

export function operatorOf(workspaceId: WorkspaceId): OperatorActor {
  return { kind: 'operator', workspaceId, fingerprintKey: secret(randomBytes(32)) };
}

async function makeKeyActor(deps: Deps, operator: OperatorActor): Promise<ApiKeyActor> {
  const { key } = await createApiKey(deps, operator, { name: 'test', scopes: SCOPES });
  return await authenticateApiKey(deps, key, { address: '127.0.0.1' });
}

async function makeRunner(deps: Deps): Promise<RunnerActor> {
  const { token } = await createRunner(deps, { name: 'runner' });
  return await authenticateRunner(deps, token);
}

/** A request as the schema leaves it; PNG of a page of the allowed domain unless told otherwise. */
export function requestOf(input: Partial<CaptureRequestInput> = {}) {
  return captureRequestSchema.parse({ url: 'https://app.example.com/reports/42', output: { format: 'png' }, ...input });
}

export async function capture(bed: DomainBed, input: Partial<CaptureRequestInput> = {}, actor: ApiKeyActor | OperatorActor = bed.key) {
  const { capture: made } = await createCapture(bed.deps, actor, requestOf(input), { body: input });
  return made;
}

export const OBSERVED = { finalUrl: 'https://app.example.com/reports/42', httpStatus: 200, verdict: 'unverified' as const };

/** Puts bytes where a claim allows it, as a runner does. */
export async function upload(claim: Claim, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
  return await fetch(claim.upload.url, { method: 'PUT', headers: claim.upload.headers, body: bytes });
}

export function completion(claim: Claim, bytes: Uint8Array<ArrayBuffer>): CompleteRequest {
  return {
    leaseToken: claim.leaseToken,
    observed: OBSERVED,
    asset: { contentType: 'image/png', bytes: bytes.length, sha256: 'a'.repeat(64), width: 1280, height: 720, pages: null },
  };
}

/** The code of the refusal that a call ends in; fails when it ends in none. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
  throw new Error('The call was expected to be refused');
}
