import { createServer as createProxy, type IncomingMessage, request } from 'node:http';
import { connect, createServer, Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { startSite } from '#runner/fixtures/site.ts';
import { createLog } from '#shared/log.ts';
import { secret } from '#shared/secret.ts';
import { dialThrough } from './dial-upstream.ts';
import { openEgressProxy } from './egress-proxy.ts';

const PUBLIC = '93.184.215.14';
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const lines: string[] = [];
const log = createLog('test', 'debug', (line) => void lines.push(line));

/** A corporate proxy: opens tunnels to `sitePort` for whoever brings the password, whatever address is asked for. */
async function startUpstream(sitePort: number, status = 200) {
  const asked: { authority: string; authorization: string | undefined }[] = [];
  const server = createProxy();
  server.on('connect', (message: IncomingMessage, socket: Socket) => {
    asked.push({ authority: message.url ?? '', authorization: message.headers['proxy-authorization'] });
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    const site = connect(sitePort, '127.0.0.1');
    socket.write('HTTP/1.1 200 Connection established\r\nVia: 1.1 corporate\r\n\r\n');
    socket.pipe(site).pipe(socket);
    for (const end of [socket, site]) end.on('error', () => end.destroy());
  });
  return { asked, port: await listen(server) };
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  closers.push(() => void server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function openThrough(upstreamPort: number) {
  const upstream = { host: '127.0.0.1', port: upstreamPort, authorization: secret('Basic dXNlcjpjYW5hcnk=') };
  const domains = [{ host: 'intra.corp.internal', port: null, isPrivate: true }];
  const resolve = async (host: string) => [host === 'intra.corp.internal' ? '127.0.0.9' : PUBLIC];
  const session = await openEgressProxy({ reach: { domains, parts: null }, log, resolve, dial: dialThrough(upstream, log) });
  closers.push(session.close);
  return session;
}

async function get(proxyPort: number, url: string): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  request({ port: proxyPort, host: '127.0.0.1', path: url, headers: { host: new URL(url).host } }, async (response) => {
    let body = '';
    for await (const chunk of response) body += chunk;
    resolve({ status: response.statusCode ?? 0, body });
  })
    .once('error', reject)
    .end();
  return await promise;
}

it('goes through the proxy of the operator, which is asked for the judged address and never for a name', async () => {
  const site = await startSite((_request, response) => void response.end('through'));
  closers.push(site.close);
  const upstream = await startUpstream(site.port);
  const session = await openThrough(upstream.port);
  expect(await get(session.port, 'http://cdn.example.com/a.png')).toEqual({ status: 200, body: 'through' });
  expect(upstream.asked).toEqual([{ authority: `${PUBLIC}:80`, authorization: 'Basic dXNlcjpjYW5hcnk=' }]);
  expect(site.requests[0]?.headers.host).toBe('cdn.example.com');
  expect(site.requests[0]?.headers['proxy-authorization']).toBeUndefined();
});

it('hands on what the site said in one breath with the proxy', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nSSH-2.0-first words'));
  });
  const upstream = { host: '127.0.0.1', port: await listen(server), authorization: null };
  const socket = await dialThrough(upstream, log)({ addresses: ['2606:2800::1'], port: 443 }, new AbortController().signal);
  if (!(socket instanceof Socket)) throw new Error(`no tunnel: ${socket}`);
  closers.push(() => void socket.destroy());
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  expect(await promise).toBe('SSH-2.0-first words');
});

it('refuses what is inside as before, and goes to private entries directly', async () => {
  const upstream = await startUpstream(1);
  const session = await openThrough(upstream.port);
  expect((await get(session.port, 'http://169.254.169.254/')).status).toBe(403);
  expect(
    await dialThrough({ host: '127.0.0.1', port: upstream.port, authorization: null }, log)(
      { addresses: ['127.0.0.1'], port: 1 },
      new AbortController().signal,
    ),
  ).toBeNull();
  expect(upstream.asked).toEqual([]);
});

it.each([
  [407, 'refused by the upstream proxy'],
  [403, 'refused by the upstream proxy'],
  [503, 'unreachable'],
])('when the proxy answers %i says: %s, without the password', async (status, reason) => {
  const upstream = await startUpstream(1, status);
  const session = await openThrough(upstream.port);
  expect((await get(session.port, 'http://cdn.example.com/')).status).toBe(502);
  expect(session.lastBlock('cdn.example.com')).toBe(reason);
  expect(lines.join('\n')).toContain(String(status));
  expect(lines.join('\n')).not.toContain('dXNlcjpjYW5hcnk');
});

it('gives up on a proxy that talks without end, and when the capture ends', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write('x'.repeat(20_000)));
  });
  const upstream = { host: '127.0.0.1', port: await listen(server), authorization: null };
  const way = { addresses: [PUBLIC], port: 443 };
  expect(await dialThrough(upstream, log)(way, new AbortController().signal)).toBe('no answer from the upstream proxy');
  const asked = Promise.withResolvers<void>();
  const silent = createServer((socket) => void socket.on('error', () => socket.destroy()).once('data', () => asked.resolve()));
  const ended = new AbortController();
  const dialing = dialThrough({ ...upstream, port: await listen(silent) }, log)(way, ended.signal);
  await asked.promise;
  ended.abort();
  expect(await dialing).toBeNull();
});
