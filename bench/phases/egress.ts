import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright';
import { openEgressProxy } from '#runner/browser/egress/egress-proxy.ts';
import { EGRESS_FLAGS, RESOLVER_FLAG } from '#runner/browser/launch/launch-chromium.ts';
import { lentOptions } from '#runner/browser/launch/lent-options.ts';
import { createLog } from '#shared/log.ts';
import type { Bed } from '../bed.ts';
import { TILES } from '../site/pages.ts';

/** Milliseconds from the navigation to `load`, of each round. */
export type EgressResult = { directMs: number[]; proxiedMs: number[] };

const LOAD_MS_MAX = 30_000;

/**
 * Loads the page of many small images through an egress proxy and without one, in turn, each time in a fresh context of
 * one and the same browser; who begins changes with every round. The first round counts for nothing. A load that lacks an
 * image throws: half a page is no measurement.
 */
export async function measureEgress(bed: Bed, rounds: number, say: (text: string) => void): Promise<EgressResult> {
  const { port, hostname } = new URL(bed.origin);
  const log = createLog('bench', 'error');
  const browser = await chromium.launch({
    executablePath: bed.browsers.shell,
    args: flagsFor(hostname),
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', HOME: bed.home, TMPDIR: join(bed.home, 'tmp') },
    timeout: LOAD_MS_MAX,
  });
  const end = () => browser.close();
  bed.live.add(end);
  try {
    const direct = () => load(browser, bed.origin, { serviceWorkers: 'block' });
    const proxied = async () => {
      const proxy = await openEgressProxy({
        reach: { domains: [{ host: hostname, port: Number(port), isPrivate: true }], parts: null },
        log,
      });
      try {
        const ms = await load(browser, bed.origin, lentOptions(proxy));
        if (!proxy.hosts().includes(hostname)) throw new Error('the page was loaded past the proxy');
        return ms;
      } finally {
        await proxy.close();
      }
    };
    const result: EgressResult = { directMs: [], proxiedMs: [] };
    for (let round = 0; round <= rounds; round++) {
      say(`egress: round ${round} of ${rounds}${round === 0 ? ', warming up' : ''}`);
      const first = round % 2 === 0 ? await proxied() : null;
      const directMs = await direct();
      const proxiedMs = first ?? (await proxied());
      if (round === 0) continue;
      result.directMs.push(directMs);
      result.proxiedMs.push(proxiedMs);
    }
    return result;
  } finally {
    await end();
    bed.live.delete(end);
  }
}

/** The flags of captures; the direct loads have to find the corpus by its name. */
function flagsFor(hostname: string): string[] {
  return EGRESS_FLAGS.map((flag) => (flag === RESOLVER_FLAG ? `${flag} , EXCLUDE ${hostname}` : flag));
}

async function load(browser: Browser, origin: string, options: BrowserContextOptions): Promise<number> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const from = performance.now();
    await page.goto(`${origin}/tiles`, { waitUntil: 'load', timeout: LOAD_MS_MAX });
    const ms = performance.now() - from;
    const shown = await page
      .locator('img')
      .evaluateAll((images) => images.filter((image) => Reflect.get(image, 'naturalWidth') > 0).length);
    if (shown !== TILES) throw new Error(`the page showed ${shown} of its ${TILES} images`);
    return ms;
  } finally {
    await context.close();
  }
}
