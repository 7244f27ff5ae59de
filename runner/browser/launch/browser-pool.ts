import type { Browser, BrowserContextOptions } from 'playwright';
import type { AttemptScope } from '#runner/attempt-scope.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { EgressSession } from '../egress/egress-proxy.ts';
import type { LaunchedBrowser } from './launch-chromium.ts';

/** A browser lent to one attempt: make a fresh context from `contextOptions`, which carry its own egress proxy. */
export type BrowserLease = {
  browser: Browser;
  proxy: EgressSession;
  /** The proxy, no downloads, no service workers. Add to them; never take the proxy away. */
  contextOptions: BrowserContextOptions;
  /** Aborts when the browser process is gone. */
  crashed: AbortSignal;
};
export type HeldLease = BrowserLease & {
  /** Gives the browser back and ends the way out. Bounded; never rejects; may be called twice. */
  release(): Promise<void>;
  /** Ends the browser process at once, for a page that no longer answers. Bounded; never rejects. */
  kill(): Promise<void>;
};
export type PoolState = { browsers: number; leases: number; sandbox: 'on' | 'off' | 'unknown'; version: string | null };
export type BrowserPool = {
  /** Lends a browser that serves nobody but this workspace. Throws `BrowserUnavailable` when none can be started. */
  acquire(workspaceId: string, domains: AllowedDomain[], scope: AttemptScope): Promise<HeldLease>;
  /** Makes sure that a browser stands ready for whoever comes first. Throws `BrowserUnavailable`. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
  state(): PoolState;
};
export type PoolOptions = {
  launch: () => Promise<LaunchedBrowser>;
  openProxy: (domains: readonly AllowedDomain[]) => Promise<EgressSession>;
  browsersMax: number;
  log: Log;
  capturesMax?: number;
  lifeMs?: number;
};

type Entry = {
  launched: LaunchedBrowser;
  crashed: AbortController;
  workspaceId: string | null;
  leases: number;
  captures: number;
  bornAt: number;
  usedAt: number;
  isRetiring: boolean;
  ended: Promise<void> | null;
};

/**
 * Keeps browsers warm. One process serves one workspace at a time, because an exploit that breaks out of a page must not
 * find another customer's session; a process that has served nobody may go to anyone. Processes are replaced in the
 * background after `browserCapturesMax` captures, `browserLifeMs`, or a crash.
 */
export function createBrowserPool(options: PoolOptions): BrowserPool {
  const { launch, openProxy, browsersMax, log, capturesMax = LIMITS.browserCapturesMax, lifeMs = LIMITS.browserLifeMs } = options;
  const entries = new Set<Entry>();
  let isClosed = false;
  let sandbox: PoolState['sandbox'] = 'unknown';
  let version: string | null = null;
  let spare: Promise<void> | null = null;

  const end = (entry: Entry): Promise<void> => {
    entry.isRetiring = true;
    entry.ended ??= entry.launched.close().finally(() => entries.delete(entry));
    return entry.ended;
  };
  // Who it is for is set before anybody else can see it: two workspaces must never meet in one process.
  const start = async (workspaceId: string | null): Promise<Entry> => {
    const launched = await launch();
    const now = Date.now();
    const entry: Entry = {
      launched,
      crashed: new AbortController(),
      workspaceId,
      leases: 0,
      captures: 0,
      bornAt: now,
      usedAt: now,
      isRetiring: false,
      ended: null,
    };
    launched.browser.once('disconnected', () => {
      if (!entry.isRetiring) log.warn('a browser ended by itself', { ...(launched.pid === null ? {} : { pid: launched.pid }) });
      entry.crashed.abort(new Error('the browser ended'));
      void end(entry);
    });
    sandbox = launched.sandbox;
    version = launched.browser.version();
    entries.add(entry);
    if (isClosed) await end(entry);
    return entry;
  };
  const pick = (workspaceId: string): Entry | undefined => {
    const usable = [...entries].filter((entry) => !entry.isRetiring && !entry.crashed.signal.aborted);
    return usable.find((entry) => entry.workspaceId === workspaceId) ?? usable.find((entry) => entry.workspaceId === null);
  };
  /** Ends the idle browser of some other workspace that was used longest ago, when there is no room for one more. */
  const makeRoom = () => {
    const idle = [...entries].filter((entry) => entry.leases === 0 && !entry.isRetiring).sort((a, b) => a.usedAt - b.usedAt)[0];
    if (entries.size >= browsersMax && idle) void end(idle);
  };
  const isWorn = (entry: Entry) => entry.captures >= capturesMax || Date.now() - entry.bornAt >= lifeMs;
  /** Starts a browser for the next comer without making anybody wait. A failure here shows again at the next acquire. */
  const keepSpare = () => {
    if (isClosed || spare || entries.size >= browsersMax || [...entries].some((entry) => entry.workspaceId === null && !entry.isRetiring))
      return;
    spare = start(null)
      .then(
        () => undefined,
        (error: unknown) => log.warn('no spare browser could be started', { error }),
      )
      .finally(() => {
        spare = null;
      });
  };
  const giveBack = (entry: Entry) => {
    entry.leases -= 1;
    entry.usedAt = Date.now();
    // A context that outlived its lease is a page that would not close: the process is not to be trusted with the next one.
    const isStuck = entry.launched.browser.contexts().length > entry.leases;
    if (isWorn(entry) || isStuck) entry.isRetiring = true;
    if (entry.isRetiring && entry.leases === 0) void end(entry).finally(keepSpare);
  };
  const take = async (workspaceId: string): Promise<Entry> => {
    if (isClosed) throw new Error('The browser pool is closed.');
    if (!pick(workspaceId)) await spare;
    const ready = pick(workspaceId);
    if (!ready) makeRoom();
    const entry = ready ?? (await start(workspaceId));
    entry.workspaceId = workspaceId;
    entry.leases += 1;
    entry.captures += 1;
    if (isWorn(entry)) entry.isRetiring = true;
    return entry;
  };
  return {
    acquire: async (workspaceId, domains, scope) => {
      scope.signal.throwIfAborted();
      const entry = await take(workspaceId);
      const proxy = await openProxy(domains).catch((error: unknown) => {
        giveBack(entry);
        throw error;
      });
      if (scope.signal.aborted) {
        await proxy.close();
        giveBack(entry);
        throw scope.signal.reason;
      }
      return holdLease(entry, proxy, () => giveBack(entry));
    },
    warmUp: async () => {
      if (!pick('')) await start(null);
    },
    close: async () => {
      isClosed = true;
      await spare;
      await Promise.all([...entries].map(end));
    },
    state: () => ({ browsers: entries.size, leases: [...entries].reduce((sum, entry) => sum + entry.leases, 0), sandbox, version }),
  };
}

function holdLease(entry: Entry, proxy: EgressSession, giveBack: () => void): HeldLease {
  let released: Promise<void> | null = null;
  return {
    browser: entry.launched.browser,
    proxy,
    contextOptions: {
      proxy: { server: `http://127.0.0.1:${proxy.port}`, bypass: '<-loopback>' },
      acceptDownloads: false,
      serviceWorkers: 'block',
      ignoreHTTPSErrors: false,
    },
    crashed: entry.crashed.signal,
    release: () => {
      released ??= proxy.close().finally(giveBack);
      return released;
    },
    kill: async () => {
      entry.isRetiring = true;
      await entry.launched.kill();
    },
  };
}
