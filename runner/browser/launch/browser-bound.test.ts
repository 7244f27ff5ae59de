import { afterAll, describe, expect, it } from 'vitest';
import { type EgressSession, openEgressProxy } from '../egress/egress-proxy.ts';
import { openPoolBed } from '../fixtures/pool-bed.ts';
import type { LaunchedBrowser } from './launch-chromium.ts';

const { browsers, scope, withPool } = await openPoolBed();
afterAll(() => browsers.close());

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
        for (let count = 0; count < 3; count++)
          await (await pool.acquire({ workspaceId, domains: [], parts: null, tab: true }, scope())).release();
      };
      await Promise.all(['ws_a', 'ws_b', 'ws_c', 'ws_d', 'ws_e'].map(use));
      expect(pool.state().leases).toBe(0);
    });
    expect(most).toBe(3);
    expect(alive).toBe(0);
  });

  it('lets an attempt wait for room no longer than it has', () =>
    withPool({ browsersMax: 1 }, async (pool) => {
      const held = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      const wanted = { workspaceId: 'ws_b', domains: [], parts: null, tab: false };
      await expect(pool.acquire(wanted, { ...scope(), deadline: Date.now() + 50 })).rejects.toThrow('No browser became free in time.');
      const waiting = pool.acquire(wanted, scope());
      await held.release();
      const next = await waiting;
      expect(next.browser.isConnected()).toBe(true);
      await next.release();
    }));

  it('lets a stopped attempt go that waits for a browser which is starting', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let launches = 0;
    const launch = async () => {
      if (++launches > 1) await gate;
      return await browsers.launch();
    };
    await withPool({ launch, capturesMax: 2 }, async (pool) => {
      const wanted = { workspaceId: 'ws_a', domains: [], parts: null, tab: false };
      const held = [await pool.acquire(wanted, scope()), await pool.acquire(wanted, scope())];
      expect(launches, 'the successor starts').toBe(2);
      const stop = new AbortController();
      const waiting = pool.acquire(wanted, scope(stop.signal));
      stop.abort(new Error('canceled'));
      await expect(waiting).rejects.toThrow('canceled');
      open();
      for (const lease of [...held, await pool.acquire(wanted, scope())]) await lease.release();
    });
  });

  it('ends a browser whose way out cannot be closed', async () => {
    const proxies: EgressSession[] = [];
    const openProxy = async () => {
      const proxy = await openEgressProxy({ reach: null, log: browsers.log });
      proxies.push(proxy);
      return { ...proxy, close: () => Promise.reject(new Error('stuck')) };
    };
    const started: LaunchedBrowser[] = [];
    const launch = async () => {
      const launched = await browsers.launch();
      started.push(launched);
      return launched;
    };
    await withPool({ launch, openProxy }, async (pool) => {
      await pool.warmUp();
      await expect.poll(() => proxies.length).toBe(1);
      await expect.poll(() => started[0]?.browser.contexts().length).toBe(1);
    });
    expect(started.map(({ browser }) => browser.isConnected())).toEqual([false]);
    for (const proxy of proxies) await proxy.close();
  });
});
