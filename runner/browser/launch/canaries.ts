import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';

/** Listeners on loopback that nobody should ever reach. `hits` names who did, as far as it can be told. */
export type Canaries = { tcpPort: number; udpPort: number; hits(): string[]; close(): Promise<void> };

const HITS_MAX = 100;

/** Opens one TCP and one UDP listener on 127.0.0.1. Rejects only when no port can be had. */
export async function openCanaries(): Promise<Canaries> {
  const hits = new Set<string>();
  const sockets = new Set<Socket>();
  const note = (hit: string) => void (hits.size < HITS_MAX && hits.add(hit));
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
    note('a TCP connection');
    // The request line names the vector; TLS and other protocols stay "a TCP connection".
    socket.once('data', (data) => note(`TCP ${/^[A-Z]+ \/([\w-]+)/.exec(data.toString('latin1'))?.[1] ?? 'with other content'}`));
  });
  const udp = createSocket('udp4');
  udp.on('message', () => note('a UDP packet (WebRTC)'));
  const opened = Promise.withResolvers<void>();
  server.once('error', opened.reject).listen(0, '127.0.0.1', opened.resolve);
  await opened.promise;
  const bound = Promise.withResolvers<void>();
  udp.once('error', bound.reject).bind(0, '127.0.0.1', bound.resolve);
  await bound.promise;
  const address = server.address();
  return {
    tcpPort: address !== null && typeof address === 'object' ? address.port : 0,
    udpPort: udp.address().port,
    hits: () => [...hits],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      udp.close();
      await closed.promise;
    },
  };
}
