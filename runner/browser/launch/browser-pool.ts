import type { Browser, BrowserContextOptions } from 'playwright';
import type { AttemptScope } from '#runner/attempt-scope.ts';
import type { Reach } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { EgressSession } from '../egress/egress-proxy.ts';
import type { Tab } from '../visit/open-tab.ts';
import type { LaunchedBrowser } from './launch-chromium.ts';
import { lentOptions } from './lent-options.ts';
import { watchPoolChanges } from './pool-changes.ts';
import { createTabShelf, type ReadyTab, type TabShelf } from './tab-shelf.ts';

/**
 * A browser lent to one attempt, with a tab that was made ahead where one was asked for; else make a fresh context from
 * `contextOptions`, which carry the same egress proxy.
 */
export type BrowserLease = {
  browser: Browser;
  proxy: EgressSession;
  tab: Tab | null;
  /** The proxy, no downloads, no service workers. Add to them; never take the proxy away. */
  contextOptions: BrowserContextOptions;
  /** Aborts when the browser process is gone. */
  crashed: AbortSignal;
  /** Takes the closing of a context off the capture's way: done at the release, which waits for it. Must not reject. */
  defer(close: () => Promise<void>): void;
  /** Says that the browser did not keep up with the page: its process serves no capture after those under way. */
  distrust(): void;
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
  acquire(wanted: WantedLease, scope: AttemptScope): Promise<HeldLease>;
  /** Makes sure that a browser with tabs stands ready for whoever comes first. Throws `BrowserUnavailable`. */
  warmUp(): Promise<void>;
  close(): Promise<void>;
  state(): PoolState;
};
export type WantedLease = Reach & {
  workspaceId: string;
  /** Whether a tab made ahead would serve. */
  tab: boolean;
};
export type PoolOptions = {
  launch: () => Promise<LaunchedBrowser>;
  openProxy: (reach: Reach | null) => Promise<EgressSession>;
  openTab: (browser: Browser, contextOptions: BrowserContextOptions) => Promise<Tab>;
  /** Processes, those that start and those that end included. */
  browsersMax: number;
  /** Tabs that an idle browser keeps ready. */
  tabsMax: number;
  log: Log;
  capturesMax?: number;
  lifeMs?: number;
  memoryBytesMax?: number;
};

const RECYCLE_AHEAD_SHARE = 0.9;
const MEMORY_LOOK_CAPTURES = 10;

