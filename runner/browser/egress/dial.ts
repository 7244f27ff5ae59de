import { connect, type Socket } from 'node:net';
import { LIMITS } from '#shared/limits.ts';

/**
 * Connects to the first of the given addresses that answers, one after the other, within `LIMITS.proxyConnectMsMax` in
 * all. Null when none does or the signal aborts. Addresses only, never a name: a name would be resolved a second time.
 */
export async function dialFirst(way: { addresses: readonly string[]; port: number }, signal: AbortSignal): Promise<Socket | null> {
  const end = Date.now() + LIMITS.proxyConnectMsMax;
  for (const [index, address] of way.addresses.entries()) {
    const left = end - Date.now();
    if (left <= 0 || signal.aborted) return null;
    // A dead first address must leave time for the others.
    const socket = await dial({ host: address, port: way.port }, Math.ceil(left / Math.min(2, way.addresses.length - index)), signal);
    if (socket) return socket;
  }
  return null;
}

/** Ends a set of sockets together when one of them has been silent for `ms`. */
export function watchIdle(sockets: readonly Socket[], ms: number): void {
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  for (const socket of sockets) socket.setTimeout(ms, endAll);
}

async function dial(address: { host: string; port: number }, ms: number, signal: AbortSignal): Promise<Socket | null> {
  const { promise, resolve } = Promise.withResolvers<Socket | null>();
  // Half-open: a site that closes after its answer must not cut off what the browser has not been sent yet.
  const socket = connect({ ...address, noDelay: true, allowHalfOpen: true });
  const giveUp = () => {
    socket.destroy();
    resolve(null);
  };
  const timer = setTimeout(giveUp, ms);
  signal.addEventListener('abort', giveUp, { once: true });
  socket.once('connect', () => resolve(socket)).once('error', giveUp);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    socket.off('error', giveUp);
  }
}
