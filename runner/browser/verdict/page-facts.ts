import { randomUUID } from 'node:crypto';
import type { CDPSession, Frame, Page } from 'playwright';
import { answeringFrames } from '../answering-frames.ts';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, threwInPage } from '../classify-playwright-error.ts';
import { makeBare } from '../own-world.ts';
import { listensTo } from '../readiness/page-listeners.ts';
import type { Stamp } from '../readiness/page-stamp.ts';
import { askHeedsStyles, askStamp } from '../readiness/readiness-probe.ts';
import { findParts } from './find-parts.ts';
import { lookAround, type Words } from './look-around.ts';
import { type PageFacts, readFacts } from './read-facts.ts';
import { readText } from './read-text.ts';
import * as words from './sign-in-words.ts';
import { showsWall } from './wall-signs.ts';

export type FactsPage = { page: Page; cdp: CDPSession; run: CaptureRun };
/** Facts, and the documents that they were read from, in the state in which they were read. */
export type KnownFacts = { facts: PageFacts[]; frames: readonly Frame[]; state: Stamp };

const WORDS: Words = {
  signIn: words.SIGN_IN_WORDS,
  handOver: words.HANDOVER_WORDS,
  sessionOver: words.SESSION_OVER_WORDS,
  mustSignIn: words.MUST_SIGN_IN_WORDS,
  signOut: words.SIGN_OUT_WORDS,
  denied: words.DENIED_WORDS,
  otherPurpose: words.OTHER_PURPOSE_WORDS,
  error: words.ERROR_WORDS,
  botCheck: words.BOT_CHECK_WORDS,
};
/** The functions as one text: what runs in a page takes nothing along. */
export const READ_FACTS = `((look) => (${readFacts.toString()})(look, (${findParts.toString()})(look), (${readText.toString()})(look)))((${lookAround.toString()})(${JSON.stringify(WORDS)}, (${makeBare})()))`;
const FACTS_MS_MAX = 5000;
const FRAME_SHARE_MIN = 0.25;
const FRAMES_MAX = 10;
const FRAMES_ASKED_MAX = 50;
const WORLD = 'sessionshot-verdict';
/** What a page is told of when it becomes print, and when it is a page again. */
const PRINT = /^(?:beforeprint|afterprint|resize|transitionend|animationend)$/;

/**
 * Reads the facts of the main document, and of frames that fill a good part of the view (an embedded sign-in): the largest
 * ones, each by itself or, where they show walls, all of those together (panels of a board whose own session is over).
 */
export async function readPageFacts(target: FactsPage): Promise<KnownFacts> {
  const { page, run } = target;
  const view = page.viewportSize();
  const area = view ? view.width * view.height : Number.POSITIVE_INFINITY;
  const children = (await answeringFrames(target, FRAMES_ASKED_MAX)).filter((frame) => frame !== page.mainFrame());
  const sized = await Promise.all(children.map(async (frame) => ({ frame, share: (await frameArea(frame, run)) / area })));
  const largest = sized.toSorted((one, other) => other.share - one.share).slice(0, FRAMES_MAX);
  // A few of those that are smaller still are no good part of the view.
  const frames = largest.filter(({ share }) => share >= FRAME_SHARE_MIN / FRAMES_MAX);
  const read = [page.mainFrame(), ...frames.map(({ frame }) => frame)];
  // Before the facts are read: what changes meanwhile makes them another page's.
  const state = await readState(target, read);
  const [main, ...inner] = await Promise.all([
    readMain(target),
    ...frames.map(({ frame, share }) => readFrame(frame, run, share < FRAME_SHARE_MIN)),
  ]);
  const counted = framesThatCount(frames.map(({ share }, index) => ({ share, facts: inner[index] ?? null })));
  return { facts: [main ?? null, ...counted].filter((entry) => entry !== null), frames: read, state };
}

function framesThatCount(frames: { share: number; facts: PageFacts | null }[]): (PageFacts | null)[] {
  const walls = frames.filter(({ facts }) => facts !== null && showsWall(facts));
  const isWalled = walls.reduce((sum, { share }) => sum + share, 0) >= FRAME_SHARE_MIN;
  return frames.filter((frame) => frame.share >= FRAME_SHARE_MIN || (isWalled && walls.includes(frame))).map(({ facts }) => facts);
}

