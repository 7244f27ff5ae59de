import { expect, it } from 'vitest';
import { readBrowserConfig } from '#runner/config.ts';
import { openTestBrowsers } from '#runner/fixtures/test-browsers.ts';
import { dialFirst } from '../egress/dial.ts';
import { decideEgress, resolveBySystem } from '../egress/egress-policy.ts';
import { openEgressProxy } from '../egress/egress-proxy.ts';
import { prepareBrowserHomes } from './browser-home.ts';
import { EGRESS_FLAGS, RESOLVER_FLAG, WEBRTC_FLAGS, WINDOWS_FLAG } from './launch-chromium.ts';
import { lentOptions } from './lent-options.ts';
import { runSelfTest, type SelfTestOptions } from './self-test.ts';

async function selfTestWith(flags: readonly string[]) {
  const browsers = await openTestBrowsers({ flags });
  try {
    return await browsers.selfTest();
  } finally {
    await browsers.close();
  }
}

/** The self-test of a runner that is put together wrongly. */
async function selfTestOf(wrong: Partial<SelfTestOptions>) {
  const browsers = await openTestBrowsers();
  const { found, log, folder } = browsers;
  try {
    const homes = await prepareBrowserHomes({ workDir: folder, extraCaFiles: [], environment: readBrowserConfig().environment });
    return await runSelfTest({ found, homes, allowNoSandbox: false, log, ...wrong });
  } finally {
    await browsers.close();
  }
}

it('finds no way out of a page with the pinned flags', async () => {
  expect(await selfTestWith(EGRESS_FLAGS)).toMatchObject({ ok: true, leaks: [], sandbox: 'on' });
});

it('names WebRTC when its flags are taken away, and fails', async () => {
  const result = await selfTestWith(EGRESS_FLAGS.filter((flag) => !WEBRTC_FLAGS.includes(flag)));
  expect(result).toMatchObject({ ok: false, leaks: expect.arrayContaining(['a UDP packet (WebRTC)']) });
});

it('names the look-ups when the resolver rule is taken away, and fails', async () => {
  const result = await selfTestWith(EGRESS_FLAGS.filter((flag) => flag !== RESOLVER_FLAG));
  expect(result.ok).toBe(false);
  expect(result.leaks.join()).toContain('a name look-up');
});

it('names what a context without a proxy reaches when the dead proxy of the launch is taken away, and fails', async () => {
  const result = await selfTestWith([...EGRESS_FLAGS, '--proxy-bypass-list=127.0.0.1']);
  expect(result).toMatchObject({ ok: false, leaks: ['a TCP connection', 'TCP no-proxy'] });
});

it('names the window that a page opens when the flag for windows is taken away, and fails', async (context) => {
  const browsers = await openTestBrowsers({ flags: EGRESS_FLAGS.filter((flag) => flag !== WINDOWS_FLAG) });
  try {
    context.skip(browsers.found.kind !== 'headless-shell', 'a full Chromium has no such flag');
    expect(await browsers.selfTest()).toMatchObject({ ok: false, leaks: ['a window that a page opened'] });
  } finally {
    await browsers.close();
  }
});

it('names what goes past the proxy when contexts are lent without theirs for loopback, and fails', async () => {
  const lend: typeof lentOptions = (proxy) => ({
    ...lentOptions(proxy),
    proxy: { server: `http://127.0.0.1:${proxy.port}`, bypass: '127.0.0.1' },
  });
  const { ok, leaks } = await selfTestOf({ lend });
  expect(ok).toBe(false);
  // Sub-resources connect, and are then held back by Chromium's own rule for local networks, which is no wall of ours.
  expect(leaks).toEqual(expect.arrayContaining(['a TCP connection', 'TCP navigation']));
});

it('fails when contexts are lent without any proxy, because then nothing of the page comes to it', async () => {
  const { ok, leaks } = await selfTestOf({ lend: ({ port: _unused }) => ({ serviceWorkers: 'block' }) });
  expect(ok).toBe(false);
  expect(leaks).toContain('not judged: no request for 127.0.0.1 was refused by the proxy');
});

it('names the address that is reached when addresses are not judged, and fails', async () => {
  const openProxy: typeof openEgressProxy = (options) =>
    openEgressProxy({ ...options, decide: async () => ({ ok: true, addresses: ['127.0.0.1'] }) });
  const { ok, leaks } = await selfTestOf({ openProxy });
  expect(ok).toBe(false);
  expect(leaks).toEqual(expect.arrayContaining(['TCP inside', 'TCP redirect', 'TCP socket']));
});

it('names the redirect when only its first hop is judged, and fails', async () => {
  const openProxy: typeof openEgressProxy = (options) =>
    openEgressProxy({
      ...options,
      decide: async (reach, wanted, resolve) =>
        wanted.host.startsWith('redirect.') ? { ok: true, addresses: ['127.0.0.1'] } : decideEgress(reach, wanted, resolve),
    });
  const { ok, leaks } = await selfTestOf({ openProxy });
  expect(ok).toBe(false);
  expect(leaks).toEqual(expect.arrayContaining(['a TCP connection', 'TCP redirect']));
  expect(leaks).not.toContain('TCP inside');
});

it('names the name that rebinds when the proxy resolves again to connect, and fails', async () => {
  const openProxy: typeof openEgressProxy = (options) => {
    const resolve = options.resolve ?? resolveBySystem;
    const dial: typeof options.dial = async (way, signal) => dialFirst({ ...way, addresses: await resolve(way.host) }, signal);
    return openEgressProxy({ ...options, dial });
  };
  const { ok, leaks } = await selfTestOf({ openProxy });
  expect(ok).toBe(false);
  expect(leaks).toEqual(expect.arrayContaining(['a TCP connection', 'TCP rebind', expect.stringContaining('not judged: rebind')]));
  expect(leaks.filter((leak) => /inside|redirect/.test(leak))).toEqual([]);
});

it('fails when the proxy connects by name, wherever that leads', async () => {
  const openProxy: typeof openEgressProxy = (options) =>
    openEgressProxy({ ...options, dial: (way, signal) => dialFirst({ ...way, addresses: [way.host] }, signal) });
  expect(await selfTestOf({ openProxy })).toMatchObject({
    ok: false,
    leaks: ['not judged: rebind, because the address that was judged was not the one connected to'],
  });
});
