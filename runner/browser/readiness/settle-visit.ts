/// <reference lib="dom" />
import { LIMITS } from '#shared/limits.ts';
import { askPage } from '../ask-page.ts';
import { WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, isExpiry } from '../classify-playwright-error.ts';
import { locate } from '../locate.ts';
import type { Bare } from '../own-world.ts';
import type { Visit } from '../visit/visit.ts';
import { followGrowth } from './follow-growth.ts';
import { askScrollHeed } from './heed-scroll.ts';
import { didNotSettle } from './late-page.ts';
import { type SettleBounds, type Settled, settle } from './readiness.ts';
import { scrollThrough } from './scroll-through.ts';

const SCROLL = { growthMax: 3, areasMax: 20, answerSpareMs: 1000 } as const;

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
      return expire(visit, 'the network', { settledBy: 'timeout (networkidle)', heldBy: 'network' });
    }
  }
  if (waitUntil !== 'auto') {
    observed.readiness = { settledBy: waitUntil };
    return;
  }
  finish(visit, await settleAuto(visit, { wholePage: false, until: deadlineOf(visit) }));
}

/**
 * The last settling before the picture: once more where something happened since, and where the picture reaches beyond
 * the view, after a scroll through the page that makes its lazy parts load. `opened`: areas were opened since it settled.
 */
export async function settleForPicture(visit: Visit, options: { touched: boolean; opened?: boolean }): Promise<void> {
  if (visit.payload.request.waitUntil !== 'auto') return;
  const until = deadlineOf(visit);
  if (options.touched) finish(visit, await settleAuto(visit, { wholePage: false, until }));
  if (visit.observed.partial || !(await reachesBeyondView(visit))) return;
  // Without scripts browsers load nothing lazily.
  const heed = visit.payload.request.javaScriptEnabled ? await askScrollHeed(visit) : null;
  if (!heed?.may) return finish(visit, await settleAuto(visit, { wholePage: true, since: options.opened ? 'anything' : 'nothing', until }));
  const heightMax = heightMaxOf(visit);
  const follows = followGrowth({ until, isWhole: isWhole(visit) });
  for (let from = 0; Date.now() < until; ) {
    visit.network.expectParts();
    const reached = await scrollForLazyParts(visit, { until, isHeard: heed.isHeard, from });
    const scrolledAt = Math.max(0, Date.now() - visit.navigatedAt);
    finish(visit, await settleAuto(visit, { wholePage: true, until }));
    visit.observed.readiness = { ...visit.observed.readiness, scroll: scrolledAt };
    // What grew at the bottom meanwhile is a section that came late, or the next page of a list.
    const height = reached === null ? 0 : await heightOf(visit);
    // What came while it was scrolled on counts: the end of the list may have been in view for too short a time to ask for more.
    const known = from > 0 ? from : (reached ?? 0);
    if (reached === null || height <= Math.min(known, reached) || reached >= heightMax) return;
    const next = follows(height - Math.min(known, reached));
    if (next === 'cut') visit.observed.partial = true;
    if (next !== 'on') return;
    from = height;
  }
}

/** Lets a page that was settled whole, and changed `since`, come to rest again; one that became `print` is told so. */
export async function settleAgain(visit: Visit, since: SettleBounds['since'] = 'anything', print = false): Promise<void> {
  finish(visit, await settleAuto(visit, { wholePage: true, since, print, until: deadlineOf(visit) }));
}

function settleAuto(visit: Visit, options: Pick<SettleBounds, 'wholePage' | 'since' | 'print'> & { until: number }): Promise<Settled> {
  const { javaScriptEnabled } = visit.payload.request;
  return settle(
    { ...visit, javaScriptEnabled },
    {
      wholePage: options.wholePage,
      since: options.since,
      print: options.print ?? false,
      lazy: options.wholePage || isWhole(visit),
      msMax: Math.max(1, options.until - Date.now()),
      navigatedAt: visit.navigatedAt,
    },
  );
}

function deadlineOf(visit: Visit): number {
  return Date.now() + visit.run.left(visit.payload.request.timeouts.readiness);
}

/** Scrolls through the page. Returns the height it reached; null for a page that could not be scrolled in time. */
async function scrollForLazyParts(
  visit: Visit,
  { until, ...how }: { until: number; isHeard: boolean; from: number },
): Promise<number | null> {
  const msMax = Math.max(1, (until - Date.now()) / 2);
  const limits = {
    bottomMax: heightMaxOf(visit),
    msMax,
    growthMax: SCROLL.growthMax,
    areasMax: SCROLL.areasMax,
    ...how,
  };
  try {
    return await askPage(visit, scrollThrough, { given: limits, msMax: msMax + SCROLL.answerSpareMs });
  } catch (error) {
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated') return null; // The page is judged by the settling that follows.
    throw error;
  }
}

function heightMaxOf({ payload }: Visit): number {
  return payload.request.output.maxHeight ?? LIMITS.heightPxMax;
}

async function heightOf(visit: Visit): Promise<number> {
  try {
    return await askPage(visit, readHeight, { given: null, msMax: SCROLL.answerSpareMs });
  } catch (error) {
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated') return 0;
    throw error;
  }
}

/** Runs in the page. */
function readHeight(_given: null, bare: Bare): number {
  const page = bare(document);
  return (page.scrollingElement ?? page.documentElement)?.scrollHeight ?? 0;
}

function isWhole({ payload }: Visit): boolean {
  const { format, fullPage } = payload.request.output;
  return format === 'pdf' || fullPage === true;
}

/** Whether the picture shows what a person would have to scroll to. */
async function reachesBeyondView(visit: Visit): Promise<boolean> {
  const { page, run } = visit;
  const { clip, selector, selectors, frame } = visit.payload.request.output;
  if (isWhole(visit)) return true;
  const view = page.viewportSize() ?? { width: 0, height: 0 };
  if (clip) return clip.y + clip.height > view.height || clip.x + clip.width > view.width;
  const asked = selector === undefined ? (selectors ?? []) : [selector];
  try {
    for (const wanted of asked) {
      const element = locate(page, wanted, frame).first();
      const box = await run.within(SCROLL.answerSpareMs, element.boundingBox({ timeout: SCROLL.answerSpareMs }));
      if (box === null || box.y < 0 || box.y + box.height > view.height) return true;
    }
    return false;
  } catch (error) {
    // An element that is not there yet is waited for by the rendering, which also names it when it never comes.
    if (isExpiry(error) || classifyPlaywrightError(error).kind !== 'gone') return false;
    throw error;
  }
}

function finish(visit: Visit, settled: Settled): void {
  const { held, readiness } = settled;
  if (held !== null) expire(visit, held, readiness);
  else visit.observed.readiness = visit.missedWait === null ? readiness : { ...readiness, settledBy: `timeout (${visit.missedWait})` };
}

function expire(visit: Visit, held: string, readiness: Settled['readiness']): void {
  visit.observed.readiness = readiness;
  const { request } = visit.payload;
  if (request.onTimeout === 'fail') throw visit.run.fault('readiness_timeout', didNotSettle(held, request));
  visit.observed.partial = true;
}
