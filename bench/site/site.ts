import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { makeBlockFont } from './make-font.ts';
import { imageColor, makeImage } from './make-image.ts';
import { ARTICLE_IMAGES, DATA, LONG_IMAGES, PAGES, SESSION, TILES, TOKEN, USER_NAME } from './pages.ts';

const DELAY_MS_MAX = 2000;
const IMAGE_DELAY_MS = 30;
const FONT_DELAY_MS: Readonly<Record<string, number>> = { display: 200, text: 300 };
const TICK_MS = 500;
const TICKS_MAX = 600;
/** What RFC 6455 appends to the key of the client. */
const SOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

type Answer = { status?: number; type: string; body: Buffer | string; headers?: Record<string, string> };
export type Site = { port: number; close(): Promise<void> };

/** Serves the corpus over HTTPS on loopback. Everything is made before the first request, so that answers cost nothing. */
export async function startSite(certificate: { cert: string; key: string }): Promise<Site> {
  const files = makeFiles();
  const sockets = new Set<Duplex>();
  const server = createServer(certificate, (request, response) => void serve(request, response, files));
  server.on('connection', (socket: Duplex) => keep(sockets, socket));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => void tick(request, socket));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}

function keep(sockets: Set<Duplex>, socket: Duplex): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

function makeFiles(): ReadonlyMap<string, Answer> {
  const files = new Map<string, Answer>();
  const images = (name: string, count: number, width: number, height: number) => {
    for (let index = 0; index < count; index++)
      files.set(`/image/${name}/${index}.png`, { type: 'image/png', body: makeImage({ width, height }, imageColor(index), index) });
  };
  for (let index = 0; index < TILES; index++)
    files.set(`/tile/${index}.png`, { type: 'image/png', body: makeImage({ width: 128, height: 128 }, imageColor(index), index) });
  images('article', ARTICLE_IMAGES, 640, 360);
  images('long', LONG_IMAGES, 320, 240);
  for (const family of Object.keys(FONT_DELAY_MS)) files.set(`/font/${family}.ttf`, { type: 'font/ttf', body: makeBlockFont(family) });
  for (const [path, body] of Object.entries(PAGES)) files.set(path, { type: 'text/html; charset=utf-8', body });
  for (const [path, data] of Object.entries(DATA)) files.set(path, { type: 'application/json', body: JSON.stringify(data) });
  return files;
}

async function serve(request: IncomingMessage, response: ServerResponse, files: ReadonlyMap<string, Answer>): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://localhost');
  const answer = answerFor(request, url, files);
  await wait(delayOf(url));
  if (response.destroyed) return;
  response.writeHead(answer.status ?? 200, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    ...answer.headers,
  });
  response.end(answer.body);
}

function answerFor(request: IncomingMessage, url: URL, files: ReadonlyMap<string, Answer>): Answer {
  const hasSession = (request.headers.cookie ?? '').split('; ').includes(`sid=${SESSION}`);
  if (url.pathname === '/account' && !hasSession) return { status: 302, type: 'text/plain', body: '', headers: { location: '/login' } };
  if (url.pathname === '/data/me') {
    if (!hasSession || request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, type: 'application/json', body: '{}' };
    return { type: 'application/json', body: JSON.stringify({ name: USER_NAME }) };
  }
  return files.get(url.pathname) ?? { status: 404, type: 'text/plain', body: 'not found' };
}

function delayOf(url: URL): number {
  if (url.pathname.startsWith('/image/')) return IMAGE_DELAY_MS;
  const font = /^\/font\/(\w+)\.ttf$/.exec(url.pathname)?.[1];
  if (font) return FONT_DELAY_MS[font] ?? 0;
  return Math.min(DELAY_MS_MAX, Number(url.searchParams.get('delay') ?? 0));
}

/** A WebSocket that sends one small text frame every half second until the page goes away. */
async function tick(request: IncomingMessage, socket: Duplex): Promise<void> {
  socket.on('error', () => socket.destroy());
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${SOCKET_GUID}`).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  for (let sent = 0; sent < TICKS_MAX && !socket.destroyed; sent++) {
    await wait(TICK_MS);
    if (!socket.destroyed) socket.write(Buffer.from([0x81, 4, ...Buffer.from('tick')]));
  }
  socket.destroy();
}