type Entry = {
  launched: LaunchedBrowser;
  shelf: TabShelf;
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
 * background after `browserCapturesMax` captures, `browserLifeMs`, when they have grown beyond `browserMemoryBytesMax`,
 * or after a crash.
 */
export function createBrowserPool(options: PoolOptions): BrowserPool {
  const { launch, openProxy, browsersMax, tabsMax, log } = options;
  const { capturesMax = LIMITS.browserCapturesMax, lifeMs = LIMITS.browserLifeMs, memoryBytesMax = LIMITS.browserMemoryBytesMax } = options;
  const entries = new Set<Entry>();
  let isClosed = false;
  let sandbox: PoolState['sandbox'] = 'unknown';
  let version: string | null = null;
  let spare: Promise<void> | null = null;
  let starting = 0;
  const changes = watchPoolChanges();
  const isFull = () => entries.size + starting >= browsersMax;

  const end = (entry: Entry): Promise<void> => {
    entry.isRetiring = true;
    entry.ended ??= entry.shelf
      .close()
      .catch((error: unknown) => log.warn('a way out could not be closed; its browser is ended all the same', { error }))
      .then(() => entry.launched.close())
      .finally(() => {
        entries.delete(entry);
        changes.tell();
      });
    return entry.ended;
  };
  // Who it is for, and that it serves already, is set before anybody else can see it: two workspaces must never meet in one process.
  const start = async (workspaceId: string | null): Promise<Entry> => {
    starting += 1;
    try {
      return await enter(workspaceId, await launch());
    } finally {
      starting -= 1;
      changes.tell();
    }
  };
  const enter = async (workspaceId: string | null, launched: LaunchedBrowser): Promise<Entry> => {
    const entry = makeEntry(options, launched, workspaceId);
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
  /** Ends the idle browser of some other workspace that was used longest ago, unless one is ending already. */
  const makeRoom = () => {
    const idle = [...entries].filter((entry) => entry.leases === 0 && !entry.isRetiring).sort((a, b) => a.usedAt - b.usedAt)[0];
    if (idle && ![...entries].some((entry) => entry.ended !== null)) void end(idle);
  };
  // Its successor is started while it still serves, so that nobody waits for a browser to start.
  const isWearing = (entry: Entry) => entry.captures >= capturesMax - tabsMax || Date.now() - entry.bornAt >= lifeMs * RECYCLE_AHEAD_SHARE;
  const isWorn = (entry: Entry) => entry.captures >= capturesMax || Date.now() - entry.bornAt >= lifeMs;
  /** Starts a browser for the next comer without making anybody wait. A failure here shows again at the next acquire. */
  const keepSpare = () => {
    if (isClosed || spare || isFull() || [...entries].some((entry) => entry.workspaceId === null && !entry.isRetiring)) return;
    spare = start(null)
      .then(
        (entry) => entry.shelf.fill(1),
        (error: unknown) => log.warn('no spare browser could be started', { error }),
      )
      .finally(() => {
        spare = null;
        changes.tell();
      });
  };
  const retire = (entry: Entry) => {
    entry.isRetiring = true;
    if (entry.leases === 0) void end(entry).finally(keepSpare);
  };
  /** What pages leave behind in a browser adds up; a successor is cheaper than a machine that swaps. */
  const lookAtMemory = async (entry: Entry) => {
    const bytes = await entry.launched.memoryBytes();
    if (bytes === null || bytes <= memoryBytesMax || entry.isRetiring) return;
    log.info('a browser has grown too large and is replaced', { count: Math.round(bytes / 1024 / 1024), state: 'MiB' });
    retire(entry);
  };
  const giveBack = (entry: Entry) => {
    entry.leases -= 1;
    entry.usedAt = Date.now();
    changes.tell();
    // A context that outlived its lease is a page that would not close: the process is not to be trusted with the next one.
    const isStuck = entry.launched.browser.contexts().length > entry.leases + entry.shelf.size();
    if (isWorn(entry) || isStuck) entry.isRetiring = true;
    if (entry.captures % MEMORY_LOOK_CAPTURES === 0) void lookAtMemory(entry);
    if (entry.isRetiring) return retire(entry);
    entry.shelf.fill(Math.max(1, tabsMax - entry.leases));
  };
  /** Takes it in the moment in which it was found: a moment later it may be another's, or be ended to make room. */
  const claim = (entry: Entry, workspaceId: string): Entry => {
    entry.workspaceId = workspaceId;
    entry.leases += 1;
    entry.captures += 1;
    return entry;
  };
  /** Finds a browser, or starts one as soon as there is room. Ends with the scope. */
  const find = async (workspaceId: string, scope: AttemptScope): Promise<Entry> => {
    for (;;) {
      if (isClosed) throw new Error('The browser pool is closed.');
      const ready = pick(workspaceId);
      if (ready) return claim(ready, workspaceId);
      if (!spare && !isFull()) return await start(workspaceId);
      if (!spare) makeRoom();
      await changes.next(scope);
    }
  };
  const take = async (workspaceId: string, scope: AttemptScope): Promise<Entry> => {
    const entry = await find(workspaceId, scope);
    if (isWorn(entry)) entry.isRetiring = true;
    if (isWearing(entry)) keepSpare();
    return entry;
  };
  return {
    acquire: async ({ workspaceId, domains, parts, tab }, scope) => {
      scope.signal.throwIfAborted();
      const entry = await take(workspaceId, scope);
      const opening = tab ? entry.shelf.take() : openProxy({ domains, parts }).then((proxy) => ({ proxy }));
      const opened = await opening.catch((error: unknown) => {
        giveBack(entry);
        throw error;
      });
      const lease = holdLease(entry, opened, () => giveBack(entry));
      lease.proxy.allow({ domains, parts });
      if (scope.signal.aborted) {
        const context = lease.tab?.context;
        if (context) lease.defer(() => context.close().catch(() => undefined)); // rejects when the browser is gone
        await lease.release();
        throw scope.signal.reason;
      }
      return lease;
    },
    warmUp: async () => {
      const entry = pick('') ?? (isFull() ? null : await start(null));
      entry?.shelf.fill(tabsMax);
    },
    close: async () => {
      isClosed = true;
      changes.tell();
      await spare;
      await Promise.all([...entries].map(end));
    },
    state: () => ({ browsers: entries.size, leases: [...entries].reduce((sum, entry) => sum + entry.leases, 0), sandbox, version }),
  };
}

function makeEntry(options: PoolOptions, launched: LaunchedBrowser, workspaceId: string | null): Entry {
  const now = Date.now();
  const served = workspaceId === null ? 0 : 1;
  return {
    launched,
    shelf: createTabShelf({ make: () => makeTab(options, launched.browser), log: options.log }),
    crashed: new AbortController(),
    workspaceId,
    leases: served,
    captures: served,
    bornAt: now,
    usedAt: now,
    isRetiring: false,
    ended: null,
  };
}

async function makeTab({ openProxy, openTab }: PoolOptions, browser: Browser): Promise<ReadyTab> {
  const proxy = await openProxy(null);
  try {
    return { ...(await openTab(browser, lentOptions(proxy))), proxy };
  } catch (error) {
    await proxy.close();
    throw error;
  }
}

function holdLease(entry: Entry, opened: { proxy: EgressSession } | ReadyTab, giveBack: () => void): HeldLease {
  const { proxy } = opened;
  const closing: (() => Promise<void>)[] = [];
  let released: Promise<void> | null = null;
  return {
    browser: entry.launched.browser,
    proxy,
    tab: 'page' in opened ? opened : null,
    contextOptions: lentOptions(proxy),
    crashed: entry.crashed.signal,
    defer: (close) => void closing.push(close),
    distrust: () => {
      entry.isRetiring = true;
    },
    release: () => {
      released ??= Promise.all(closing.map((close) => close()))
        .then(() => proxy.close())
        .finally(giveBack);
      return released;
    },
    kill: async () => {
      entry.isRetiring = true;
      await entry.launched.kill();
    },
  };
}
