import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { z } from 'zod';
import type { Reach, Resolve } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import { type EgressSession, openEgressProxy } from '../egress/egress-proxy.ts';
import type { BrowserHomes } from './browser-home.ts';
import { type Canaries, openCanaries } from './canaries.ts';
import type { FoundBrowser } from './find-browser.ts';
import { EGRESS_FLAGS, type LaunchedBrowser, launchChromium } from './launch-chromium.ts';
import { lentOptions } from './lent-options.ts';
import { readNameLookups } from './net-log.ts';
import { SELF_TEST_VECTORS, selfTestPage } from './self-test-page.ts';

export type SelfTestOptions = {
  found: FoundBrowser;
  homes: BrowserHomes;
  allowNoSandbox: boolean;
  log: Log;
  /** These three are replaced only by tests, which take a wall away. */
  flags?: readonly string[];
  lend?: typeof lentOptions;
  openProxy?: typeof openEgressProxy;
};
/** `leaks` names every way by which something got out; `ok` means that there was none and that all were really tried. */
export type SelfTestResult = { ok: boolean; leaks: string[]; sandbox: 'on' | 'off'; version: string; ms: number };

/** The names that the page makes the browser want to look up; none exists, and `.invalid` never will. */
const CANARY_NAME = 'sessionshot-canary.invalid';
const REBINDING = `rebind.${CANARY_NAME}`;

/**
 * Proves at start that a page cannot get out but through the proxy: a browser with the very flags of captures loads a
 * hostile page against canaries on loopback, and its own net log says whether it resolved any name by itself. This is
 * what notices a browser update that renames a flag. Rejects when no browser can be started.
 */
export async function runSelfTest(options: SelfTestOptions): Promise<SelfTestResult> {
  const { found, homes, allowNoSandbox, log, flags = EGRESS_FLAGS } = options;
  const startedAt = Date.now();
  const home = await homes.create();
  const netLog = join(home.path, 'tmp', 'net-log.json');
  const canaries = await openCanaries();
  try {
    const launched = await launchChromium({ found, home, allowNoSandbox, log, flags: [...flags, `--log-net-log=${netLog}`] });
    const version = launched.browser.version();
    const tried = await tryAll(launched, canaries, options);
    // The log is complete only once the browser has ended.
    await launched.close();
    const leaks = [...tried, ...canaries.hits(), ...(await nameLeaks(netLog))];
    return { ok: leaks.length === 0, leaks, sandbox: launched.sandbox, version, ms: Date.now() - startedAt };
  } finally {
    await canaries.close();
    await home.remove();
  }
}

/** Runs every vector; answers with what could not be tried, because a vector that did not run proves nothing. */
async function tryAll({ browser, close }: LaunchedBrowser, canaries: Canaries, options: SelfTestOptions): Promise<string[]> {
  const { found, log, lend = lentOptions, openProxy = openEgressProxy } = options;
  const { decoy } = canaries;
  const proxy: EgressSession = await openProxy({ reach: reachOf(canaries), log, resolve: resolveFor(decoy?.address ?? null) });
  const limit = setTimeout(() => void close(), LIMITS.selfTestMsMax);
  try {
    const context = await browser.newContext(lend(proxy));
    const location = `https://redirect.${CANARY_NAME}:${canaries.tcpPort}/`;
    await context.route(`**://self-test.invalid/**`, (route, request) =>
      route.fulfill(
        request.url().endsWith('/redirect')
          ? { status: 302, headers: { location } }
          : { contentType: 'text/html', body: '<p>self-test</p>' },
      ),
    );
    const page = await context.newPage();
    const tried = [await tryPage(page, 'http', canaries), await tryPage(page, 'https', canaries)];
    await context.unrouteAll();
    await expectRefused(page, `http://127.0.0.1:${canaries.tcpPort}/navigation`);
    await context.close();
    await tryWithoutProxy(browser, canaries);
    const blocked = proxy.blocked();
    const unjudged = ['127.0.0.1', `inside.${CANARY_NAME}`, `redirect.${CANARY_NAME}`, REBINDING].filter(
      (host) => !blocked.some((entry) => entry.host === host),
    );
    return [
      ...new Set(tried.flatMap(({ missing }) => missing)),
      ...unjudged.map((host) => `not judged: no request for ${host} was refused by the proxy`),
      ...(decoy?.isReached() ? [] : ['not judged: rebind, because the address that was judged was not the one connected to']),
      // A full Chromium does not know the flag: there the guard of a capture closes the window.
      ...(found.kind === 'headless-shell' && tried.some(({ opened }) => opened) ? ['a window that a page opened'] : []),
    ];
  } catch (error) {
    log.error('the self-test broke off', { error });
    return ['not judged: the test broke off'];
  } finally {
    clearTimeout(limit);
    await proxy.close();
  }
}

/**
 * The canary's names may use its port, and are all of this machine: the judgement of the address alone keeps them out. The
 * one that rebinds is a private entry, so that its first address passes.
 */
function reachOf({ tcpPort }: Canaries): Reach {
  const domains = [
    { host: REBINDING, port: tcpPort, isPrivate: true },
    { host: `*.${CANARY_NAME}`, port: tcpPort, isPrivate: false },
  ];
  return { domains, parts: null };
}

/**
 * Names of this machine. The one that rebinds is the decoy's when it is asked for the first time, and afterwards the
 * canary's, beside an address that no entry may reach: who judges that refuses it, who connects without judging gets there.
 */
function resolveFor(decoy: string | null): Resolve {
  let times = 0;
  return async (host) => {
    if (host !== REBINDING) return ['127.0.0.1'];
    times += 1;
    return times === 1 && decoy !== null ? [decoy] : ['127.0.0.1', '0.0.0.0'];
  };
}

async function tryPage(page: Page, scheme: 'http' | 'https', canaries: Canaries): Promise<{ missing: string[]; opened: boolean }> {
  await page.goto(`${scheme}://self-test.invalid/`);
  const script = selfTestPage({ tcp: canaries.tcpPort, udp: canaries.udpPort, name: CANARY_NAME });
  const { ran, opened } = z.object({ ran: z.array(z.string()), opened: z.boolean() }).parse(await page.evaluate(script));
  return {
    missing: SELF_TEST_VECTORS.filter((vector) => !ran.includes(vector)).map((vector) => `not judged: ${vector} did not run`),
    opened,
  };
}

/** A context that somebody forgot to give its proxy must fail closed, by the dead proxy of the launch. */
async function tryWithoutProxy(browser: Browser, canaries: Canaries): Promise<void> {
  const context = await browser.newContext();
  await expectRefused(await context.newPage(), `http://127.0.0.1:${canaries.tcpPort}/no-proxy`);
  await context.close();
}

async function expectRefused(page: Page, url: string): Promise<void> {
  // An error is what is hoped for; the canary says whether it got through.
  await page.goto(url, { timeout: 5000 }).catch(() => undefined);
}

/** Reads from the browser's own log which of the page's names it tried to resolve. */
async function nameLeaks(file: string): Promise<string[]> {
  const names = await readNameLookups(file, /[\w-]+\.sessionshot-canary\.invalid/);
  return (
    names?.map((name) => `a name look-up (${name.split('.')[0]})`) ?? [
      'not judged: the browser wrote no net log, so its name look-ups are unknown',
    ]
  );
}
