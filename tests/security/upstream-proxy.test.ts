import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Site, startSite } from '#runner/fixtures/site.ts';
import { IS_ROOT, type Machine, NOT_TRIED, prepareMachine } from './runner-machine.ts';

/**
 * A whole runner in a network that reaches the internet by a proxy alone. Names come from a hosts file that it sees in a mount
 * namespace of its own, which only root can make: two public hosts, and one that is this machine.
 */
const [APP, CDN] = [
  { host: 'app.public.test', address: '93.184.215.14' },
  { host: 'cdn.public.test', address: '93.184.215.15' },
];
const INSIDE = { host: 'inside.public.test', address: '127.0.0.1' };
const AUTHORIZATION = `Basic ${Buffer.from('runner:canary-of-the-proxy').toString('base64')}`;
const PAGE = `<h1>Report</h1><img alt="" src="https://${CDN.host}/logo.png"><img alt="" src="https://${INSIDE.host}/inside.png">
<img alt="" src="https://10.0.0.5/literal.png"><img alt="" src="https://unknown.public.test/unknown.png">`;
const CAPTURE_MS_MAX = 60_000;

describe.skipIf(!IS_ROOT)(`a runner behind a proxy of its network${IS_ROOT ? '' : NOT_TRIED}`, () => {
  let machine: Machine;
  let site: Site;
  let proxy: Upstream;
  let through: string[];
  beforeAll(async () => {
    machine = await prepareMachine(null);
    site = await startSite(
      (request, response) => {
        const isPage = request.headers.host === APP.host;
        response.setHeader('content-type', isPage ? 'text/html' : 'image/png').end(isPage ? PAGE : '');
      },
      await machine.certify([APP.host, CDN.host]),
    );
    proxy = await startUpstream(
      [APP, CDN].map(({ address }) => `${address}:443`),
      site.port,
    );
    const hosts = join(machine.folder, 'hosts');
    await writeFile(hosts, [APP, CDN, INSIDE].map(({ host, address }) => `${address} ${host}\n`).join(''));
    const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"';
    through = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', hosts];
  });
  afterAll(async () => {
    await machine?.close();
    await proxy?.close();
    await site?.close();
  });

  const captureWith = async (upstream: string) => {
    const runner = machine.start({ SESSIONSHOT_UPSTREAM_PROXY: upstream }, through);
    await runner.waitFor('ready');
    const request = { url: `https://${APP.host}/`, output: { format: 'png' as const } };
    const job = await machine.offer(request, [{ host: APP.host, port: null, isPrivate: false }], CAPTURE_MS_MAX);
    await machine.server.until(() => job.reports.length > 0);
    expect(await runner.stop()).toBe(0);
    expect(runner.stderr()).not.toContain('canary-of-the-proxy');
    return { ...job, log: runner.stderr() };
  };

  it('captures through it, and asks it for judged addresses alone', async () => {
    const { reports, blob } = await captureWith(`http://runner:canary-of-the-proxy@127.0.0.1:${proxy.port}`);
    expect(reports).toMatchObject([
      {
        call: 'complete',
        body: {
          observed: {
            egress: {
              hosts: expect.arrayContaining([APP.host, CDN.host]),
              blocked: expect.arrayContaining([INSIDE.host, '10.0.0.5'].map((host) => ({ host, reason: 'private address' }))),
            },
          },
        },
      },
    ]);
    expect(blob?.subarray(1, 4).toString()).toBe('PNG');
    expect(new Set(proxy.asked.map(({ authority }) => authority))).toEqual(new Set([`${APP.address}:443`, `${CDN.address}:443`]));
    expect(new Set(proxy.asked.map(({ authorization }) => authorization))).toEqual(new Set([AUTHORIZATION]));
    expect(site.requests.map(({ headers, url }) => `${headers.host}${url}`)).toEqual(
      expect.arrayContaining([`${APP.host}/`, `${CDN.host}/logo.png`]),
    );
  });

  it('fails with a word on the proxy where that does not answer, and goes no other way', async () => {
    site.requests.splice(0);
    const { reports, blob, log } = await captureWith('http://127.0.0.1:9');
    expect(reports).toMatchObject([
      {
        call: 'fail',
        body: {
          failure: { code: 'target_unreachable', detail: expect.stringContaining(`${APP.host}: no answer from the upstream proxy.`) },
        },
      },
    ]);
    expect([blob, site.requests]).toEqual([null, []]);
    expect(log).toContain('the upstream proxy does not answer');
  });

  it('fails with a word on the proxy where that refuses it', async () => {
    const { reports } = await captureWith(`http://runner:wrong@127.0.0.1:${proxy.port}`);
    const detail = expect.stringContaining(`${APP.host}: refused by the upstream proxy.`);
    expect(reports).toMatchObject([{ call: 'fail', body: { failure: { code: 'target_unreachable', detail } } }]);
  });
});

type Upstream = { port: number; asked: { authority: string; authorization: string | undefined }[]; close(): Promise<void> };

/** The proxy of a network: opens tunnels to `sitePort` for whoever brings the password, as if to one of these addresses. */
async function startUpstream(authorities: readonly string[], sitePort: number): Promise<Upstream> {
  const asked: Upstream['asked'] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
  };
  const server = createServer();
  server.on('connect', (message: IncomingMessage, socket: Socket) => {
    track(socket);
    const [authority, authorization] = [message.url ?? '', message.headers['proxy-authorization']];
    if (authorization !== AUTHORIZATION) return void socket.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n');
    asked.push({ authority, authorization });
    if (!authorities.includes(authority)) return void socket.end('HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n');
    const site = connect(sitePort, '127.0.0.1');
    track(site);
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(site).pipe(socket);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    asked,
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of sockets) socket.destroy();
      await closed.promise;
    },
  };
}
