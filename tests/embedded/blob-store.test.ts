import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createAzureBlobStore } from '#server/adapters/azure-blob-store.ts';
import { openDataDir } from '#server/embedded/data-dir.ts';
import { startEmbeddedBlobStore } from '#server/embedded/embedded-blob-store.ts';
import { isAlive } from '#server/embedded/process-record.ts';
import { makeDataFolder } from './data-folder.ts';
import { startElsewhere } from './killed-process.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(path: string) {
  const storage = await startEmbeddedBlobStore(openDataDir(path));
  cleanUps.push(() => storage.close());
  const blobs = createAzureBlobStore({ connectionString: storage.connectionString, container: 'captures' });
  await blobs.prepare();
  return { storage, blobs };
}

function folder(): string {
  const made = makeDataFolder();
  cleanUps.push(made.remove);
  return made.path;
}

test('a blob and the port outlive a restart, and nothing is left running', async () => {
  const path = folder();
  const first = await start(path);
  const grant = await first.blobs.grantUpload('ws/a.png', 'image/png', 60_000);
  const put = await fetch(grant.url, { method: 'PUT', headers: grant.headers, body: 'bytes' });
  expect(put.status).toBe(201);
  await first.storage.close();
  expect(isAlive(first.storage)).toBe(false);
  const second = await start(path);
  expect(second.storage.port).toBe(first.storage.port);
  expect(await second.blobs.stat('ws/a.png')).toEqual({ bytes: 5 });
});

test('account and key are random, not the published ones, and private to the owner', async () => {
  const path = folder();
  const { storage } = await start(path);
  expect(storage.connectionString).not.toContain('devstoreaccount1');
  expect(storage.connectionString).toMatch(/BlobEndpoint=http:\/\/127\.0\.0\.1:/);
  expect(statSync(join(path, 'storage.json')).mode & 0o777).toBe(0o600);
  const { key } = JSON.parse(readFileSync(join(path, 'storage.json'), 'utf8'));
  expect(Buffer.from(key, 'base64')).toHaveLength(64);
});

test('one that a killed process left is ended before another opens its files', async () => {
  const path = folder();
  const before = await startElsewhere('storage', path);
  await before.kill();
  expect(isAlive(before.part)).toBe(true);
  await start(path);
  expect(isAlive(before.part)).toBe(false);
});
