import { request } from 'node:http';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { makeAuthority } from '#runner/fixtures/certificates.ts';
import { type Site, startSite } from '#runner/fixtures/site.ts';
import { LIMITS } from '#shared/limits.ts';
import { createLog } from '#shared/log.ts';
import { dialFirst } from './dial.ts';
import type { EgressOptions } from './egress-ledger.ts';
import { type EgressSession, openEgressProxy } from './egress-proxy.ts';

const log = createLog('test', 'error', () => undefined);
/** What every line of a log at this level has beside its message. */
const AT = { time: expect.any(String), level: 'debug', part: 'test' };
const closers: (() => Promise<void>)[] = [];
let certificate: { cert: string; key: string };

beforeAll(async () => {
  certificate = await (await makeAuthority('Proxy CA')).issue(['localhost']);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: Partial<EgressOptions>): Promise<EgressSession> {
  const session = await openEgressProxy({ reach: { domains: [], parts: null }, log, ...options });
  closers.push(session.close);
  return session;
}

async function site(answer: Parameters<typeof startSite>[0], secure = true): Promise<Site> {
  const made = await startSite(answer, secure ? certificate : undefined);
  closers.push(made.close);
  return made;
}

/** Sends a CONNECT; answers with the status and the open socket. */
async function tunnel(session: EgressSession, authority: string): Promise<{ status: number; socket: Socket }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; socket: Socket }>();
  request({ port: session.port, host: '127.0.0.1', method: 'CONNECT', path: authority })
    .once('connect', (response, socket) => resolve({ status: response.statusCode ?? 0, socket }))
    .once('error', reject)
    .end();
  return await promise;
}

async function get(
  session: EgressSession,
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>();
  request({ port: session.port, host: '127.0.0.1', path: url, headers }, async (response) => {
    let body = '';
    response.on('data', (chunk) => {
      body += chunk;
    });
    response.once('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    response.once('error', reject);
  })
    .once('error', reject)
    .end();
  return await promise;
}

/** A site that takes connections and never says a word; `ended` resolves when a client, or the proxy for it, hangs up. */
async function openSilent(): Promise<{ port: number; ended: Promise<void> }> {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => void socket.on('error', () => undefined).once('close', () => resolve()));
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  closers.push(async () => void server.close());
  const address = server.address();
  return { port: address !== null && typeof address === 'object' ? address.port : 0, ended };
}

