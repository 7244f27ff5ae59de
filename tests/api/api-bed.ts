import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import pg from 'pg';
import { type App, type AppOptions, startApp } from '#server/app.ts';
import type { OperatorActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey, type NewApiKey } from '#server/domain/access/api-keys.ts';
import { createRunner } from '#server/domain/access/runners.ts';
import { createOwnerSignInLink, signInWithLink } from '#server/domain/access/sessions.ts';
import { ensureFirstWorkspace } from '#server/domain/access/workspaces.ts';
import { makeId } from '#shared/ids.ts';
import { createLog } from '#shared/log.ts';
import type { Problem } from '#shared/problem.ts';
import { SCOPES } from '#shared/scopes.ts';
import { secret } from '#shared/secret.ts';
import { testBlobContainer } from '../services/test-blob-store.ts';
import { createTestDatabase } from '../services/test-database.ts';
import { checkAgainstDocument } from './openapi-check.ts';

export const OPERATOR_TOKEN = 'operator-token-of-the-tests-0123456789';
/** A request that is fine. */
export const GOOD = { url: 'https://app.example.com/reports/42', output: { format: 'png' } };

export type Answer = { status: number; headers: Headers; body: unknown; text: string };
export type CallOptions = {
  method?: string;
  key?: string | null;
  headers?: Record<string, string>;
  body?: unknown;
  raw?: string | Uint8Array<ArrayBuffer>;
  signal?: AbortSignal;
};

/** The whole server on real services: one workspace with `*.example.com` allowed, and a key that may do everything. */
export type ApiBed = {
  app: App;
  logs: string[];
  key: string;
  operator: OperatorActor;
  cookie: string;
  runnerToken: string;
  /** Sends a request; every answer under `/api` is held against the OpenAPI document. */
  call(path: string, options?: CallOptions): Promise<Answer>;
  makeKey(input?: Partial<NewApiKey>): Promise<string>;
  /** A second workspace; answers a key of it. */
  otherWorkspace(): Promise<string>;
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  databaseUrl: string;
  close(): Promise<void>;
};

/** Starts the server on any free port, with limits wide enough not to be in the way. */
export async function createApiBed(options: Partial<AppOptions> = {}): Promise<ApiBed> {
  const database = await createTestDatabase();
  const logs: string[] = [];
  const { publicKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const app = await startApp({
    databaseUrl: database.url,
    blobs: testBlobContainer(),
    publicKeys: { keys: [{ ...(await exportJWK(publicKey)), kid: 'pool-1' }] },
    secretKeys: [secret(new Uint8Array(randomBytes(32)))],
    host: '127.0.0.1',
    port: 0,
    operatorToken: secret(OPERATOR_TOKEN),
    log: createLog('test', 'debug', (line) => logs.push(line)),
    ...options,
    settings: { keyRatePerSecond: 1000, keyRateBurst: 1000, drainMs: 5000, ...options.settings },
  });
  const { deps } = app;
  const { workspaceId } = await ensureFirstWorkspace(deps, { workspaceName: 'first', ownerName: 'Owner' });
  const operator = operatorOf(workspaceId);
  await addAllowedDomain(deps, operator, { domain: '*.example.com' });
  const makeKey = async (input: Partial<NewApiKey> = {}) =>
    (await createApiKey(deps, operator, { name: 'test', scopes: SCOPES, ...input })).key;
  const session = await signInWithLink(deps, (await createOwnerSignInLink(deps)).token);
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined); // a test may end the database's sessions
  await client.connect();
  const sql = async (text: string, values: unknown[] = []) => (await client.query<Record<string, unknown>>(text, values)).rows;
  const key = await makeKey();
  return {
    app,
    logs,
    key,
    operator,
    cookie: `ss_session=${session.token}`,
    runnerToken: (await createRunner(deps, { name: 'runner' })).token,
    call: (path, call = {}) => send(app.url, path, { key, ...call }),
    makeKey,
    otherWorkspace: async () => {
      const id = makeId('workspace');
      await sql('insert into workspace (id, name, created_at) values ($1, $1, now())', [id]);
      const other = operatorOf(id);
      await addAllowedDomain(deps, other, { domain: '*.example.com' });
      return (await createApiKey(deps, other, { name: 'other', scopes: SCOPES })).key;
    },
    sql,
    databaseUrl: database.url,
    close: async () => {
      await app.close();
      await client.end();
      await database.drop();
    },
  };
}

async function send(base: string, path: string, options: CallOptions): Promise<Answer> {
  const { key, body, raw, signal } = options;
  const method = options.method ?? (body === undefined && raw === undefined ? 'GET' : 'POST');
  const headers: Record<string, string> = {
    ...(key ? { authorization: `Bearer ${key}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...options.headers,
  };
  const response = await fetch(base + path, {
    method,
    headers,
    redirect: 'manual',
    signal,
    body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
  });
  const text = await response.text();
  const answer: Answer = { status: response.status, headers: response.headers, text, body: parse(response, text) };
  if (path.startsWith('/api/')) await checkAgainstDocument(method, path, answer);
  return answer;
}

function parse(response: Response, text: string): unknown {
  return text !== '' && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : null;
}

function operatorOf(workspaceId: OperatorActor['workspaceId']): OperatorActor {
  return { kind: 'operator', workspaceId, fingerprintKey: secret(randomBytes(32)) };
}

/** Reads an answer as a problem document; fails when it is none. */
export function problemOf(answer: Answer): Problem {
  if (answer.headers.get('content-type') !== 'application/problem+json')
    throw new Error(`Not a problem: ${answer.status} ${answer.text.slice(0, 200)}`);
  return JSON.parse(answer.text);
}

/** Reads a member of an answer's JSON object as text. */
export function textOf(answer: Answer, member: string): string {
  const value: unknown = typeof answer.body === 'object' && answer.body !== null ? Reflect.get(answer.body, member) : undefined;
  if (typeof value !== 'string') throw new Error(`\`${member}\` is not a text in ${answer.text.slice(0, 300)}`);
  return value;
}
