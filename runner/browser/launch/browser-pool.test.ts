import { readdir, readFile } from 'node:fs/promises';
import type { Browser } from 'playwright';
import { afterAll, describe, expect, it } from 'vitest';
import { openTestBrowsers } from '#runner/fixtures/test-browsers.ts';
import { readProcess } from '#runner/process-group.ts';
import { openEgressProxy } from '../egress/egress-proxy.ts';
import { openPoolBed } from '../fixtures/pool-bed.ts';
import { openOrdinaryTab, type Tab } from '../visit/open-tab.ts';
import { DEAD_PROXY, EGRESS_FLAGS } from './launch-chromium.ts';
import { judgeSandbox, listProcesses } from './sandbox.ts';
import { createTabShelf } from './tab-shelf.ts';

const { browsers, scope, withPool } = await openPoolBed();
afterAll(() => browsers.close());

describe('the pool', () => {
  it('gives one process to one workspace: others never meet in it, the same may share it', () =>
    withPool({}, async (pool) => {
      await pool.warmUp();
      const [a, b] = await Promise.all([
        pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope()),
        pool.acquire({ workspaceId: 'ws_b', domains: [], parts: null, tab: false }, scope()),
      ]);
      const again = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      expect(b.browser).not.toBe(a.browser);
      expect(again.browser).toBe(a.browser);
      expect(again.proxy.port).not.toBe(a.proxy.port);
      for (const lease of [a, b, again]) await lease.release();
      const third = await pool.acquire({ workspaceId: 'ws_c', domains: [], parts: null, tab: false }, scope());
      expect([a.browser, b.browser]).not.toContain(third.browser);
      await third.release();
    }));

  it('replaces a process that has served its captures', () =>
    withPool({ capturesMax: 1 }, async (pool) => {
      const first = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      await first.release();
      const second = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      expect(second.browser).not.toBe(first.browser);
      expect(first.browser.isConnected() && second.browser.isConnected()).toBe(false);
      await second.release();
    }));

  it('replaces a process that has lived its time', () =>
    withPool({ lifeMs: 50 }, async (pool) => {
      const first = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      await new Promise((resolve) => setTimeout(resolve, 60));
      await first.release();
      const second = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      expect(second.browser).not.toBe(first.browser);
      expect(first.browser.isConnected()).toBe(false);
      await second.release();
    }));

  it('replaces a process that has grown too large, once nobody is in it', () =>
    withPool({ memoryBytesMax: 1 }, async (pool) => {
      const served: Browser[] = [];
      for (let count = 0; count < 10; count++) {
        const lease = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
        served.push(lease.browser);
        await lease.release();
      }
      expect(new Set(served).size).toBe(1);
      await expect.poll(() => served[0]?.isConnected()).toBe(false);
    }));

  it('does not lend a process again that holds a page which would not close', () =>
    withPool({}, async (pool) => {
      const first = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      await first.browser.newContext(first.contextOptions);
      await first.release();
      const second = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      expect(second.browser).not.toBe(first.browser);
      await second.release();
    }));

  it('does not lend a process again that did not keep up', () =>
    withPool({}, async (pool) => {
      const wanted = { workspaceId: 'ws_a', domains: [], parts: null, tab: false };
      const [late, beside] = [await pool.acquire(wanted, scope()), await pool.acquire(wanted, scope())];
      late.distrust();
      await late.release();
      expect(beside.browser.isConnected()).toBe(true);
      const next = await pool.acquire(wanted, scope());
      expect(next.browser).not.toBe(beside.browser);
      await next.release();
      await beside.release();
      await expect.poll(() => beside.browser.isConnected()).toBe(false);
    }));

  it('tells a lease when its browser dies, and starts another', () =>
    withPool({}, async (pool) => {
      const lease = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      const context = await lease.browser.newContext(lease.contextOptions);
      await context.newPage();
      const { browserPid } = await listProcesses(lease.browser);
      const crashed = new Promise<void>((resolve) => lease.crashed.addEventListener('abort', () => resolve(), { once: true }));
      process.kill(browserPid ?? 0, 'SIGKILL');
      await crashed;
      await lease.release();
      const next = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      expect(next.browser.isConnected()).toBe(true);
      await next.release();
    }));

  it('ends a browser with all of its processes, even a frozen one, and removes its home', async () => {
    const launched = await browsers.launch();
    const group = launched.group ?? 0;
    process.kill(launched.pid ?? 0, 'SIGSTOP');
    const startedAt = Date.now();
    await launched.close();
    expect(Date.now() - startedAt).toBeLessThan(5000);
    expect(await membersOf(group)).toEqual([]);
    expect(await readdir(`${browsers.folder}/groups`)).not.toContain(String(group));
  });

  it('gives a page no way but its own proxy, whatever address it asks for', () =>
    withPool({}, async (pool) => {
      const lease = await pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope());
      const context = await lease.browser.newContext(lease.contextOptions);
      const page = await context.newPage();
      for (const url of [
        'https://localhost:4443/',
        'http://127.0.0.1/',
        'https://[::1]/',
        'https://169.254.169.254/latest',
        'https://0.0.0.0/',
      ]) {
        // Of a plain request Chromium may show the proxy's own refusal, which is 403 and empty.
        const answer = await page.goto(url).catch(() => null);
        expect(answer?.status() ?? 403).toBe(403);
      }
      expect(lease.proxy.hosts()).toEqual([]);
      expect(lease.proxy.blocked().map((entry) => entry.host)).toEqual(['localhost', '127.0.0.1', '::1', '169.254.169.254', '0.0.0.0']);
      await context.close();
      const bare = await lease.browser.newContext();
      await expect((await bare.newPage()).goto('https://example.com/')).rejects.toThrow(/ERR_PROXY_CONNECTION_FAILED/);
      await bare.close();
      await lease.release();
    }));

  it('keeps tabs ready whose way out is shut until they are lent, and lends each only once', () =>
    withPool({}, async (pool) => {
      await pool.warmUp();
      const wanted = { workspaceId: 'ws_a', domains: [], parts: null, tab: true };
      const first = await pool.acquire(wanted, scope());
      const second = await pool.acquire(wanted, scope());
      expect(first.tab?.page.url()).toBe('about:blank');
      expect(second.tab?.context).not.toBe(first.tab?.context);
      expect(second.browser).toBe(first.browser);
      for (const lease of [first, second]) {
        await lease.tab?.context.close();
        await lease.release();
      }
      const third = await pool.acquire(wanted, scope());
      expect([first.tab?.context, second.tab?.context]).not.toContain(third.tab?.context);
      expect(third.tab?.page.isClosed()).toBe(false);
      await third.tab?.context.close();
      await third.release();
    }));

  it('does not lend a tab that died while it stood ready', async () => {
    const launched = await browsers.launch();
    const made: Tab[] = [];
    const make = async () => {
      const proxy = await openEgressProxy({ reach: null, log: browsers.log });
      const tab = await openOrdinaryTab(launched.browser, { proxy: { server: `http://127.0.0.1:${proxy.port}`, bypass: '<-loopback>' } });
      made.push(tab);
      return { ...tab, proxy };
    };
    const shelf = createTabShelf({ make, log: browsers.log });
    shelf.fill(1);
    await expect.poll(() => shelf.size() === 1 && made.length === 1).toBe(true);
    await expect(made[0]?.page.goto('https://example.com/')).rejects.toThrow(/ERR_TUNNEL_CONNECTION_FAILED/);
    await made[0]?.page.close();
    const lent = await shelf.take();
    expect(made).toHaveLength(2);
    expect(lent.page.isClosed()).toBe(false);
    await lent.proxy.close();
    await shelf.close();
    await launched.close();
  });

  it('refuses a lease to an attempt that was stopped', () =>
    withPool({}, async (pool) => {
      await expect(
        pool.acquire({ workspaceId: 'ws_a', domains: [], parts: null, tab: false }, scope(AbortSignal.abort(new Error('stopped')))),
      ).rejects.toThrow('stopped');
    }));
});

