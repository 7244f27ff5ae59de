import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import { createLog } from '#shared/log.ts';
import { type Site, startSite } from './fixtures/site.ts';
import { type StoredFile, UploadFailed, uploadAsset } from './upload-asset.ts';

const BYTES = Buffer.alloc(300_000, 7);
const lines: string[] = [];
const scope = { signal: new AbortController().signal, log: createLog('test', 'debug', (line) => void lines.push(line)) };
let folder: string;
let stored: StoredFile;
let site: Site | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-upload-'));
  stored = {
    file: join(folder, 'a.png'),
    bytes: BYTES.length,
    md5: createHash('md5').update(BYTES).digest('base64'),
    contentType: 'image/png',
  };
  await writeFile(stored.file, BYTES);
});
afterEach(() => site?.close());
afterAll(() => rm(folder, { recursive: true, force: true }));

async function store(answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void) {
  site = await startSite(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    answer(request, response, Buffer.concat(chunks));
  });
  return {
    url: `http://127.0.0.1:${site.port}/captures/a.png?sig=canary-signature`,
    headers: { 'x-ms-blob-type': 'BlockBlob' },
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
  };
}

it('puts the file once, whole, with its type, length and digest', async () => {
  let got: Buffer | null = null;
  const grant = await store((_request, response, body) => {
    got = body;
    response.writeHead(201).end();
  });
  await uploadAsset(stored, grant, scope);
  expect(got).toEqual(BYTES);
  expect(site?.requests).toHaveLength(1);
  expect(site?.requests[0]).toMatchObject({
    method: 'PUT',
    headers: {
      'content-length': String(BYTES.length),
      'content-type': 'image/png',
      'x-ms-blob-type': 'BlockBlob',
      'content-md5': stored.md5,
    },
  });
});

it('takes "exists already" after a try of its own as done: the first one got through', async () => {
  let tries = 0;
  const grant = await store((request, response) => {
    tries += 1;
    if (tries === 1)
      request.socket.destroy(); // stored, but the answer never came
    else response.writeHead(409, { 'x-ms-error-code': 'BlobAlreadyExists' }).end();
  });
  await uploadAsset(stored, grant, scope);
  expect(tries).toBe(2);
});

it('fails when another blob is there before its first try, or the grant is refused', async () => {
  for (const status of [409, 403]) {
    const grant = await store(
      (_request, response) =>
        void response.writeHead(status, { 'x-ms-error-code': status === 409 ? 'BlobAlreadyExists' : 'AuthorizationFailure' }).end(),
    );
    await expect(uploadAsset(stored, grant, scope)).rejects.toThrow(UploadFailed);
    expect(site?.requests).toHaveLength(1);
    await site?.close();
    site = undefined;
  }
});

it('tries a store that is broken a bounded number of times, and never logs the grant', async () => {
  const grant = await store((_request, response) => void response.writeHead(503).end());
  await expect(uploadAsset(stored, grant, scope)).rejects.toThrow(/503/);
  expect(site?.requests).toHaveLength(LIMITS.uploadTriesMax);
  expect(lines.join()).not.toContain('canary-signature');
});

it('fails at once when the store finds other bytes than were rendered', async () => {
  const grant = await store((_request, response) => void response.writeHead(400, { 'x-ms-error-code': 'Md5Mismatch' }).end());
  await expect(uploadAsset(stored, grant, scope)).rejects.toThrow(/400 Md5Mismatch/);
  expect(site?.requests).toHaveLength(1);
});

it('stops at once when the attempt is stopped', async () => {
  const grant = await store(() => undefined); // never answers
  const stop = new AbortController();
  const upload = uploadAsset(stored, grant, { ...scope, signal: stop.signal });
  stop.abort(new Error('stopped'));
  await expect(upload).rejects.toThrow('stopped');
});