/**
 * Whether a page that drew a picture is still the one that was read: the same documents, not a node changed, and the same
 * things on top. `isDressed`: it has another medium or view by now, where other things lie on top; then only a page counts
 * that has no script to answer to that, and no embedded page that was judged.
 */
export async function isStill(target: FactsPage, known: KnownFacts, isDressed: boolean): Promise<boolean> {
  const { frames, state } = known;
  if (!isDressed) {
    const now = await readState(target, frames);
    return now.nodes === state.nodes && now.shown === state.shown;
  }
  if (frames.length > 1) return false;
  const [now, answers] = await Promise.all([readState(target, frames), answersToPrint(target)]);
  return now.nodes === state.nodes && !answers;
}

async function answersToPrint({ page, cdp, run }: FactsPage): Promise<boolean> {
  try {
    const asked = Promise.all([page.evaluate(askHeedsStyles), listensTo(cdp, ['window'], PRINT)]);
    const [heedsStyles, listens] = await run.within(FACTS_MS_MAX, asked);
    return heedsStyles !== false || listens;
  } catch (error) {
    if (run.stopped()) throw error;
    return true; // A page that leaves or does not answer is read anew.
  }
}

/** Names the documents in these frames and what has changed in them; twice the same text is twice the same page. */
async function readState({ page, run }: FactsPage, frames: readonly Frame[]): Promise<Stamp> {
  const stamps = await Promise.all(
    frames.map(async (frame) => {
      try {
        return await run.within(FACTS_MS_MAX, frame.evaluate(askStamp));
      } catch (error) {
        const isLeaving = error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached();
        if (isLeaving || threwInPage(error)) return null;
        throw error;
      }
    }),
  );
  const known = stamps.map((stamp) => stamp ?? { nodes: randomUUID(), shown: '' }); // what does not answer is never the same
  const addresses = page.frames().map((frame) => frame.url());
  return {
    nodes: JSON.stringify([known.map(({ nodes }) => nodes), addresses]),
    shown: JSON.stringify(known.map(({ shown }) => shown)),
  };
}

/**
 * Reads the main document from a world of our own: an application that has replaced parts of JavaScript's own library
 * there has done so for itself only. A page that is leaving is asked once more the ordinary way.
 */
async function readMain({ page, cdp, run }: FactsPage): Promise<PageFacts | null> {
  try {
    const { frameTree } = await run.within(FACTS_MS_MAX, cdp.send('Page.getFrameTree'));
    const world = cdp.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: WORLD });
    const { executionContextId } = await run.within(FACTS_MS_MAX, world);
    const call = cdp.send('Runtime.evaluate', { expression: READ_FACTS, contextId: executionContextId, returnByValue: true });
    const { result, exceptionDetails } = await run.within(FACTS_MS_MAX, call);
    if (!exceptionDetails) return result.value;
  } catch (error) {
    if (error instanceof WaitExpired) return null;
    if (run.stopped()) throw error;
  }
  return readFrame(page.mainFrame(), run);
}

async function readFrame(frame: Frame, run: CaptureRun, isSmall = false): Promise<PageFacts | null> {
  try {
    return await run.within(FACTS_MS_MAX, frame.evaluate<PageFacts>(READ_FACTS));
  } catch (error) {
    // A document that is leaving is judged by where it goes; one that does not answer has no form that could be read.
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached()) return null;
    // A widget that has replaced what we read with is no reason to fail the page around it.
    if (isSmall && !run.stopped()) return null;
    throw error;
  }
}

async function frameArea(frame: Frame, run: CaptureRun): Promise<number> {
  try {
    const element = await run.within(1000, frame.frameElement());
    const box = await run.within(1000, element.boundingBox());
    await element.dispose();
    return box ? box.width * box.height : 0;
  } catch (error) {
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached()) return 0;
    throw error;
  }
}
