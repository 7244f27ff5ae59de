import { randomInt } from 'node:crypto';
import type { Server } from 'node:net';

/** Ports from `first` to `last`, both of them in it. */
export type PortRange = Readonly<{ first: number; last: number }>;

/**
 * Listens on 127.0.0.1: on any free port, or on one of a range that a second wall outside of the browser names. Rejects when
 * no port can be had.
 */
export async function listenOnLoopback(server: Server, ports: PortRange | null): Promise<void> {
  if (ports === null) return await listen(server, 0);
  const count = ports.last - ports.first + 1;
  // Begins anywhere: a browser must not find the port of yesterday's capture at once.
  const start = randomInt(count);
  for (let tries = 0; tries < count; tries++) {
    try {
      return await listen(server, ports.first + ((start + tries) % count));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new Error(`Every port from ${ports.first} to ${ports.last} is taken: SESSIONSHOT_PROXY_PORTS must name more of them.`);
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
  await promise.finally(() => server.off('error', reject));
}
