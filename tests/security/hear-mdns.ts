import { createSocket } from 'node:dgram';

/** Who asks the local network for names, as far as this machine hears its own multicast; null where it cannot listen. */
export type Mdns = { isHeard(name: string): boolean; clear(): void; close(): void };

const [GROUP, PORT] = ['224.0.0.251', 5353];
const HEARD_MAX = 1000;

export async function hearMdns(): Promise<Mdns | null> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const heard: string[] = [];
  socket.on('message', (message) => void (heard.length < HEARD_MAX && heard.push(message.toString('latin1'))));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('error', () => resolve(false)).bind(PORT, () => resolve(true));
  if (!(await promise)) return null;
  try {
    socket.addMembership(GROUP);
  } catch {
    socket.close(); // no interface that carries multicast
    return null;
  }
  return {
    isHeard: (name) => heard.some((message) => message.includes(name)),
    clear: () => void heard.splice(0),
    close: () => void socket.close(),
  };
}
