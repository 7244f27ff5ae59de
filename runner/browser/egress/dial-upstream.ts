import type { Socket } from 'node:net';
import { isPublicAddress } from '#shared/address-policy.ts';
import type { BlockReason } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Secret } from '#shared/secret.ts';
import { dialFirst } from './dial.ts';

/** The proxy of the operator's network; `authorization` is the value of the header of that name, or null. */
export type UpstreamProxy = { host: string; port: number; authorization: Secret<string> | null };
type Dial = (...asked: Parameters<typeof dialFirst>) => Promise<Socket | BlockReason | null>;

const ANSWER_BYTES_MAX = 8192;

/**
 * Makes a dial that goes through the operator's proxy to whatever is public, and directly to private entries. The proxy is
 * asked for the address that was judged, never for a name: it would resolve the name a second time, and differently. Where
 * there is no connection it says whether that is for the proxy.
 */
export function dialThrough(upstream: UpstreamProxy, log: Log): Dial {
  return async (way, signal) => {
    if (!way.addresses.every(isPublicAddress)) return await dialFirst(way, signal);
    const [address] = way.addresses;
    const socket = address === undefined ? null : await dialFirst({ addresses: [upstream.host], port: upstream.port }, signal);
    if (!socket) {
      if (signal.aborted) return null;
      log.warn('the upstream proxy does not answer', { host: upstream.host, port: upstream.port });
      return 'no answer from the upstream proxy';
    }
    const status = await askFor(socket, `${address?.includes(':') ? `[${address}]` : address}:${way.port}`, { upstream, signal });
    if (status >= 200 && status < 300) return socket;
    socket.destroy();
    if (signal.aborted) return null;
    log.warn('the upstream proxy opened no tunnel', { status, port: way.port });
    if (status === 0) return 'no answer from the upstream proxy';
    // 502 to 504 are its words for a host that it cannot reach either.
    return status >= 502 && status <= 504 ? null : 'refused by the upstream proxy';
  };
}

/** Asks for a tunnel; answers with the status, 0 when there was no proper answer in `LIMITS.proxyConnectMsMax`. */
async function askFor(socket: Socket, authority: string, way: { upstream: UpstreamProxy; signal: AbortSignal }): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let head = Buffer.alloc(0);
  // Read by hand: a socket that was made to flow and paused would stay so for whoever reads the tunnel.
  const onReadable = () => {
    for (let chunk: unknown = socket.read(); chunk instanceof Buffer; chunk = socket.read()) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length > ANSWER_BYTES_MAX) return resolve(0);
      if (end < 0) continue;
      // What came after the answer is the site's own, and is told as readable at once.
      socket.off('readable', onReadable);
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      return resolve(Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1', 0, 64))?.[1] ?? 0));
    }
  };
  const giveUp = () => resolve(0);
  const timer = setTimeout(giveUp, LIMITS.proxyConnectMsMax);
  way.signal.addEventListener('abort', giveUp, { once: true });
  socket.on('readable', onReadable).once('error', giveUp).once('end', giveUp).once('close', giveUp);
  const authorization = way.upstream.authorization?.reveal();
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    ...(authorization ? [`Proxy-Authorization: ${authorization}`] : []),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    way.signal.removeEventListener('abort', giveUp);
    socket.off('readable', onReadable).off('end', giveUp).off('close', giveUp);
  }
}
