import { randomUUID } from 'node:crypto';
import type { CDPSession, Frame, Page } from 'playwright';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, threwInPage } from '../classify-playwright-error.ts';
import { listensTo } from '../readiness/page-listeners.ts';
import type { Stamp, StampPart } from '../readiness/page-stamp.ts';
import { askHeedsStyles, askStamp } from '../readiness/readiness-probe.ts';

export type StatePage = { page: Page; cdp: CDPSession; run: CaptureRun };
/** Documents, in a state that they were in. */
export type KnownPage = { frames: readonly Frame[]; state: Stamp };

const STATE_MS_MAX = 5000;
/** What a page is told of when it becomes print, and when it is a page again; two of those who listen are in `print-events.ts`. */
const PRINT = /^(?:beforeprint|afterprint|resize|transitionend|animationend)$/;
const OURS = 2;

/**
 * Whether a page that drew a picture is still the one that was read: the same documents, not a node changed, and the same
 * things on top. `isDressed`: it has another medium or view by now, where other things lie on top; then only a page counts
 * that has no script to answer to that, and no embedded page that was judged.
 */
export async function isStill(target: StatePage, known: KnownPage, isDressed: boolean): Promise<boolean> {
  const { frames, state } = known;
  if (!isDressed) {
    const now = await readState(target, frames);
    return now.nodes === state.nodes && now.shown === state.shown;
  }
  if (frames.length > 1) return false;
  const [now, answers] = await Promise.all([readState(target, frames, 'nodes'), answersToPrint(target)]);
  return now.nodes === state.nodes && !answers;
}

/**
 * Whether the page is another one than when it was read: a script wrote something else, or styles for another medium put
 * something else on top.
 */
export async function looksOther(target: StatePage, { frames, state }: KnownPage): Promise<boolean> {
  const now = await readState(target, frames);
  return now.nodes !== state.nodes || now.shown !== state.shown;
}

async function answersToPrint({ page, cdp, run }: StatePage): Promise<boolean> {
  try {
    const asked = Promise.all([page.evaluate(askHeedsStyles), listensTo(cdp, ['window'], PRINT, OURS)]);
    const [heedsStyles, listens] = await run.within(STATE_MS_MAX, asked);
    return heedsStyles !== false || listens; // A page that has replaced what the answer is sent with gives none.
  } catch (error) {
    if (run.stopped()) throw error;
    return true; // A page that leaves or does not answer is read anew.
  }
}

/** Names the documents in these frames and what has changed in them; twice the same text is twice the same page. `hasClosed` is of the first. */
export async function readState({ page, run }: StatePage, frames: readonly Frame[], of: StampPart = 'all'): Promise<Stamp> {
  const stamps = await Promise.all(
    frames.map(async (frame) => {
      try {
        const stamp: Partial<Stamp> | null | undefined = await run.within(STATE_MS_MAX, frame.evaluate(askStamp, of));
        // A page that has replaced what answers are sent with gives an empty one each time.
        return typeof stamp?.nodes === 'string' && typeof stamp.shown === 'string'
          ? { nodes: stamp.nodes, shown: stamp.shown, hasClosed: stamp.hasClosed === true }
          : null;
      } catch (error) {
        const isLeaving = error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached();
        if (isLeaving || threwInPage(error)) return null;
        throw error;
      }
    }),
  );
  // What does not answer is never the same, and may have anything.
  const known = stamps.map((stamp) => stamp ?? { nodes: randomUUID(), shown: randomUUID(), hasClosed: true });
  const addresses = page.frames().map((frame) => frame.url());
  return {
    nodes: JSON.stringify([known.map(({ nodes }) => nodes), addresses]),
    shown: JSON.stringify(known.map(({ shown }) => shown)),
    hasClosed: known[0]?.hasClosed ?? false,
  };
}
