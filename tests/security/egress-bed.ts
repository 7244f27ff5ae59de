import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright';
import { type CaptureResult, capturePage } from '#runner/browser/capture-page.ts';
import type { EgressOptions } from '#runner/browser/egress/egress-ledger.ts';
import { openEgressProxy } from '#runner/browser/egress/egress-proxy.ts';
import type { PortRange } from '#runner/browser/egress/listen-on-loopback.ts';
import type { Answer } from '#runner/browser/fixtures/test-site.ts';
import { type BrowserPool, createBrowserPool } from '#runner/browser/launch/browser-pool.ts';
import { openOrdinaryTab } from '#runner/browser/visit/open-tab.ts';
import { makeAuthority } from '#runner/fixtures/certificates.ts';
import { payloadOf } from '#runner/fixtures/sealed.ts';
import { startSite } from '#runner/fixtures/site.ts';
import { openTestBrowsers, type TestBrowsers } from '#runner/fixtures/test-browsers.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';
import type { Reach } from '#shared/egress-policy.ts';
import type { Log } from '#shared/log.ts';
import { type CanaryPorts, openCanaryPorts } from './canary-ports.ts';
import { makeNetwork, type Network, resolverRules } from './egress-network.ts';
import {
  type Aim,
  APP_HOST,
  answerAsSite,
  CDN_HOST,
  COUNTED_ALONE,
  NAVIGATION_PATHS,
  OWN_PORT_VECTORS,
  STRANGER_HOST,
  VECTORS,
} from './hostile-page.ts';
import { type Door, type DoorOptions, openDoor } from './open-door.ts';

const CAPTURE_MS_MAX = 60_000;
const CERTIFIED = [
  APP_HOST,
  CDN_HOST,
  STRANGER_HOST,
  '*.canary.test',
  'localhost',
  'inside.localhost',
  '127.0.0.1',
  '::1',
  '::ffff:7f00:1',
];
const DOMAINS = [{ host: APP_HOST, port: null, isPrivate: false }];

/** One wall less: flags stand for the whole bed, the others for one capture. Nothing of it can be set by configuration. */
export type Weakened = {
  proxy?(network: Network): Partial<EgressOptions>;
  contextOptions?(lent: BrowserContextOptions): BrowserContextOptions;
};
export type EgressBed = {
  canaries: CanaryPorts;
  browsers: TestBrowsers;
  /** `host/path` of what reached the hostile site and the harmless third parties. */
  seen: string[];
  /** Names that captures had looked up, and those that they dialed. */
  asked: { lookUps: Set<string>; dials: Set<string> };
  /** Captures a page of the hostile site as a runner does: pool, made-ahead tab, proxy, guard. */
  capture(request: Asked, weakened?: Weakened): Promise<CaptureResult>;
  /** Opens the door: a plain browser, without proxy or flags of ours, for which the same names lead to the same places. */
  openDoor(choice?: DoorChoice): Promise<Door>;
  close(): Promise<void>;
};
/** `parts`: strict egress; null unless it is given. */
export type Asked = Partial<CaptureRequestInput> & { path: string; parts?: Reach['parts'] };
/** `ports`: where proxies of captures listen, for a second wall that names them. `tabs`: captures at once, 1 unless given. */
export type BedOptions = { flags?: readonly string[]; at?: string; second?: string; browser?: string; ports?: PortRange; tabs?: number };
/** `isWalled`: the door is shut, by the flags of runners and by their way out for the hostile site. */
export type DoorChoice = Pick<DoorOptions, 'isProfile' | 'netLog'> & { isWalled?: boolean };

/** Starts the canaries, the hostile site and the browser side of a runner; browsers start with the first capture. */
export async function openEgressBed({
  flags,
  at = '127.0.0.1',
  second = '127.0.0.2',
  browser,
  ports: range,
  tabs = 1,
}: BedOptions = {}): Promise<EgressBed> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sessionshot-egress-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const authority = await makeAuthority('Egress CA');
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.pem);
  const certificate = await authority.issue([...CERTIFIED, second]);
  const names = [...VECTORS, ...COUNTED_ALONE, ...NAVIGATION_PATHS.map((path) => path.split('/')[2] ?? '')];
  const addresses = [...new Set(['127.0.0.1', second, '::1'])];
  const canaries = await openCanaryPorts({ addresses, names, ownPorts: OWN_PORT_VECTORS, certificate });
  opened.defer(canaries.close);
  const seen: string[] = [];
  const asked = { lookUps: new Set<string>(), dials: new Set<string>() };
  const aim: Aim = { at, second, ports: canaries, own: canaries.own };
  const site = await startSite((request, response) => {
    const host = request.headers.host ?? '';
    seen.push(host + request.url);
    const answer: Answer = answerAsSite(aim, host, request.url ?? '/');
    response.writeHead(answer.status ?? 200, answer.headers ?? {}).end(answer.body ?? '');
  }, certificate);
  opened.defer(site.close);
  const browsers = await openTestBrowsers({
    extraCaFiles: [caFile],
    ...(flags ? { flags } : {}),
    ...(browser ? { explicitPath: browser } : {}),
  });
  opened.defer(browsers.close);
  const ports = { site: site.port, tls: canaries.tls, plain: canaries.plain };
  let weakened: Weakened = {};
  const { log } = browsers;
  const pool = createBrowserPool({
    launch: browsers.launch,
    openProxy: (reach) => {
      const network = makeNetwork(ports, asked);
      // Tabs are made ahead for whoever comes next: they are never weak.
      return openEgressProxy({ reach, log, ports: range, ...network, ...(reach ? weakened.proxy?.(network) : {}) });
    },
    openTab: openOrdinaryTab,
    browsersMax: 1,
    tabsMax: tabs,
    log,
  });
  opened.defer(pool.close);
  const parts = opened.move();
  return {
    canaries,
    browsers,
    seen,
    asked,
    capture: async (request, weak = {}) => {
      weakened = weak;
      return await captureWith({ pool, log, request, weak, folder });
    },
    openDoor: async ({ isWalled, ...choice } = {}) => {
      const reach = { domains: DOMAINS, parts: null };
      const walls = isWalled ? await openEgressProxy({ reach, log, ...makeNetwork(ports, asked) }) : undefined;
      return await openDoor({ executablePath: browsers.found.path, rules: resolverRules(ports), walls, ...choice });
    },
    close: () => parts.disposeAsync(),
  };
}

type Task = { pool: BrowserPool; log: Log; request: Asked; weak: Weakened; folder: string };

async function captureWith({ pool, log, request, weak, folder }: Task): Promise<CaptureResult> {
  const scope = { deadline: Date.now() + CAPTURE_MS_MAX, signal: new AbortController().signal, log, onStep: () => undefined };
  const isWhole = !weak.proxy && !weak.contextOptions;
  const { path, parts = null, ...more } = request;
  const held = await pool.acquire({ workspaceId: 'ws_1', domains: DOMAINS, parts, tab: isWhole }, scope);
  const lease = { ...held, contextOptions: weak.contextOptions?.(held.contextOptions) ?? held.contextOptions };
  const payload = payloadOf({ output: { format: 'png' }, ...more, url: `https://${APP_HOST}${path}` }, DOMAINS);
  try {
    return await capturePage({ lease, payload, auth: null, domains: DOMAINS, spoolDir: folder, assetBytesMax: 10_000_000 }, scope);
  } finally {
    await held.release();
  }
}
