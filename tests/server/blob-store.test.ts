import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAzureBlobStore } from '#server/adapters/azure-blob-store.ts';
import type { BlobStore } from '#server/domain/ports.ts';
import { testBlobContainer, testIdentityContainer } from '../services/test-blob-store.ts';

const BYTES = new TextEncoder().encode('a picture');
const LINK = { lifeMs: 60_000, contentType: 'image/png', fileName: 'cap_1.png' };

// One contract, both ways to the storage: an account key, and a managed identity without any key.
describe.each([
  ['connection string', () => createAzureBlobStore(testBlobContainer())],
  ['managed identity, user-delegation key', () => createAzureBlobStore(testIdentityContainer())],
])('%s', (_way, open) => {
  let blobs: BlobStore;
  let made = 0;
  const nextName = () => `ws/2026/11/cap/${++made}.png`;
  const put = async (name: string, bytes = BYTES) => {
    const grant = await blobs.grantUpload(name, 'image/png', 60_000);
    return await fetch(grant.url, { method: 'PUT', headers: grant.headers, body: bytes });
  };
  beforeAll(async () => {
    blobs = open();
    await blobs.prepare();
    await blobs.prepare();
  });

  test('an upload grant writes its blob once and can do nothing else', async () => {
    const name = nextName();
    const grant = await blobs.grantUpload(name, 'image/png', 60_000);
    const put1 = await fetch(grant.url, { method: 'PUT', headers: grant.headers, body: BYTES });
    expect(put1.status).toBe(201);
    expect((await fetch(grant.url, { method: 'PUT', headers: grant.headers, body: 'other' })).status).toBeGreaterThanOrEqual(403);
    const { 'if-none-match': _condition, ...unconditional } = grant.headers;
    expect((await fetch(grant.url, { method: 'PUT', headers: unconditional, body: 'other' })).status).toBe(403);
    expect((await fetch(grant.url)).status).toBe(403);
    expect((await fetch(grant.url, { method: 'DELETE' })).status).toBe(403);
    const elsewhere = grant.url.replace(`/${name}?`, `/${nextName()}?`);
    expect((await fetch(elsewhere, { method: 'PUT', headers: grant.headers, body: BYTES })).status).toBe(403);
    expect(await blobs.stat(name)).toEqual({ bytes: BYTES.length });
  });

  test('bytes that are not those of the digest are refused, and leave nothing', async () => {
    const name = nextName();
    const grant = await blobs.grantUpload(name, 'image/png', 60_000);
    const headers = { ...grant.headers, 'content-md5': createHash('md5').update(BYTES).digest('base64') };
    expect((await fetch(grant.url, { method: 'PUT', headers, body: 'a pikture' })).status).toBe(400);
    expect(await blobs.stat(name)).toBeNull();
    expect((await fetch(grant.url, { method: 'PUT', headers, body: BYTES })).status).toBe(201);
  });

  test('a link reads its blob; expired, for another blob, changed or unsigned it does not', async () => {
    const [name, other] = [nextName(), nextName()];
    await put(name);
    await put(other);
    const { url, expiresAt } = await blobs.issueLink(name, LINK);
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(BYTES);
    expect(answer.headers.get('content-disposition')).toBe('inline; filename="cap_1.png"');
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(Math.abs(expiresAt.getTime() - Date.now() - 60_000)).toBeLessThan(2_000);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch((await blobs.issueLink(name, { ...LINK, lifeMs: -2_000 })).url)).status).toBe(403);
    expect((await fetch(url.replace(name, other))).status).toBe(403);
    for (const parameter of ['se', 'sp', 'rsct', 'rscd', 'sig']) {
      const changed = new URL(url);
      const before = changed.searchParams.get(parameter) ?? '';
      expect(before).not.toBe('');
      changed.searchParams.set(
        parameter,
        parameter === 'se' ? '2099-01-01T00:00:00Z' : parameter === 'sp' ? 'rwd' : `${before.slice(0, -3)}abc`,
      );
      expect([parameter, (await fetch(changed)).status]).toEqual([parameter, 403]);
    }
    expect([403, 404]).toContain((await fetch(url.split('?')[0] ?? '')).status);
  });

  test('a file name cannot break out of its header', async () => {
    const name = nextName();
    await put(name);
    const { url } = await blobs.issueLink(name, { ...LINK, fileName: 'a"; x\r\ny.png' });
    expect((await fetch(url)).headers.get('content-disposition')).toBe('inline; filename="a___x__y.png"');
  });

  test('stat, list and remove', async () => {
    const name = nextName();
    expect(await blobs.stat(name)).toBeNull();
    await blobs.remove(name);
    await put(name);
    const listed: string[] = [];
    for await (const blob of blobs.list(name)) {
      listed.push(blob.name);
      expect(blob.bytes).toBe(BYTES.length);
      expect(Math.abs(blob.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
    }
    expect(listed).toEqual([name]);
    await blobs.remove(name);
    expect(await blobs.stat(name)).toBeNull();
  });
});

test('over https a signature is for https only', async () => {
  const blobs = createAzureBlobStore(testIdentityContainer());
  const { url } = await blobs.issueLink('a/b.png', LINK);
  const grant = await blobs.grantUpload('a/b.png', 'image/png', 60_000);
  expect(new URL(url).searchParams.get('spr')).toBe('https');
  expect(new URL(grant.url).searchParams.get('spr')).toBe('https');
});

test('a public URL is what links show; uploads go where the server goes', async () => {
  const options = testBlobContainer();
  const direct = createAzureBlobStore(options);
  const own = new URL((await direct.issueLink('a/b.png', LINK)).url);
  const shown = createAzureBlobStore({ ...options, publicUrl: 'https://files.example.com' });
  const link = new URL((await shown.issueLink('a/b.png', LINK)).url);
  expect(link.origin).toBe('https://files.example.com');
  expect(link.pathname).toBe(own.pathname);
  expect(link.searchParams.get('spr')).toBe('https');
  expect(shown.publicOrigin()).toBe('https://files.example.com');
  expect(new URL((await shown.grantUpload('a/b.png', 'image/png', 1000)).url).origin).toBe(own.origin);
});

test('neither or both ways at once are refused', () => {
  expect(() => createAzureBlobStore({ container: 'c' })).toThrow('either');
  expect(() => createAzureBlobStore({ ...testBlobContainer(), accountUrl: 'https://x' })).toThrow('either');
});
