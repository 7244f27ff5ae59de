import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createVault } from '#server/domain/access/vault.ts';
import { sendTestEvent } from '#server/domain/webhooks/resend-webhooks.ts';
import { createWebhookEndpoint } from '#server/domain/webhooks/webhook-endpoints.ts';
import { findPort } from '#server/embedded/free-port.ts';
import { secret } from '#shared/secret.ts';
import { createDomainBed, type DomainBed } from '../server/domain-bed.ts';
import { testBlobContainer } from '../services/test-blob-store.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../services/webhook-receiver.ts';
import { runCommand, type Started, startProcess } from './start-process.ts';

/** Drill F17: the server is killed when it has sent a webhook and has not written down that it did. */
const folder = mkdtempSync(join(tmpdir(), 'sessionshot-webhook-killed-'));
const started: Started[] = [];
let bed: DomainBed;
let receiver: WebhookReceiver;
beforeAll(async () => {
  [bed, receiver] = await Promise.all([createDomainBed(), startWebhookReceiver()]);
});
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop('SIGTERM')));
  await receiver?.close();
  await bed?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('killed between send and record: the next server sends the same event again, by the same id', { timeout: 180_000 }, async () => {
  const key = randomBytes(32);
  const deps = { ...bed.deps, vault: createVault([secret(new Uint8Array(key))]) };
  const domain = `localhost:${receiver.port}`;
  await addAllowedDomain(deps, bed.operator, { domain, isPrivate: true });
  const { endpoint, secret: signedBy } = await createWebhookEndpoint(deps, bed.operator, { url: `${receiver.origin}/in` });
  receiver.answer((_received, before) => (before === 0 ? 'hang' : { status: 204 }));
  const server = await startServer(key);
  await sendTestEvent(deps, bed.operator, endpoint.id);
  await expect.poll(() => receiver.received.length, { timeout: 60_000 }).toBe(1);
  await server.stop('SIGKILL');
  expect(await bed.sql('select state, tries from webhook_delivery')).toEqual([{ state: 'pending', tries: 1 }]);

  await startServer(key);
  await expect.poll(() => receiver.received.length, { timeout: 90_000 }).toBe(2);
  await expect
    .poll(async () => await bed.sql('select state, tries from webhook_delivery'), { timeout: 30_000 })
    .toEqual([{ state: 'delivered', tries: 2 }]);
  const [first, second] = receiver.received;
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(second?.body).toBe(first?.body);
  for (const { body, headers } of receiver.received)
    expect(() =>
      new Webhook(signedBy).verify(body, Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))),
    ).not.toThrow();
});

async function startServer(key: Buffer): Promise<Started> {
  const blobs = testBlobContainer();
  const [keyFile, caFile] = [join(folder, 'server.key'), join(folder, 'ca.pem')];
  writeFileSync(keyFile, key.toString('base64'), { mode: 0o600 });
  writeFileSync(caFile, receiver.ca);
  if (started.length === 0) await runCommand(['runner', 'keygen', '--out', folder]);
  const server = startProcess('bin/sessionshot.mjs', ['server'], {
    DATABASE_URL: bed.databaseUrl,
    AZURE_STORAGE_CONNECTION_STRING: blobs.connectionString,
    SESSIONSHOT_BLOB_CONTAINER: blobs.container,
    SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE: join(folder, 'public.jwks.json'),
    SESSIONSHOT_SECRET_KEY_FILE: keyFile,
    SESSIONSHOT_EXTRA_CA_FILE: caFile,
    SESSIONSHOT_PORT: String(await findPort()),
  });
  started.push(server);
  return server;
}
