import { setTimeout as wait } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright';
import { groupOf, killGroup, measureGroup } from '#runner/process-group.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { BrowserHome } from './browser-home.ts';
import type { FoundBrowser } from './find-browser.ts';
import { judgeSandbox, listProcesses, type SandboxVerdict } from './sandbox.ts';
import { refuseSocketPath } from './socket-path.ts';

/** Nothing listens on the discard port: a context made without its own proxy fails closed, and so does the browser's background traffic. */
export const DEAD_PROXY = 'http://127.0.0.1:9';

/** What Playwright switches off in its own `--disable-features`. The last such flag wins in Chromium, so ours repeats these; a test compares. */
const PLAYWRIGHT_DISABLED = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'msForceBrowserSignIn',
  'msEdgeUpdateLaunchServicesPreferredVersion',
];

/** Keeps WebRTC inside the proxy. Each spelling works in one kind of browser only (headless shell, full Chromium). */
export const WEBRTC_FLAGS = [
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
];
/** Keeps name look-ups inside the proxy: the browser itself resolves nothing. */
export const RESOLVER_FLAG = '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1';
/**
 * No page opens a window: `window.open` answers null, and links and forms for a new window do nothing. Only the headless
 * shell knows it; a full Chromium opens the window, and the guard closes it.
 */
export const WINDOWS_FLAG = '--block-new-web-contents';
/** The flags that close every way out but the proxy. The self-test judges their effect at start. */
export const EGRESS_FLAGS = [
  ...WEBRTC_FLAGS,
  RESOLVER_FLAG,
  WINDOWS_FLAG,
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  '--no-first-run',
  // The last one: without it a page's ICE candidate of a `.local` name sends a query to the local network's multicast. That
  // addresses are then no longer hidden behind such names costs nothing: the policy above gathers none.
  `--disable-features=${[...PLAYWRIGHT_DISABLED, 'DialMediaRouteProvider', 'Reporting', 'WebRtcHideLocalIpsWithMdns'].join(',')}`,
];

export type LaunchOptions = { found: FoundBrowser; home: BrowserHome; allowNoSandbox: boolean; log: Log; flags?: readonly string[] };
export type LaunchedBrowser = SandboxVerdict & {
  browser: Browser;
  pid: number | null;
  /** The process group that holds the whole browser, or null where the system does not say. */
  group: number | null;
  /** Memory of the whole browser in bytes, or null where the system does not say. */
  memoryBytes(): Promise<number | null>;
  /** Ends the browser in three bounded steps: ask it, kill its process group, see that the group is gone. Never rejects. */
  close(): Promise<void>;
  /** The last two steps at once, for a browser that does not answer. Never rejects. */
  kill(): Promise<void>;
};

/** A browser that could not be started, or that would run without its sandbox. */
export class BrowserUnavailable extends Error {
  override name = 'BrowserUnavailable';
}

/**
 * Launches one Chromium with the pinned flags, over a pipe, in a home of its own and with an environment that holds
 * nothing but what it needs. The sandbox is asked for and then judged; only with `allowNoSandbox` does a browser without
 * one get through, and it says so. Throws `BrowserUnavailable`.
 */
export async function launchChromium(options: LaunchOptions): Promise<LaunchedBrowser> {
  const sandboxed = await tryLaunch(options, true);
  if (!(sandboxed instanceof BrowserUnavailable) && (sandboxed.sandbox === 'on' || options.allowNoSandbox)) return sandboxed;
  if (!(sandboxed instanceof BrowserUnavailable)) await sandboxed.close();
  const reason = sandboxed instanceof BrowserUnavailable ? sandboxed.message : `the browser's sandbox is off: ${sandboxed.reason}`;
  if (!options.allowNoSandbox) throw sandboxed instanceof BrowserUnavailable ? sandboxed : new BrowserUnavailable(reason);
  options.log.warn('trying the browser without its sandbox, as allowed', { reason });
  const open = await tryLaunch(options, false);
  if (open instanceof BrowserUnavailable) throw open;
  return open;
}

async function tryLaunch(
  { found, home, log, flags = EGRESS_FLAGS }: LaunchOptions,
  chromiumSandbox: boolean,
): Promise<LaunchedBrowser | BrowserUnavailable> {
  const env = home.environment(found.path);
  let browser: Browser;
  try {
    browser = await chromium.launch({
      executablePath: home.launcher ?? found.path,
      headless: true,
      chromiumSandbox,
      args: [...flags],
      proxy: { server: DEAD_PROXY },
      env,
      timeout: LIMITS.browserStartMsMax,
      // The runner drains on these signals; Playwright would take the browser away under its captures.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    // Said only of one that did not start: a wrapper of a headless shell looks like a full Chromium, and binds no socket.
    const socket = found.kind === 'chromium' && env.TMPDIR !== undefined ? refuseSocketPath(env.TMPDIR) : null;
    const because = explainStart(error);
    return new BrowserUnavailable(`the browser did not start: ${socket === null ? because : `${because}; or ${socket}`}`, { cause: error });
  }
  try {
    const judged = await judge(browser);
    const group = judged.browserPid === null ? null : await groupOf(judged.browserPid);
    const kill = async () => {
      if (group !== null && !(await killGroup(group))) log.error('a browser outlived its kill', { pid: group });
    };
    const close = async () => {
      await bounded(browser.close({ reason: 'recycled' }), LIMITS.browserCloseMsMax);
      await kill();
    };
    return {
      browser,
      pid: judged.browserPid,
      group,
      sandbox: chromiumSandbox ? judged.sandbox : 'off',
      reason: judged.reason,
      memoryBytes: async () => (group === null ? null : measureGroup(group)),
      close,
      kill,
    };
  } catch (error) {
    await bounded(browser.close(), LIMITS.browserCloseMsMax);
    return new BrowserUnavailable(`the browser ended while it started: ${firstLine(error)}`, { cause: error });
  }
}

async function judge(browser: Browser): Promise<SandboxVerdict & { browserPid: number | null }> {
  const context = await browser.newContext();
  try {
    await context.newPage(); // a renderer to look at
    const processes = await listProcesses(browser);
    return { browserPid: processes.browserPid, ...(await judgeSandbox(processes.rendererPids)) };
  } finally {
    await context.close();
  }
}

async function bounded(work: Promise<unknown>, ms: number): Promise<void> {
  const limit = new AbortController();
  // A failed close is followed by the kill, which decides.
  await Promise.race([work.catch(() => undefined), wait(ms, undefined, { signal: limit.signal }).catch(() => undefined)]);
  limit.abort();
}

/** Chromium's own words, of which Playwright shows only that the browser went away. */
function explainStart(error: unknown): string {
  const hasNoSandbox = error instanceof Error && /No usable sandbox|Failed to move to new namespace/.test(error.message);
  return hasNoSandbox ? 'it has no usable sandbox here: the system gives this user no namespaces' : firstLine(error);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
