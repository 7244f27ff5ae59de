import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestBrowsers, type TestBrowsers } from '#runner/fixtures/test-browsers.ts';
import { openEgressProxy } from '../egress/egress-proxy.ts';
import { openOrdinaryTab } from '../visit/open-tab.ts';
import { type BrowserPool, createBrowserPool, type PoolOptions } from './browser-pool.ts';

let browsers: TestBrowsers;
beforeAll(async () => {
  browsers = await openTestBrowsers();
});
afterAll(() => browsers?.close());

const scope = (signal = new AbortController().signal) => ({
  deadline: Date.now() + 60_000,
  signal,
  log: browsers.log,
  onStep: () => undefined,
});
const smallPool = (more: Partial<PoolOptions> = {}): BrowserPool =>
  createBrowserPool({
    launch: browsers.launch,
    openProxy: (domains) => openEgressProxy({ domains, log: browsers.log }),
    openTab: openOrdinaryTab,
    browsersMax: 2,
    tabsMax: 1,
    log: browsers.log,
    ...more,
  });

async function withPool(more: Partial<PoolOptions>, use: (pool: BrowserPool) => Promise<void>): Promise<void> {
  const pool = smallPool(more);
  try {
    await use(pool);
  } finally {
    await pool.close();
  }
}

describe('the bound of a pool', () => {
  it('starts no more processes than it may have, those that end and those that start included', async () => {
    let alive = 0;
    let most = 0;
    const launch = async () => {
      most = Math.max(most, ++alive);
      const launched = await browsers.launch();
      const close = async () => {
        await launched.close();
        alive -= 1;
      };
      return { ...launched, close };
    };
    await withPool({ launch, browsersMax: 3, capturesMax: 2 }, async (pool) => {
      await pool.warmUp();
      const use = async (workspaceId: string) => {
        for (let count = 0; count < 3; count++) await (await pool.acquire({ workspaceId, domains: [], tab: true }, scope())).release();
      };
      await Promise.all(['ws_a', 'ws_b', 'ws_c', 'ws_d', 'ws_e'].map(use));
      expect(pool.state().leases).toBe(0);
    });
    expect(most).toBe(3);
    expect(alive).toBe(0);
  });

  it('lets an attempt wait for room no longer than it has', () =>
    withPool({ browsersMax: 1 }, async (pool) => {
      const held = await pool.acquire({ workspaceId: 'ws_a', domains: [], tab: false }, scope());
      const wanted = { workspaceId: 'ws_b', domains: [], tab: false };
      await expect(pool.acquire(wanted, { ...scope(), deadline: Date.now() + 50 })).rejects.toThrow('No browser became free in time.');
      const waiting = pool.acquire(wanted, scope());
      await held.release();
      const next = await waiting;
      expect(next.browser.isConnected()).toBe(true);
      await next.release();
    }));
});
