import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { listenOnLoopback } from './listen-on-loopback.ts';

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});
async function listen(ports: Parameters<typeof listenOnLoopback>[1]): Promise<number> {
  const server = createServer();
  await listenOnLoopback(server, ports);
  open.push(server);
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('without a range any port will do', async () => {
  expect(await listen(null)).toBeGreaterThan(0);
});

test('of a range each free port is found, and none beside it; with all of them taken it says what to set', async () => {
  const ports = { first: 29_300, last: 29_307 };
  const taken = await Promise.all(Array.from({ length: 8 }, () => listen(ports)));
  expect(taken.toSorted()).toEqual([29_300, 29_301, 29_302, 29_303, 29_304, 29_305, 29_306, 29_307]);
  await expect(listen(ports)).rejects.toThrow('SESSIONSHOT_PROXY_PORTS');
});
