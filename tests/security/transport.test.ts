import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf } from '../api/api-bed.ts';
import { TRANSPORT } from './cases/transport.ts';
import { createInputBed, type InputBed } from './input-bed.ts';

/** Row 2 of the security model: how a request arrives. Nothing here is a fault of ours, and nothing of a body comes back. */
let bed: InputBed;
beforeAll(async () => {
  bed = await createInputBed();
});
afterAll(() => bed?.close());

const fill = (raw: string | Uint8Array<ArrayBuffer> | undefined) => (typeof raw === 'string' ? raw.replaceAll('CANARY', bed.canary) : raw);

describe.each(TRANSPORT)('$group', ({ cases }) => {
  test.each(cases)('$why: $status $code', async ({ raw, headers, method, path, status, code }) => {
    const answer = await bed.call(path ?? '/api/captures', {
      method: method ?? 'POST',
      raw: fill(raw),
      headers: { ...(raw === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    expect([answer.status, answer.code]).toEqual([status, code]);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET|POST/);
  });
});

describe('a key that is used again', () => {
  const send = (key: string, over = {}) => bed.post(bed.request(over), { headers: { 'idempotency-key': key } });

  test('with another body is refused, whatever differs', async () => {
    const first = await send('again');
    expect(first.status).toBe(202);
    const others = [
      { url: 'https://app.example.com/other' },
      { auth: { bearer: bed.canary } },
      { auth: undefined },
      { delay: 0 },
      { actions: [] },
    ];
    for (const over of others) {
      const answer = await send('again', over);
      expect([answer.status, answer.code]).toEqual([422, 'idempotency_key_reused']);
    }
    const repeated = await send('again');
    expect([repeated.status, repeated.headers.get('idempotent-replayed'), repeated.text]).toEqual([202, 'true', first.text]);
  });

  test('by another key of the workspace is refused, as if with another body', async () => {
    await send('shared');
    const answer = await bed.post(bed.request(), { key: await bed.api.makeKey(), headers: { 'idempotency-key': 'shared' } });
    expect([answer.status, answer.code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('by many at once makes one capture; the others hear the same or that it is in progress', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, () => send('at-once')));
    const made = new Set(taken.filter(({ status }) => status === 202).map((answer) => textOf(answer, 'id')));
    expect(made.size).toBe(1);
    for (const { status, code } of taken.filter((answer) => answer.status !== 202))
      expect([status, code]).toEqual([409, 'idempotency_in_progress']);
  });

  test('by many at once with two bodies makes one capture; the other body is refused', async () => {
    const sent = await Promise.all(Array.from({ length: 20 }, (_, index) => send('two', { delay: index % 2 })));
    const made = new Set(sent.filter(({ status }) => status === 202).map((answer) => textOf(answer, 'id')));
    expect(made.size).toBe(1);
    for (const answer of sent.filter(({ status }) => status !== 202))
      expect(['idempotency_key_reused', 'idempotency_in_progress']).toContain(answer.code);
  });
});

describe('on the wire', () => {
  const head = (more: string) =>
    `POST /api/captures HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bed.api.key}\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;
  const body = () => JSON.stringify(bed.request());
  const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

  const wires: [why: string, sent: () => string, status: number, code: string | null][] = [
    ['in chunks', () => `${head('Transfer-Encoding: chunked\r\nConnection: close')}${[...body()].map(chunk).join('')}0\r\n\r\n`, 202, null],
    ['in chunks over the limit', () => `${head('Transfer-Encoding: chunked')}${chunk(' '.repeat(1_100_000))}`, 413, 'payload_too_large'],
    ['no length at all', () => head('Connection: close'), 400, 'invalid_json'],
    ['a length of nothing', () => head('Content-Length: 0\r\nConnection: close'), 400, 'invalid_json'],
    ['a length over the limit, and no body', () => head('Content-Length: 999999999'), 413, 'payload_too_large'],
    ['a length that is negative', () => head('Content-Length: -1'), 400, 'bad_request'],
    ['a length that is a word', () => head('Content-Length: abc'), 400, 'bad_request'],
    ['two lengths', () => `${head('Content-Length: 5\r\nContent-Length: 6')}{"a":1}`, 400, 'bad_request'],
    ['a length and chunks', () => `${head('Content-Length: 4\r\nTransfer-Encoding: chunked')}0\r\n\r\n`, 400, 'bad_request'],
    ['chunks that are none', () => `${head('Transfer-Encoding: chunked')}zz\r\n{}\r\n`, 400, 'bad_request'],
    ['an encoding of chunks that is unknown', () => `${head('Transfer-Encoding: xchunked')}0\r\n\r\n`, 400, 'bad_request'],
    ['a length shorter than the body', () => `${head('Content-Length: 5\r\nConnection: close')}${body()}`, 400, 'bad_request'],
    ['headers over 16 KiB', () => head(`X-A: ${bed.canary.repeat(1000)}`), 431, 'headers_too_large'],
    ['a header with a line break folded in', () => head('X-A: a\r\n b: c\r\nContent-Length: 0\r\nConnection: close'), 400, 'bad_request'],
    ['a header name with a space', () => head('X A: b'), 400, 'bad_request'],
    ['NUL in a header', () => head(`X-A: ${bed.canary}\u0000`), 400, 'bad_request'],
    ['a method in small letters', () => head('Content-Length: 0').replace('POST', 'post'), 400, 'bad_request'],
    ['a method of tracing', () => head('Connection: close').replace('POST', 'TRACE'), 405, 'method_not_allowed'],
    ['a method of file shares', () => head('Connection: close').replace('POST', 'PROPFIND'), 405, 'method_not_allowed'],
    ['a method that there is not', () => head('Connection: close').replace('POST', 'CAPTURE'), 400, 'bad_request'],
    ['a tunnel', () => 'CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n', 400, 'bad_request'],
    ['a whole URL as the path', () => `${head('Content-Length: 2').replace('/api', 'http://evil.test/api')}{}`, 422, 'invalid_request'],
    ['a path that is none', () => `${head('Content-Length: 2').replace('/api/captures', 'api/captures')}{}`, 400, 'bad_request'],
    ['a star for the path', () => 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404, 'not_found'],
    [
      'another protocol asked for',
      () => `${head('Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2')}{}`,
      422,
      'invalid_request',
    ],
    ['an expectation that nobody meets', () => `${head('Expect: x\r\nContent-Length: 2')}{}`, 422, 'invalid_request'],
    ['the beginning of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'bad_request'],
    ['a version that there is not', () => head('').replace('HTTP/1.1', 'HTTP/9.9'), 400, 'bad_request'],
    ['no HTTP', () => `${bed.canary}\r\n\r\n`, 400, 'bad_request'],
    ['the beginning of TLS', () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 400, 'bad_request'],
  ];
  test.each(wires)('%s', async (_why, sent, status, code) => {
    const answer = await bed.work.measure(sent(), () => exchange(bed.api.app.port, sent()));
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.text).not.toContain(bed.canary);
    expect(answer.text).toMatch(/^x-request-id: req_/im);
  });

  test('a body or a head that comes a byte at a time is given up', { timeout: 60_000 }, async () => {
    const starts = [head('Content-Length: 5000'), 'POST /api/captures HTTP/1.1\r\nHost: x\r\nX-A:'];
    const answers = await Promise.all(starts.map((start) => exchange(bed.api.app.port, start, { dripMs: 500, msMax: 40_000 })));
    expect(answers.map(({ status, code }) => [status, code])).toEqual(starts.map(() => [408, 'request_timeout']));
  });

  test('who hangs up in the middle of a body is no fault of ours', async () => {
    const socket = connect(bed.api.app.port, '127.0.0.1');
    await new Promise((resolve) => socket.write(`${head('Content-Length: 5000')}{"url":"${bed.canary}`, resolve));
    socket.destroy();
    await expect.poll(() => bed.logs()).toContain('"status"');
    expect((await bed.post(bed.request())).status).toBe(202);
  });
});

test('none of them makes the server work for long', async () => {
  expect(await bed.work.findDear('transport')).toEqual([]);
});

test('nothing of all that is in a log, and none of it was called our fault', () => {
  expect(bed.logs()).not.toContain(bed.canary);
  expect(bed.logs()).not.toContain('"request failed"');
});

type Wire = { status: number; code: string | null; text: string };

/** Writes bytes to the server and reads what it says until it is done; with `dripMs` a space follows in every such time. */
function exchange(port: number, sent: string, { dripMs = 0, msMax = 10_000 } = {}): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(sent));
    const drip = dripMs > 0 ? setInterval(() => socket.writable && socket.write(' '), dripMs) : undefined;
    const end = (act: () => void) => {
      clearInterval(drip);
      socket.destroy();
      act();
    };
    const signal = AbortSignal.timeout(msMax);
    signal.addEventListener('abort', () => end(() => reject(new Error(`no answer in ${msMax} ms: ${text}`))));
    socket.on('data', (data) => {
      text += data.toString();
      const whole = readWhole(text);
      if (whole) end(() => resolve(whole));
    });
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('close', () => end(() => reject(new Error(`closed without an answer: ${text}`))));
  });
}

function readWhole(text: string): Wire | null {
  const at = text.indexOf('\r\n\r\n');
  const length = /content-length: (\d+)/i.exec(text.slice(0, at))?.[1];
  const body = text.slice(at + 4);
  if (at < 0 || length === undefined || Buffer.byteLength(body) < Number(length)) return null;
  const parsed = JSON.parse(body);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), code: parsed.code ?? null, text };
}
