import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** Tells why a port cannot be listened on (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` …); null when it can. 0 is any port. */
export async function findPortFault(port: number, host: string = LOOPBACK): Promise<string | null> {
  const result = await tryListen(port, host);
  return typeof result === 'string' ? result : null;
}

/** Finds a port on 127.0.0.1: the preferred one if it is free, else any. It is free now; a start may still lose it. */
export async function findPort(preferred?: number): Promise<number> {
  const first = preferred ? await tryListen(preferred, LOOPBACK) : null;
  const port = typeof first === 'number' ? first : await tryListen(0, LOOPBACK);
  if (typeof port !== 'number') throw new Error(`No port of ${LOOPBACK} can be listened on: ${port}`);
  return port;
}

async function tryListen(port: number, host: string): Promise<number | string> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 'no address'));
    });
  });
}
