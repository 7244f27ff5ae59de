import { LIMITS } from '#shared/limits.ts';
import { isExpiry } from '../classify-playwright-error.ts';
import type { Visit } from '../visit/visit.ts';
import { loadLazyParts, type Settled, settle } from './readiness.ts';

/** Waits until the page is finished in the way that `waitUntil` names, and notes what was waited for. */
export async function settleVisit(visit: Visit): Promise<void> {
  const { page, run, payload, observed } = visit;
  const { waitUntil, timeouts } = payload.request;
  if (waitUntil === 'networkidle') {
    try {
      const timeout = run.left(timeouts.readiness);
      await run.within(timeout + 500, page.waitForLoadState('networkidle', { timeout }));
    } catch (error) {
      if (!isExpiry(error)) throw error;
      return expire(visit, { held: 'network', readiness: { settledBy: 'timeout (networkidle)' } });
    }
  }
  if (waitUntil !== 'auto') {
    observed.readiness = { settledBy: waitUntil };
    return;
  }
  const until = Date.now() + run.left(timeouts.readiness);
  const first = await settleAuto(visit, { wholePage: false, until });
  if (first.held !== null || !needsWholePage(visit)) return finish(visit, first);
  const { output } = payload.request;
  await loadLazyParts(
    { ...visit, javaScriptEnabled: payload.request.javaScriptEnabled },
    { bottomMax: output.maxHeight ?? LIMITS.heightPxMax, msMax: Math.max(1, (until - Date.now()) / 2) },
  );
  return finish(visit, await settleAuto(visit, { wholePage: true, until }));
}

/** Lets a page that was settled and touched since come to rest again. */
export async function settleAgain(visit: Visit): Promise<void> {
  const { run, payload } = visit;
  const until = Date.now() + run.left(payload.request.timeouts.readiness);
  const settled = await settleAuto(visit, { wholePage: needsWholePage(visit), until });
  if (settled.held !== null) expire(visit, settled);
}

function settleAuto(visit: Visit, options: { wholePage: boolean; until: number }): Promise<Settled> {
  const { javaScriptEnabled } = visit.payload.request;
  return settle(
    { ...visit, javaScriptEnabled },
    { wholePage: options.wholePage, msMax: Math.max(1, options.until - Date.now()), navigatedAt: visit.navigatedAt },
  );
}

function needsWholePage(visit: Visit): boolean {
  const { output } = visit.payload.request;
  return output.format === 'pdf' || output.fullPage === true || output.clip !== undefined;
}

function finish(visit: Visit, settled: Settled): void {
  if (settled.held === null) visit.observed.readiness = settled.readiness;
  else expire(visit, settled);
}

function expire(visit: Visit, settled: Settled): void {
  visit.observed.readiness = settled.readiness;
  if (visit.payload.request.onTimeout === 'fail') throw visit.run.fault('readiness_timeout', `It still waited for: ${settled.held}.`);
  visit.observed.partial = true;
}
