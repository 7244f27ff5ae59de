import type { WorkFolder } from '#runner/work-folder.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import { dialThrough, type UpstreamProxy } from '../egress/dial-upstream.ts';
import type { EgressOptions } from '../egress/egress-ledger.ts';
import { openEgressProxy } from '../egress/egress-proxy.ts';
import type { PortRange } from '../egress/listen-on-loopback.ts';
import { openOrdinaryTab } from '../visit/open-tab.ts';
import { makeReachable, prepareBrowserHomes } from './browser-home.ts';
import { type BrowserPool, createBrowserPool } from './browser-pool.ts';
import { type BrowserSearch, type FoundBrowser, findBrowser } from './find-browser.ts';
import { BrowserUnavailable, EGRESS_FLAGS, type LaunchedBrowser, launchChromium } from './launch-chromium.ts';
import { runSelfTest, type SelfTestResult } from './self-test.ts';

export type BrowsersOptions = {
  explicitPath: string | null;
  searchPath: string;
  environment: Readonly<Record<string, string>>;
  extraCaFiles: readonly string[];
  allowNoSandbox: boolean;
  /** The proxy of the operator's network, through which all that is public is reached. */
  upstreamProxy: UpstreamProxy | null;
  /** Where proxies listen; null for any port. */
  proxyPorts: PortRange | null;
  slots: number;
  folder: Pick<WorkFolder, 'path' | 'profiles' | 'noteGroup' | 'forgetGroup'>;
  log: Log;
  /** Only for tests that take a hardening flag away. */
  flags?: readonly string[];
};
export type Browsers = { pool: BrowserPool; found: FoundBrowser; launch(): Promise<LaunchedBrowser>; selfTest(): Promise<SelfTestResult> };

/** No Chromium on this machine; carries the places that were looked at and what to do. */
export class BrowserNotFound extends BrowserUnavailable {
  override name = 'BrowserNotFound';
  readonly search: BrowserSearch;
  constructor(search: BrowserSearch) {
    super(`No Chromium was found. Looked at: ${search.looked.join('; ')}.`);
    this.search = search;
  }
}

/**
 * Puts the browser side together: finds a Chromium, prepares homes with the private CAs, and opens a pool whose leases
 * each have an egress proxy of their own. Throws `BrowserNotFound` and `CertificateStoreError`; starts no browser yet.
 */
export async function openBrowsers(options: BrowsersOptions): Promise<Browsers> {
  const { folder, log, allowNoSandbox, flags = EGRESS_FLAGS } = options;
  const search = findBrowser({ explicit: options.explicitPath, searchPath: options.searchPath });
  if (!search.found) throw new BrowserNotFound(search);
  const homes = await prepareBrowserHomes({
    workDir: folder.path,
    profilesDir: folder.profiles,
    extraCaFiles: options.extraCaFiles,
    environment: options.environment,
  });
  const found = await makeReachable(search.found, homes.otherUser, folder.path);
  const launch = async (): Promise<LaunchedBrowser> => {
    const home = await homes.create();
    try {
      const launched = await launchChromium({ found, home, allowNoSandbox, log, flags });
      const group = launched.group;
      if (group !== null) await folder.noteGroup(group);
      const close = async () => {
        await launched.close();
        if (group !== null) await folder.forgetGroup(group);
        await home.remove();
      };
      return { ...launched, close };
    } catch (error) {
      await home.remove();
      throw error;
    }
  };
  const upstream = options.upstreamProxy ? { dial: dialThrough(options.upstreamProxy, log) } : {};
  const openProxy = (proxy: EgressOptions) => openEgressProxy({ ports: options.proxyPorts, ...proxy });
  const pool = createBrowserPool({
    launch,
    openProxy: (reach) => openProxy({ reach, log, ...upstream }),
    openTab: openOrdinaryTab,
    browsersMax: Math.min(options.slots, LIMITS.slotsMax) + 1,
    tabsMax: Math.min(options.slots, LIMITS.tabsReadyMax),
    log,
  });
  return { pool, found, launch, selfTest: () => runSelfTest({ found, homes, allowNoSandbox, log, flags, openProxy }) };
}
