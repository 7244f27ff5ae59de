import type { CDPSession, Page } from 'playwright';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { listensTo } from './page-listeners.ts';
import { askMayHeedView } from './readiness-probe.ts';

const ASK_MS_MAX = 1000;
/** A scroll of the page is told to its document and window, and of a pinched view to that one. */
const TOLD = ['window', 'document', 'window.visualViewport'];
const SCROLL = /^(?:scroll|scrollend)$/;

/** What a scroll of the page may do: `may` says whether anything at all, `isHeard` whether a script listens to scrolling. */
export type ScrollHeed = { may: boolean; isHeard: boolean };

/**
 * Whether scrolling through the page may make it load or show anything: a script watches for what comes into view, or
 * listens to scrolling. Where none does, a long page is not scrolled, at a frame for each screen. In doubt it is.
 */
export async function askScrollHeed({ page, cdp, run }: { page: Page; cdp: CDPSession; run: CaptureRun }): Promise<ScrollHeed> {
  try {
    const asked = Promise.all([page.evaluate(askMayHeedView), listensTo(cdp, TOLD, SCROLL)]);
    const [heedsView, isHeard] = await run.within(ASK_MS_MAX, asked);
    return { may: heedsView !== false || isHeard, isHeard }; // A page that has replaced what the answer is sent with gives none.
  } catch (error) {
    if (!(error instanceof WaitExpired) && classifyPlaywrightError(error).kind === 'gone') throw error;
    return { may: true, isHeard: true };
  }
}
