import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Listeners that nobody is to reach: one of TLS and one of plain HTTP, which tell the vector by the path, and a port of
 * TCP and UDP for each vector that carries none.
 */
export type CanaryPorts = {
  tls: number;
  plain: number;
  own(name: string): number;
  /** Names of the vectors that arrived, in order of the alphabet; `?` and a path for what has no known name. */
  hits(): string[];
  /** TCP connections and UDP packets that arrived, whether they named themselves or not. */
  contacts(): number;
  clear(): void;
  close(): Promise<void>;
};

const TRIES_MAX = 20;
const CORS = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', connection: 'close' };

/** Opens them at every one of `addresses` that the machine has; the first must be one. Own ports of TCP are at the first alone. */
export async function openCanaryPorts(options: {
  addresses: readonly string[];
  names: readonly string[];
  ownPorts: readonly string[];
  certificate: { cert: string; key: string };
}): Promise<CanaryPorts> {
  const { addresses, certificate } = options;
  const first = addresses[0] ?? '127.0.0.1';
  const book = openBook(options.names);
  const closing: (() => void)[] = [];
  const listen = async (server: Server, at: string, port: number): Promise<number> => {
    server.on('connection', book.contact);
    const listening = await listenAt(server, at, port);
    closing.push(() => server.close());
    return listening;
  };
  const listenEverywhere = async (make: () => Server): Promise<number> => {
    const port = await listen(make(), first, 0);
    // A machine without IPv6 has no `::1`: the vector that aims there is then judged by the proxy's answer alone.
    for (const address of addresses.slice(1)) await listen(make(), address, port).catch(() => 0);
    return port;
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex) => {
    book.arrived(request.url);
    socket.destroy();
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    book.arrived(request.url);
    response.writeHead(200, { ...CORS, 'content-type': 'text/plain' }).end();
  };
  const tls = await listenEverywhere(() => createTls(certificate, onRequest).on('upgrade', onUpgrade));
  const plain = await listenEverywhere(() => createPlain(onRequest).on('upgrade', onUpgrade));
  const own = new Map<string, number>();
  for (const name of options.ownPorts) {
    const onConnection = (socket: Socket) => {
      book.hits.add(name);
      socket.destroy();
    };
    const { port, udp } = await openPair(() => listen(createServer(onConnection), first, 0), addresses);
    for (const socket of udp) socket.on('message', () => book.packet(name));
    closing.push(...udp.map((socket) => () => void socket.close()));
    own.set(name, port);
  }
  return {
    tls,
    plain,
    own: (name) => own.get(name) ?? 0,
    hits: () => [...book.hits].sort(),
    contacts: book.contacts,
    clear: book.clear,
    close: async () => {
      for (const end of closing) end();
      book.end();
    },
  };
}

/** Who arrived. Everything counts as a contact; what has the path of a vector, or its port, is a hit as well. */
function openBook(names: readonly string[]) {
  const hits = new Set<string>();
  const sockets = new Set<Socket>();
  let contacts = 0;
  return {
    hits,
    contacts: () => contacts,
    contact: (socket: Socket) => {
      contacts += 1;
      sockets.add(socket);
      socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    },
    arrived: (url = '') => {
      const name = /^\/([\w-]+)/.exec(url)?.[1] ?? '';
      hits.add(names.includes(name) ? name : `? ${url}`);
    },
    packet: (name: string) => {
      contacts += 1;
      hits.add(name);
    },
    clear: () => {
      hits.clear();
      contacts = 0;
    },
    end: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A port that is free for TCP is mostly free for UDP, and not always. */
async function openPair(listen: () => Promise<number>, addresses: readonly string[]): Promise<{ port: number; udp: UdpSocket[] }> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = await listen();
    const [first, ...more] = await Promise.all(addresses.map((address) => bindAt(address, port).catch(() => null)));
    if (first) return { port, udp: [first, ...more.filter((socket) => socket !== null)] };
    for (const socket of more) socket?.close();
  }
  throw new Error('no port was free for both TCP and UDP');
}

async function listenAt(server: Server, at: string, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, at, resolve);
  await promise;
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function bindAt(at: string, port: number): Promise<UdpSocket> {
  const socket = createSocket(at.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('error', reject).bind(port, at, () => resolve());
  await promise;
  return socket;
}
