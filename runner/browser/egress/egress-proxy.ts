import { type ClientRequest, createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Reach } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import { watchIdle } from './dial.ts';
import { type EgressLedger, type EgressOptions, openLedger, type Target, type Way } from './egress-ledger.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';

/**
 * One capture's way out: a loopback listener of its own, so that the port is the identity. It reads no contents: TLS is
 * tunneled, plain HTTP passes for sub-resources on port 80. Every connection is decided anew by `egress-policy.ts`.
 */
export type EgressSession = {
  /** The loopback port that the browser context uses as its proxy. */
  port: number;
  /** Says for whom it is: before that nothing passes. */
  allow(reach: Reach): void;
  /** Hosts that were reached, in the order of first contact. */
  hosts(): string[];
  /** Refusals of ours, each host and reason once. */
  blocked(): { host: string; reason: string }[];
  /** Why the last try to reach a host failed (a `BlockReason`), or null when the last try worked or there was none. */
  lastBlock(host: string): string | null;
  /** Ends the listener and all of its sockets; a connection in the making never opens. */
  close(): Promise<void>;
};

/** Opens the way out for one capture. Rejects only when no loopback port can be had. */
export async function openEgressProxy(options: EgressOptions): Promise<EgressSession> {
  const ledger = openLedger(options);
  const server = createServer({
    maxHeaderSize: LIMITS.headerBytesMax,
    headersTimeout: ledger.headersMs,
    // Node looks for late heads only that often, by itself every 30 seconds.
    connectionsCheckingInterval: ledger.headersMs,
    requestTimeout: LIMITS.proxyIdleMsMax,
    keepAliveTimeout: LIMITS.proxyHeadersMsMax,
  });
  server.maxConnections = ledger.connectionsMax;
  server.on('connection', (socket) => ledger.track(socket));
  server.on(
    'connect',
    (message: IncomingMessage, socket: Socket, head: Buffer) => void tunnel(ledger, message.url ?? '', { socket, head }),
  );
  server.on('request', (message, response) => void forward(ledger, message, response));
  server.on('upgrade', (_message: IncomingMessage, socket: Socket) => socket.destroy());
  server.on('drop', () => ledger.record('proxy', 'too many connections'));
  server.on('clientError', (_error: Error, socket: Socket) => socket.destroy());
  await listenOnLoopback(server, options.ports ?? null);
  const address = server.address();
  return {
    port: portOf(address),
    allow: ledger.allow,
    hosts: ledger.hosts,
    blocked: ledger.blocked,
    lastBlock: ledger.lastBlock,
    close: () => ledger.close(server),
  };
}

async function tunnel(ledger: EgressLedger, authority: string, client: { socket: Socket; head: Buffer }): Promise<void> {
  const { socket, head } = client;
  const way = await ledger.decide(splitAuthority(authority));
  if (!way) return refuseTunnel(socket, 403);
  const upstream = await ledger.connect(way);
  if (!upstream) return refuseTunnel(socket, 502);
  ledger.track(upstream);
  ledger.reached(way);
  watchIdle([socket, upstream], ledger.idleMs);
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  if (head.length > 0) upstream.write(head);
  const both = [pipeline(socket, ledger.meter(way.host), upstream), pipeline(upstream, ledger.meter(way.host), socket)];
  await Promise.allSettled(both); // a reset by either end is an ordinary end of a tunnel
}

async function forward(ledger: EgressLedger, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = URL.canParse(message.url ?? '') ? new URL(message.url ?? '') : null;
  // Only the absolute form is a proxy request; anything else is somebody talking to the listener itself.
  if (url?.protocol !== 'http:' || url.username !== '' || url.password !== '') return refuse(response, 400);
  const way = await ledger.decide({ kind: 'plain', host: url.hostname, port: Number(url.port || 80) });
  if (!way) return refuse(response, 403);
  const upstreamSocket = await ledger.connect(way);
  if (!upstreamSocket) return refuse(response, 502);
  ledger.track(upstreamSocket);
  ledger.reached(way);
  watchIdle([upstreamSocket], ledger.idleMs);
  const headers = { ...endToEnd(message.headers), host: url.host, connection: 'close' };
  const outgoing = request({
    createConnection: () => upstreamSocket,
    method: message.method,
    path: url.pathname + url.search,
    headers,
    maxHeaderSize: LIMITS.headerBytesMax,
  });
  await exchange(ledger, { way, message, response, outgoing });
}

async function exchange(
  ledger: EgressLedger,
  parts: { way: Way; message: IncomingMessage; response: ServerResponse; outgoing: ClientRequest },
): Promise<void> {
  const { way, message, response, outgoing } = parts;
  const { promise: answered, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', resolve).once('error', reject);
  const sent = pipeline(message, ledger.meter(way.host), outgoing);
  try {
    const answer = await answered;
    response.writeHead(answer.statusCode ?? 502, { ...endToEnd(answer.headers), connection: 'close' });
    await pipeline(answer, ledger.meter(way.host), response);
    await sent;
  } catch {
    // The site or the browser broke off: what the browser has got so far is all there is.
    outgoing.destroy();
    await sent.catch(() => undefined);
    if (response.headersSent) response.destroy();
    else refuse(response, 502);
  }
}

function splitAuthority(authority: string): Target | null {
  const match = /^(\[[0-9a-fA-F:.%]+\]|[^:[\]@/]+):(\d{1,5})$/.exec(authority);
  return match?.[1] && match[2] ? { kind: 'connect', host: match[1], port: Number(match[2]) } : null;
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'host']);

/** Keeps the headers that are meant for the other end: nothing of the connection, nothing of the proxy. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !name.startsWith('proxy-') && !named.has(name)),
  );
}

function refuseTunnel(socket: Socket, status: 403 | 502): void {
  socket.end(`HTTP/1.1 ${status} ${status === 403 ? 'Forbidden' : 'Bad Gateway'}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, () =>
    socket.destroy(),
  );
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': '0', connection: 'close' });
  response.end();
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The egress proxy has no port.');
  return address.port;
}
