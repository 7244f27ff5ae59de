import type { BrowserContext, Page } from 'playwright';
import type { AttemptScope } from '#runner/attempt-scope.ts';
import { startRun } from '#runner/browser/capture-run.ts';
import { type NetworkActivity, watchNetwork } from '#runner/browser/readiness/network-activity.ts';
import { loadLazyParts, settle } from '#runner/browser/readiness/readiness.ts';
import { installProbe } from '#runner/browser/readiness/readiness-probe.ts';
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
  await context.addInitScript(installProbe);
  return {
    visit: async (page, url) => {
      network = watchNetwork(page, () => true);
      await page.goto(url, { waitUntil: 'domcontentloaded', timeout: NAVIGATION_MS_MAX });
      const target = { page, network, run, javaScriptEnabled: true };
      const navigatedAt = Date.now();
      const until = navigatedAt + READINESS_MS_MAX;
      const first = await settle(target, { wholePage: false, msMax: until - Date.now(), navigatedAt });
      if (first.held !== null) return false;
      await loadLazyParts(target, { bottomMax: LIMITS.heightPxMax, msMax: Math.max(1, (until - Date.now()) / 2) });
      const whole = await settle(target, { wholePage: true, msMax: Math.max(1, until - Date.now()), navigatedAt });
      return whole.held === null;
    },
    close: () => {
      network?.close();
      run.close();
    },
  };
}
