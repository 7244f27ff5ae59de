import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * A TCP proxy that can go silent (it accepts and never answers, as a half-open connection or a stopped peer does), cut what
 * is open, and be down: then whoever comes is reset, as by a port that nobody listens on.
 */
export async function createFreezableProxy(target: { host: string; port: number }) {
  const sockets = new Set<Socket>();
  let frozen = false;
  let down = false;
  let accepted = 0;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()); // the other side was cut: that is what this proxy is for
    socket.on('close', () => sockets.delete(socket));
    if (frozen) socket.pause();
  };
  const server = createServer((client) => {
    if (down) return void client.resetAndDestroy();
    accepted += 1;
    const upstream = connect(target);
    keep(client);
    keep(upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk) => !frozen && to.write(chunk));
      from.on('close', () => to.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');
  return {
    port: address.port,
    accepted: () => accepted,
    /** What arrives while frozen is lost. */
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    /** Cuts everything and takes nobody, until `restart`. */
    stop: () => {
      down = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    restart: () => {
      down = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
