import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { makeAuthority } from '#runner/fixtures/certificates.ts';
import type { PeerCase, Served } from './peer-case.ts';

const HOST = 'app.localhost';
const API_HOST = 'api.localhost';
const CLOSED_HOST = 'closed.localhost';
const DELAY_MS_MAX = 20_000;

export type SeenRequest = { host: string; path: string; headers: IncomingMessage['headers'] };
export type PeerSite = {
  caPem: string;
  /** `host:port` of the hosts that captures may open. */
  allowed: string[];
  /** Puts addresses into a text of a case. */
  fill(text: string, id: string): string;
  /** Requests below a case's folder so far; paths begin after the folder. */
  seen(id: string): SeenRequest[];
  /** Connections to the address inside the network. */
  canaryTouched(): number;
  close(): Promise<void>;
};

/** One HTTPS site for all cases, each in a folder of its own, so that what it receives is told apart. */
export async function startPeerSite(cases: readonly PeerCase[]): Promise<PeerSite> {
  const byId = new Map(cases.map((entry) => [entry.id, entry]));
  const seen = new Map<string, SeenRequest[]>();
  const stop = new AbortController();
  let touched = 0;
  const canary = createTcpServer((socket) => {
    touched++;
    socket.destroy();
  });
  const authority = await makeAuthority('peer cases');
  const server = createServer(await authority.issue([HOST, API_HOST, CLOSED_HOST]), (request, response) => {
    const [, id = '', rest = ''] = /^\/([^/?]+)(\/.*)?$/.exec(request.url ?? '') ?? [];
    const entry = byId.get(id);
    const host = (request.headers.host ?? '').split(':')[0] ?? '';
    if (entry) seen.set(id, [...(seen.get(id) ?? []), { host, path: rest, headers: request.headers }]);
    const served = entry ? find(entry, rest) : null;
    void answer(
      { request, response, signal: stop.signal, fill: (text) => fill(text, id) },
      served ?? { status: 404, body: 'nothing here' },
    );
  });
  const [canaryPort, port] = await Promise.all([listen(canary), listen(server)]);
  const fill = (text: string, id: string) =>
    text
      .replaceAll('{site}', `https://${HOST}:${port}/${id}`)
      .replaceAll('{api}', `https://${API_HOST}:${port}/${id}`)
      .replaceAll('{closed}', `https://${CLOSED_HOST}:${port}/${id}`)
      .replaceAll('{host}', HOST)
      .replaceAll('{apiHost}', API_HOST)
      .replaceAll('{port}', String(port))
      .replaceAll('{canary}', `127.0.0.1:${canaryPort}`);
  const close = async () => {
    stop.abort();
    server.closeAllConnections();
    await Promise.all([server, canary].map((one) => new Promise<void>((resolve) => one.close(() => resolve()))));
  };
  return {
    caPem: authority.pem,
    allowed: [`${HOST}:${port}`, `${API_HOST}:${port}`],
    fill,
    seen: (id) => seen.get(id) ?? [],
    canaryTouched: () => touched,
    close,
  };
}

function find(entry: PeerCase, rest: string): Served | null {
  const path = (rest || '/').split('?')[0] ?? '/';
  const given = entry.serve?.[rest] ?? entry.serve?.[path];
  if (given) return given;
  return path === '/' && entry.page !== undefined ? { body: entry.page } : null;
}

type Exchange = { request: IncomingMessage; response: ServerResponse; signal: AbortSignal; fill: (text: string) => string };

async function answer(exchange: Exchange, served: Served): Promise<void> {
  const { request, response, signal, fill } = exchange;
  request.resume();
  if (served.hang === 'at once') return;
  if (served.delayMs) await after(Math.min(served.delayMs, DELAY_MS_MAX), undefined, { signal }).catch(() => undefined); // The site closes.
  if (response.destroyed || signal.aborted) return;
  const wanted = served.basic && `Basic ${Buffer.from(served.basic.join(':')).toString('base64')}`;
  if (wanted && request.headers.authorization !== wanted) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="peers"' });
    response.end('who are you?');
    return;
  }
  const headers = Object.fromEntries(Object.entries(served.headers ?? {}).map(([name, value]) => [name, fill(value)]));
  response.writeHead(served.status ?? 200, { 'content-type': 'text/html; charset=utf-8', ...headers });
  const shown = served.showCookies ? `<p>cookies: ${(request.headers.cookie ?? 'none').replaceAll('<', '&lt;')}</p>` : '';
  const body = shown + fill(served.body ?? '');
  if (served.hang === 'after the body') response.write(body);
  else response.end(body);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