describe.runIf(process.platform === 'linux')('a launched browser', () => {
  it('has renderers that are not root, filtered, and in namespaces of their own', async () => {
    const launched = await browsers.launch();
    try {
      const context = await launched.browser.newContext();
      await context.newPage();
      const { rendererPids, browserPid } = await listProcesses(launched.browser);
      expect(rendererPids.length).toBeGreaterThan(0);
      expect(await judgeSandbox(rendererPids)).toEqual({ sandbox: 'on', reason: null });
      expect(launched.sandbox).toBe('on');
      const status = await readFile(`/proc/${browserPid}/status`, 'utf8');
      expect(status).not.toMatch(/^Uid:.*\b0\b/m);
      // Started by root it has none of root's groups; started by a user it keeps that user's.
      if (process.getuid?.() === 0) expect(status).toMatch(/^Groups:\s*$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(await readFile(`/proc/${browserPid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/);
    } finally {
      await launched.close();
    }
  });

  it('is refused without its sandbox, unless that was allowed, and then says so', async () => {
    const flags = [...EGRESS_FLAGS, '--no-sandbox'];
    const strict = await openTestBrowsers({ flags });
    await expect(strict.pool.warmUp()).rejects.toThrow(/sandbox is off: renderer \d+/);
    expect(strict.pool.state().browsers).toBe(0);
    await strict.close();
    const lax = await openTestBrowsers({ flags, allowNoSandbox: true });
    await lax.pool.warmUp();
    expect(lax.pool.state().sandbox).toBe('off');
    await lax.close();
  });

  it('is judged off when a renderer is not in a sandbox', async () => {
    expect(await judgeSandbox([process.pid])).toMatchObject({ sandbox: 'off', reason: expect.stringContaining(String(process.pid)) });
    expect(await judgeSandbox([])).toMatchObject({ sandbox: 'off' });
  });

  it('keeps everything that Playwright switches off, since only the last such flag counts', async () => {
    const launched = await browsers.launch();
    try {
      const flags = (await readFile(`/proc/${launched.pid}/cmdline`, 'utf8')).split('\0');
      const disabled = flags
        .filter((flag) => flag.startsWith('--disable-features='))
        .map((flag) => flag.slice('--disable-features='.length).split(','));
      expect(disabled).toHaveLength(2);
      expect(disabled[1]).toEqual(expect.arrayContaining(disabled[0] ?? []));
      expect(flags).toContain(`--proxy-server=${DEAD_PROXY}`);
      expect(flags.some((flag) => /no-sandbox|remote-debugging-port|disable-web-security|ignore-certificate/.test(flag))).toBe(false);
      expect(flags).toContain('--remote-debugging-pipe');
    } finally {
      await launched.close();
    }
  });
});

async function membersOf(group: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const facts = await Promise.all(pids.map(async (pid) => ({ pid, facts: await readProcess(pid) })));
  return facts.filter((entry) => entry.facts?.group === group && entry.facts.state !== 'Z').map((entry) => entry.pid);
}