/** Resolves when the other end has closed the socket, however it did. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise(
    (resolve) =>
      void socket
        .resume()
        .on('error', () => undefined)
        .once('close', () => resolve()),
  );
}

async function readTls(socket: Socket, path = '/'): Promise<string> {
  const secure = connectTls({ socket, servername: 'localhost', rejectUnauthorized: false });
  secure.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of secure) text += chunk;
  return text;
}

it('tunnels TLS to a private target that is listed, whole, and names it in the books', async () => {
  const body = 'x'.repeat(3_000_000);
  const target = await site((_request, response) => void response.end(body));
  const session = await open({ reach: { domains: [{ host: 'localhost', port: target.port, isPrivate: true }], parts: null } });
  const { status, socket } = await tunnel(session, `localhost:${target.port}`);
  expect(status).toBe(200);
  const answer = await readTls(socket);
  expect(answer.length).toBeGreaterThan(body.length);
  expect(answer.endsWith('xx') || answer.includes('xxxx')).toBe(true);
  expect(session.hosts()).toEqual(['localhost']);
  expect(session.blocked()).toEqual([]);
  expect(session.lastBlock('localhost')).toBeNull();
});

it('refuses what is not listed with an empty 403 and says why', async () => {
  const target = await site((_request, response) => void response.end('inside'));
  const session = await open({ reach: { domains: [{ host: 'localhost', port: target.port + 1, isPrivate: true }], parts: null } });
  for (const authority of [`localhost:${target.port}`, `127.0.0.1:${target.port}`, '169.254.169.254:443', '[::1]:443', 'nonsense']) {
    expect([authority, (await tunnel(session, authority)).status]).toEqual([authority, 403]);
  }
  expect(target.requests).toHaveLength(0);
  expect(session.blocked()).toContainEqual({ host: '169.254.169.254', reason: 'private address' });
  expect(session.lastBlock('localhost')).toBe('port not allowed');
});

it('dials the address it judged and no other: a name that rebinds is refused at its next connection', async () => {
  const target = await site((_request, response) => void response.end('public'));
  const answers = [['93.184.215.14'], ['127.0.0.1']];
  const dialed: string[][] = [];
  const session = await open({
    resolve: async () => answers.shift() ?? [],
    dial: async (way, signal) => {
      dialed.push([...way.addresses]);
      return dialFirst({ addresses: ['127.0.0.1'], port: target.port }, signal);
    },
  });
  expect((await tunnel(session, 'rebind.example.com:443')).status).toBe(200);
  expect((await tunnel(session, 'rebind.example.com:443')).status).toBe(403);
  expect(dialed).toEqual([['93.184.215.14']]);
  expect(session.lastBlock('rebind.example.com')).toBe('private address');
});

it('passes plain sub-resources on without anything of the proxy or of the connection', async () => {
  const target = await site((_request, response) => {
    response.setHeader('proxy-authenticate', 'Basic');
    response.end('picture');
  }, false);
  const session = await open({
    resolve: async () => ['93.184.215.14'],
    dial: (_way, signal) => dialFirst({ addresses: ['127.0.0.1'], port: target.port }, signal),
  });
  const answer = await get(session, 'http://cdn.example.com/a.png?b=c', {
    'proxy-authorization': 'Basic secret',
    'x-kept': 'yes',
    'x-hop': 'no',
    connection: 'x-hop',
  });
  expect(answer).toMatchObject({ status: 200, body: 'picture' });
  expect(answer.headers['proxy-authenticate']).toBeUndefined();
  expect(target.requests[0]?.url).toBe('/a.png?b=c');
  expect(target.requests[0]?.headers).toMatchObject({ host: 'cdn.example.com', 'x-kept': 'yes' });
  expect(Object.keys(target.requests[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(['proxy-authorization']));
  expect(target.requests[0]?.headers['x-hop']).toBeUndefined();
});

it('refuses plain requests to other ports, to the inside, and those that are not for a proxy', async () => {
  const session = await open({ resolve: async (host) => (host === 'inside.example.com' ? ['10.0.0.1'] : ['93.184.215.14']) });
  expect((await get(session, 'http://cdn.example.com:8080/')).status).toBe(403);
  expect((await get(session, 'http://inside.example.com/')).status).toBe(403);
  expect((await get(session, 'http://127.0.0.1/')).status).toBe(403);
  expect((await get(session, '/')).status).toBe(400);
  expect((await get(session, 'http://user:secret@cdn.example.com/')).status).toBe(400);
  expect((await get(session, 'https://cdn.example.com/')).status).toBe(400);
});

it('ends a capture that uses up its bytes', async () => {
  const target = await site((_request, response) => void response.end('x'.repeat(500_000)));
  const session = await open({
    reach: { domains: [{ host: 'localhost', port: target.port, isPrivate: true }], parts: null },
    bytesMax: 100_000,
  });
  const { socket } = await tunnel(session, `localhost:${target.port}`);
  // However the cut looks to the client, the rest of the body never came.
  expect((await readTls(socket).catch(() => '')).length).toBeLessThan(110_000);
  expect((await tunnel(session, `localhost:${target.port}`)).status).toBe(403);
  expect(session.blocked()).toContainEqual({ host: 'localhost', reason: 'byte limit' });
});

it('holds no more connections at once than a capture may have, and says so', async () => {
  const target = await site((_request, response) => void response.end('x'));
  const session = await open({
    reach: { domains: [{ host: 'localhost', port: target.port, isPrivate: true }], parts: null },
    connectionsMax: 2,
  });
  const held = [await tunnel(session, `localhost:${target.port}`), await tunnel(session, `localhost:${target.port}`)];
  expect(held.map(({ status }) => status)).toEqual([200, 200]);
  await expect(tunnel(session, `localhost:${target.port}`)).rejects.toThrow();
  expect(session.blocked()).toEqual([{ host: 'proxy', reason: 'too many connections' }]);
});

it('looks up few names at once, and goes on when they are answered', async () => {
  const asked: (() => void)[] = [];
  const { promise: all, resolve: done } = Promise.withResolvers<void>();
  let most = 0;
  const session = await open({
    resolve: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      asked.push(resolve);
      most = Math.max(most, asked.length);
      if (asked.length === LIMITS.captureLookUpsMax) done();
      await promise;
      return ['10.0.0.1'];
    },
  });
  const tunnels = Array.from({ length: 6 }, (_, index) => tunnel(session, `${index}.example.com:443`));
  await all;
  const free = setInterval(() => asked.shift()?.(), 1);
  expect((await Promise.all(tunnels)).map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 403]);
  clearInterval(free);
  expect(most).toBe(LIMITS.captureLookUpsMax);
});

it('asks the one judge for every connection, and dials only what he gave', async () => {
  const target = await site((_request, response) => void response.end('x'));
  const asked: string[] = [];
  const session = await open({
    decide: async (_domains, { host }) => {
      asked.push(host);
      return host === 'given.test' ? { ok: true, addresses: ['127.0.0.1'] } : { ok: false, reason: 'private address' };
    },
  });
  expect((await tunnel(session, `given.test:${target.port}`)).status).toBe(200);
  expect((await tunnel(session, `other.test:${target.port}`)).status).toBe(403);
  expect(asked).toEqual(['given.test', 'other.test']);
});

it('says that a host does not answer', async () => {
  const session = await open({ resolve: async () => ['93.184.215.14'], dial: async () => null });
  expect((await tunnel(session, 'down.example.com:443')).status).toBe(502);
  expect(session.lastBlock('down.example.com')).toBe('unreachable');
  expect(session.blocked()).toEqual([]);
});

it('ends every socket when it closes', async () => {
  const silent = await openSilent();
  const session = await open({ reach: { domains: [{ host: 'localhost', port: silent.port, isPrivate: true }], parts: null } });
  const { socket } = await tunnel(session, `localhost:${silent.port}`);
  const ended = closeOf(socket);
  await session.close();
  await Promise.all([ended, silent.ended]);
  const refused = Promise.withResolvers<void>();
  connectSocket(session.port, '127.0.0.1').once('error', () => refused.resolve());
  await refused.promise;
});

it.each([
  ['says nothing', ''],
  ['never ends its head', 'CONNECT app.example.com:443 HTTP/1.1\r\nHost: app.example.com\r\n'],
])('hangs up on a client that %s', async (_what, sent) => {
  const session = await open({ headersMs: 200 });
  const socket = connectSocket(session.port, '127.0.0.1');
  socket.write(sent);
  await closeOf(socket); // without a bound of ours Node waits for longer than a test may
});

it('ends both sides of a tunnel in which nobody says a word', async () => {
  const silent = await openSilent();
  const session = await open({ reach: { domains: [{ host: 'localhost', port: silent.port, isPrivate: true }], parts: null }, idleMs: 200 });
  const { status, socket } = await tunnel(session, `localhost:${silent.port}`);
  expect(status).toBe(200);
  await Promise.all([closeOf(socket), silent.ended]);
});

it('logs once, when details are asked for, which host and port a page reached', async () => {
  const target = await site((_request, response) => void response.end('x'));
  const lines: string[] = [];
  const session = await open({
    reach: { domains: [{ host: '*.localhost', port: target.port, isPrivate: true }], parts: null },
    log: createLog('test', 'debug', (line) => void lines.push(line)),
  });
  for (const name of ['a', 'a', 'b', 'A']) expect((await tunnel(session, `${name}.localhost:${target.port}`)).status).toBe(200);
  expect((await tunnel(session, '10.0.0.1:443')).status).toBe(403);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { ...AT, message: 'egress reached', host: 'a.localhost', port: target.port },
    { ...AT, message: 'egress reached', host: 'b.localhost', port: target.port },
    { ...AT, message: 'egress refused', host: '10.0.0.1', reason: 'private address' },
  ]);
});
