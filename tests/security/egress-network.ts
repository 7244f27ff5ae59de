import type { Socket } from 'node:net';
import { dialFirst } from '#runner/browser/egress/dial.ts';
import type { Way } from '#runner/browser/egress/egress-ledger.ts';
import type { Resolve } from '#shared/egress-policy.ts';
import { APP_HOST, BOUNCED_HOST, CDN_HOST, STRANGER_HOST } from './hostile-page.ts';

/** Where the hostile site and the harmless third party live: an address that is public, and that nobody ever dials. */
const PUBLIC = '93.184.215.14';

/** What names resolve to, answer by answer; the last one stays. A `CNAME` is followed by the resolver, so it looks like `loop`. */
const NAMES: Readonly<Record<string, readonly string[][]>> = {
  [APP_HOST]: [[PUBLIC]],
  [CDN_HOST]: [[PUBLIC]],
  [STRANGER_HOST]: [[PUBLIC]],
  [BOUNCED_HOST]: [['127.0.0.1']],
  'loop.canary.test': [['127.0.0.1']],
  'six.canary.test': [['::1']],
  'mapped.canary.test': [['::ffff:127.0.0.1']],
  'several.canary.test': [['127.0.0.1', PUBLIC]],
  'rebind.canary.test': [[PUBLIC], ['127.0.0.1']],
  localhost: [['127.0.0.1']],
  'inside.localhost': [['127.0.0.1']],
};

export type Network = { resolve: Resolve; dial(way: Way, signal: AbortSignal): Promise<Socket | null> };
type Ports = { site: number; tls: number; plain: number };

/**
 * The internet as one capture's proxy sees it: names of our own, and a dial that finds the public address at the site on
 * this machine and the canaries at ports 443 and 80 of every other. What it is told to dial, it dials; `noted` tells.
 */
export function makeNetwork(ports: Ports, noted: { lookUps: Set<string>; dials: Set<string> }): Network {
  const asked = new Map<string, number>();
  const portOf = (port: number) => ({ 443: ports.tls, 80: ports.plain })[port] ?? port;
  return {
    resolve: async (host) => {
      noted.lookUps.add(host);
      const answers = NAMES[host];
      if (!answers) throw new Error('ENOTFOUND');
      const times = asked.get(host) ?? 0;
      asked.set(host, times + 1);
      return [...(answers[Math.min(times, answers.length - 1)] ?? [])];
    },
    dial: (way, signal) => {
      noted.dials.add(way.host);
      return way.addresses[0] === PUBLIC
        ? dialFirst({ addresses: ['127.0.0.1'], port: ports.site }, signal)
        : dialFirst({ addresses: way.addresses, port: portOf(way.port) }, signal);
    },
  };
}

/** The same internet for a browser that has no proxy: what the names lead to, as Chromium takes it. */
export function resolverRules(ports: Ports): string {
  return [
    `MAP ${APP_HOST}:443 127.0.0.1:${ports.site}`,
    `MAP ${CDN_HOST}:443 127.0.0.1:${ports.site}`,
    `MAP *:443 127.0.0.1:${ports.tls}`,
    `MAP *:80 127.0.0.1:${ports.plain}`,
    'MAP *.canary.test 127.0.0.1',
  ].join(' , ');
}
