import type { BrowserContext, Page } from 'playwright';
import type { AttemptScope } from '#runner/attempt-scope.ts';
import { startRun } from '#runner/browser/capture-run.ts';
import { askScrollHeed } from '#runner/browser/readiness/heed-scroll.ts';
import { type NetworkActivity, watchNetwork } from '#runner/browser/readiness/network-activity.ts';
import { settle } from '#runner/browser/readiness/readiness.ts';
import { PROBE_SCRIPT } from '#runner/browser/readiness/readiness-probe.ts';
import { scrollThrough } from '#runner/browser/readiness/scroll-through.ts';
import { LIMITS } from '#shared/limits.ts';
import { createLog } from '#shared/log.ts';

const READINESS_MS_MAX = 20_000;
const NAVIGATION_MS_MAX = 30_000;

export type OurReadiness = { visit(page: Page, url: string): Promise<boolean>; close(): void };

/**
 * The runner's own readiness, put on a plain Playwright context: the same probe, the same waits, the same pass through
 * lazy parts, and nothing else of the pipeline. It is what a plain script is given to be compared on equal terms.
 */
export async function prepareReadiness(context: BrowserContext): Promise<OurReadiness> {
  const scope: AttemptScope = {
    deadline: Date.now() + NAVIGATION_MS_MAX + READINESS_MS_MAX,
    signal: new AbortController().signal,
    log: createLog('bench', 'error'),
    onStep: () => undefined,
  };
  const run = startRun(scope, new AbortController().signal);
  let network: NetworkActivity | null = null;
  await context.addInitScript({ content: PROBE_SCRIPT });
  return {
    visit: async (page, url) => {
      const cdp = await context.newCDPSession(page);
      network = watchNetwork(page, { cdp, isOwnHost: () => true, readinessMs: READINESS_MS_MAX });
      await page.goto(url, { waitUntil: 'domcontentloaded', timeout: NAVIGATION_MS_MAX });
      const target = { page, cdp, network, run, javaScriptEnabled: true };
      const navigatedAt = Date.now();
      const until = navigatedAt + READINESS_MS_MAX;
      const first = await settle(target, { wholePage: false, lazy: true, msMax: until - Date.now(), navigatedAt });
      if (first.held !== null) return false;
      const msMax = Math.max(1, (until - Date.now()) / 2);
      const { may, isHeard } = await askScrollHeed(target);
      if (!may) {
        const whole = await settle(target, {
          wholePage: true,
          lazy: true,
          since: 'nothing',
          msMax: Math.max(1, until - Date.now()),
          navigatedAt,
        });
        return whole.held === null;
      }
      await page.evaluate(scrollThrough, { bottomMax: LIMITS.heightPxMax, msMax, growthMax: 3, areasMax: 20, isHeard });
      const whole = await settle(target, { wholePage: true, lazy: true, msMax: Math.max(1, until - Date.now()), navigatedAt });
      return whole.held === null;
    },
    close: () => {
      network?.close();
      run.close();
    },
  };
}
