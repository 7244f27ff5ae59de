import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { type App, type AppOptions, startApp } from '#server/app.ts';
import type { OperatorActor } from '#server/domain/access/actor.ts';
import { createSignInLink } from '#server/domain/access/sessions.ts';
import { ensureFirstWorkspace } from '#server/domain/access/workspaces.ts';
import { createLog } from '#shared/log.ts';
import { secret } from '#shared/secret.ts';
import { testBlobContainer } from '../services/test-blob-store.ts';
import { createTestDatabase } from '../services/test-database.ts';

const CLIENT_DIR = join(import.meta.dirname, '../../dist/client');

export type Console = {
  app: App;
  url: string;
  databaseUrl: string;
  /** Acts in the first workspace as the owner of the machine does. */
  operator: OperatorActor;
  /** A fresh one-time link of the owner. */
  signInUrl(): Promise<string>;
  close(): Promise<void>;
};

type Options = { hasOwner?: boolean; port?: number; linkLifeMs?: number; webhookGapsMs?: readonly number[] } & Pick<
  AppOptions,
  'oidc' | 'domainProof' | 'trustedProxies' | 'extraCas'
>;

/** The whole server with the built console, on a database and a container of its own. */
export async function startConsole(options: Options = {}): Promise<Console> {
  const { hasOwner = true, port = 0, linkLifeMs, webhookGapsMs, ...more } = options;
  if (!existsSync(join(CLIENT_DIR, 'index.html')))
    throw new Error('dist/client is missing: run this test with `npm test`, which builds it');
  const database = await createTestDatabase();
  const { publicKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'tests', use: 'enc', alg: 'ECDH-ES' };
  const app = await startApp({
    databaseUrl: database.url,
    blobs: testBlobContainer(),
    publicKeys: { keys: [jwk] },
    ...more,
    secretKeys: [secret(new Uint8Array(randomBytes(32)))],
    host: '127.0.0.1',
    port,
    clientDir: CLIENT_DIR,
    log: createLog('error'),
    settings: { linkLifeMs, webhookGapsMs },
  });
  const owner = hasOwner ? await ensureFirstWorkspace(app.deps, { workspaceName: 'Acme Analytics', ownerName: 'Robin Ferrer' }) : null;
  return {
    app,
    url: app.url,
    databaseUrl: database.url,
    get operator() {
      if (!owner) throw new Error('this console was started without an owner');
      return { kind: 'operator' as const, workspaceId: owner.workspaceId, fingerprintKey: secret(new Uint8Array(32)) };
    },
    signInUrl: async () => {
      if (!owner) throw new Error('this console was started without an owner');
      const { token } = await createSignInLink(app.deps, owner.userId);
      return `${app.url}/sign-in#token=${token}`;
    },
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}
