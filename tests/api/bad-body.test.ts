import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

const JSON_TYPE = { 'content-type': 'application/json' };

describe('400 invalid_json', () => {
  const bodies: [string, string | Uint8Array<ArrayBuffer>][] = [
    ['no JSON', 'hello'],
    ['cut off', '{"url":"https://app.example.com/'],
    ['a trailing comma', '{"url":"https://app.example.com/",}'],
    ['two documents', '{}{}'],
    ['nothing', ''],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ];
  test.each(bodies)('%s', async (_name, raw) => {
    const answer = await bed.call('/api/captures', { method: 'POST', raw, headers: JSON_TYPE });
    expect([answer.status, problemOf(answer).code]).toEqual([400, 'invalid_json']);
  });

  test('the answer does not quote the body', async () => {
    const answer = await bed.call('/api/captures', { raw: '{"auth":{"bearer":"canary-secret"},', headers: JSON_TYPE });
    expect(answer.text).not.toContain('canary');
    expect(bed.logs.join('')).not.toContain('canary');
  });

  test('no body at all', async () => {
    const answer = await bed.call('/api/captures', { method: 'POST' });
    expect([answer.status, problemOf(answer).code]).toEqual([400, 'invalid_json']);
  });
});

describe('400 bad_request', () => {
  const requests: [string, string][] = [
    ['something that is not HTTP', 'GARBAGE\r\n\r\n'],
    ['a length and chunks at once', 'POST /api/captures HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n'],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ];
  test.each(requests)('%s is answered as a problem', async (_name, text) => {
    const [head = '', body = ''] = (await sendRaw(text)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1.1 400 /);
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    const requestId = /x-request-id: (req_\w+)/i.exec(head)?.[1];
    expect(JSON.parse(body)).toMatchObject({
      type: `${bed.app.url}/api/docs#bad_request`,
      status: 400,
      code: 'bad_request',
      requestId,
    });
  });
});

describe('400 invalid_idempotency_key', () => {
  test.each([[' '], ['with space'], ['ümlaut'], ['a'.repeat(256)]])('%j', async (key) => {
    const answer = await bed.call('/api/captures', { body: GOOD, headers: { 'idempotency-key': key } });
    expect([answer.status, problemOf(answer).code]).toEqual([400, 'invalid_idempotency_key']);
  });
});

describe('413, 415, 431, 408', () => {
  test('a body over 1 MiB, with its length told or not', async () => {
    const big = JSON.stringify({ ...GOOD, reference: 'a'.repeat(LIMITS.bodyBytesMax) });
    const told = await bed.call('/api/captures', { raw: big, headers: JSON_TYPE });
    expect([told.status, problemOf(told).code]).toEqual([413, 'payload_too_large']);
    const chunked = await sendChunked(big);
    expect(chunked.status).toBe(413);
    expect(JSON.parse(chunked.text)).toMatchObject({ code: 'payload_too_large' });
  });

  test('a body far over the limit is answered, not cut off', async () => {
    const answer = await bed.call('/api/captures', { raw: 'a'.repeat(8 * LIMITS.bodyBytesMax), headers: JSON_TYPE });
    expect(answer.status).toBe(413);
  });

  test('another content type, or an encoding', async () => {
    const kinds: Record<string, string>[] = [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-type': 'application/jsonx' },
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
    ];
    for (const headers of kinds) {
      const answer = await bed.call('/api/captures', { raw: JSON.stringify(GOOD), headers });
      expect([headers, answer.status, problemOf(answer).code]).toEqual([headers, 415, 'unsupported_media_type']);
    }
    expect(
      (await bed.call('/api/captures', { raw: JSON.stringify(GOOD), headers: { 'content-type': 'Application/JSON; charset=utf-8' } }))
        .status,
    ).toBe(202);
  });

  test('headers over 16 KiB are 431, as a problem', async () => {
    const answer = await sendRaw(`GET /api/captures HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toContain('HTTP/1.1 431');
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain('"headers_too_large"');
    expect(answer).toMatch(/X-Request-Id: req_/);
  });

  test('a body that does not arrive is 408, as a problem', { timeout: 60_000 }, async () => {
    const answer = await sendRaw(
      `POST /api/captures HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bed.key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"url":`,
    );
    expect(answer).toContain('HTTP/1.1 408');
    expect(answer).toContain('"request_timeout"');
  });
});

function sendRaw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(bed.app.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

function sendChunked(body: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      `${bed.app.url}/api/captures`,
      { method: 'POST', headers: { ...JSON_TYPE, authorization: `Bearer ${bed.key}`, 'transfer-encoding': 'chunked' } },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, text }));
      },
    );
    sending.on('error', reject);
    for (let at = 0; at < body.length; at += 65_536) sending.write(body.slice(at, at + 65_536));
    sending.end();
  });
}
