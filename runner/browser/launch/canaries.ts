import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';

/** Listeners on loopback that nobody should ever reach. `hits` names who did, as far as it can be told. */
export type Canaries = { tcpPort: number; udpPort: number; decoy: Decoy | null; hits(): string[]; close(): Promise<void> };
/** A listener at the canary's port of TCP and another address of loopback, which may be reached; null where none was free. */
export type Decoy = { address: string; isReached(): boolean };

/** Linux and Windows have all of 127/8, others `::1`. */
const DECOYS = ['127.0.0.2', '::1'];
const HITS_MAX = 100;
const FIRST_BYTES_MAX = 8192;

/**
 * Opens a TCP and a UDP listener on 127.0.0.1, one of UDP on ::1 where there is one, and the decoy. Rejects only when no
 * port can be had.
 */
export async function openCanaries(): Promise<Canaries> {
  const hits = new Set<string>();
  const sockets = new Set<Socket>();
  const note = (hit: string) => void (hits.size < HITS_MAX && hits.add(hit));
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    note('a TCP connection');
    let text = '';
    socket.on('data', (data) => {
      text += text.length < FIRST_BYTES_MAX ? data.toString('latin1') : '';
      const vector = nameOf(text);
      if (vector) note(`TCP ${vector}`);
    });
  });
  const udp = createSocket('udp4');
  const udpSix = createSocket('udp6');
  for (const socket of [udp, udpSix]) socket.on('message', () => note('a UDP packet (WebRTC)'));
  const opened = Promise.withResolvers<void>();
  server.once('error', opened.reject).listen(0, '127.0.0.1', opened.resolve);
  await opened.promise;
  const bound = Promise.withResolvers<void>();
  udp.once('error', bound.reject).bind(0, '127.0.0.1', bound.resolve);
  await bound.promise;
  await bindSix(udpSix, udp.address().port);
  const address = server.address();
  const tcpPort = address !== null && typeof address === 'object' ? address.port : 0;
  const decoy = await openDecoy(tcpPort);
  return {
    tcpPort,
    udpPort: udp.address().port,
    decoy,
    hits: () => [...hits],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      udp.close();
      udpSix.close();
      await decoy?.close();
      await closed.promise;
    },
  };
}

/** The request line names the vector, and the server name of a TLS greeting does, which may come in two pieces. */
function nameOf(text: string): string | undefined {
  return /^[A-Z]+ \/([\w-]+)/.exec(text)?.[1] ?? /([a-z-]+)\.[a-z-]+\.invalid/.exec(text)?.[1];
}

/** A machine without IPv6 has no packets to lose there, and a port that somebody else has is not worth a failed start. */
async function bindSix(socket: UdpSocket, port: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('error', () => resolve()).bind(port, '::1', () => resolve());
  await promise;
}

async function openDecoy(port: number): Promise<(Decoy & { close(): Promise<void> }) | null> {
  for (const address of DECOYS) {
    let isReached = false;
    const server = createServer((socket) => {
      isReached = true;
      socket.on('error', () => undefined).destroy();
    });
    const { promise, resolve } = Promise.withResolvers<boolean>();
    server.once('error', () => resolve(false)).listen(port, address, () => resolve(true));
    if (!(await promise)) continue;
    const closed = Promise.withResolvers<void>();
    const close = async () => {
      server.close(() => closed.resolve());
      await closed.promise;
    };
    return { address, isReached: () => isReached, close };
  }
  return null;
}
