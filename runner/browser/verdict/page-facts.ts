import type { CDPSession, Frame, Page } from 'playwright';
import { answeringFrames } from '../answering-frames.ts';
import { isNothing } from '../ask-page.ts';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, UNREADABLE } from '../classify-playwright-error.ts';
import { makeBare, openWorld } from '../own-world.ts';
import { runWithClosedTrees } from './find-closed-trees.ts';
import { findParts } from './find-parts.ts';
import { lookAround, type Words } from './look-around.ts';
import { type KnownPage, readState } from './page-state.ts';
import { readBetween } from './read-between.ts';
import { type PageFacts, readFacts } from './read-facts.ts';
import { readLone } from './read-lone.ts';
import { readText } from './read-text.ts';
import * as words from './sign-in-words.ts';
import * as steps from './step-words.ts';
import { SHORT_PAGE_CHARS, showsWall } from './wall-signs.ts';

export type FactsPage = {
  page: Page;
  cdp: CDPSession;
  run: CaptureRun;
  auth: unknown;
  payload: { request: { javaScriptEnabled: boolean } };
};
/** Facts, and the documents that they were read from, in the state in which they were read. */
export type KnownFacts = KnownPage & {
  facts: PageFacts[];
  /** Why it is not known what the page or a large frame shows, as a sentence; null where it is. */
  unread: string | null;
};

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
  code: steps.CODE_WORDS,
  setUp: steps.SET_UP_WORDS,
  mailed: steps.MAILED_WORDS,
  chooser: steps.CHOOSER_WORDS,
  otherAccount: steps.OTHER_ACCOUNT_WORDS,
  passwordOver: steps.PASSWORD_OVER_WORDS,
  secret: steps.SECRET_WORDS,
  refusal: steps.REFUSAL_WORDS,
  failed: steps.FAILED_WORDS,
  broken: steps.BROKEN_WORDS,
  closed: steps.CLOSED_WORDS,
  besideError: steps.BESIDE_ERROR_WORDS,
  locked: steps.LOCKED_WORDS,
  scan: steps.SCAN_WORDS,
  ownSecret: steps.OWN_SECRET_WORDS,
  actsOn: steps.ACTS_ON_WORDS,
};
/** The functions as one text: what runs in a page takes nothing along. `closed`: an expression for closed shadow trees. */
const factsOf = (closed: string) =>
  `((look) => { const parts = (${findParts.toString()})(look); const said = (${readText.toString()})(look); return { ...(${readFacts.toString()})(look, parts, said), ...(${readBetween.toString()})(look, parts, said), ...(${readLone.toString()})(look, parts, said) }; })((${lookAround.toString()})(${JSON.stringify(WORDS)}, (${makeBare})(), ${closed}))`;
/** In the page's own world, where frames are read, the probe holds what scripts attached; in ours there is none. */
export const READ_FACTS = factsOf('window.__sessionshotProbe?.closedRoots?.() ?? []');
const READ_FACTS_WITH = `function (...closed) { return ${factsOf('closed')}; }`;
/** The same with those that the probe holds, as a `HeldRead`. */
const READ_HELD_WITH = `function (...found) { const held = window.__sessionshotProbe?.closedRoots?.() ?? null; return held && { count: held.length, read: held.length > 0 ? ${factsOf('[...held, ...found]')} : null }; }`;
const SILENT = 'A document that fills a good part of the view did not answer, so what it shows is not known.';
const SHUT = 'The page has closed shadow trees that could not be read, so what it shows is not known.';
const FACTS_MS_MAX = 8000;
const FRAME_SHARE_MIN = 0.25;
/** Frames that are no good part of the view by themselves. */
const SMALL_FRAMES_MAX = 10;
/** Chromium gives a page no more. */
const FRAMES_MAX = 1000;
/** Asked at a time: of a thousand questions at once most would be answered too late. */
const SIZED_AT_ONCE = 50;

/**
 * Reads the facts of the main document, and of frames that fill a good part of the view (an embedded sign-in): each by
 * itself or, of the smaller ones where they show walls, all of those together (panels of a board whose own session is over).
 */
export async function readPageFacts(target: FactsPage): Promise<KnownFacts> {
  const { page, run } = target;
  const view = page.viewportSize();
  const area = view ? view.width * view.height : Number.POSITIVE_INFINITY;
  const sized = (await sizeFrames(target)).map(({ frame, size }) => ({ frame, share: size / area }));
  const large = sized.filter(({ share }) => share >= FRAME_SHARE_MIN);
  // A few of those that are smaller still are no good part of the view.
  const small = sized.filter(({ share }) => share < FRAME_SHARE_MIN && share >= FRAME_SHARE_MIN / SMALL_FRAMES_MAX);
  const largestSmall = small.toSorted((one, other) => other.share - one.share).slice(0, SMALL_FRAMES_MAX);
  const answering = new Set(
    await answeringFrames(
      target,
      FRAMES_MAX,
      [...large, ...largestSmall].map(({ frame }) => frame),
    ),
  );
  const frames = [...large, ...largestSmall].filter(({ frame }) => answering.has(frame));
  const read = [page.mainFrame(), ...frames.map(({ frame }) => frame)];
  // Before the facts are read: what changes meanwhile makes them another page's.
  const state = await readState(target, read);
  let unread: string | null = null;
  const onUnread = (why: string) => {
    unread ??= why;
  };
  const onSilence = () => onUnread(SILENT);
  const [main, ...inner] = await Promise.all([
    readMain(target, state.hasClosed, onUnread),
    ...frames.map(({ frame, share }) => readFrame(frame, run, share < FRAME_SHARE_MIN ? null : onSilence)),
  ]);
  const counted = framesThatCount(frames.map(({ share }, index) => ({ share, facts: inner[index] ?? null })));
  return { facts: [main ?? null, ...counted].filter((entry) => entry !== null), frames: read, state, unread };
}

/** Every frame with its size, wherever it comes in the page: a wall may be the last of a hundred. */
async function sizeFrames({ page, run }: FactsPage): Promise<{ frame: Frame; size: number }[]> {
  const frames = page
    .frames()
    .filter((frame) => frame !== page.mainFrame())
    .slice(0, FRAMES_MAX);
  const sized: { frame: Frame; size: number }[] = [];
  for (let from = 0; from < frames.length; from += SIZED_AT_ONCE) {
    const some = frames.slice(from, from + SIZED_AT_ONCE);
    sized.push(...(await Promise.all(some.map(async (frame) => ({ frame, size: await frameArea(frame, run) })))));
  }
  return sized;
}

function framesThatCount(frames: { share: number; facts: PageFacts | null }[]): (PageFacts | null)[] {
  const walls = frames.filter(({ facts }) => facts !== null && showsWall(facts));
  const isWalled = walls.reduce((sum, { share }) => sum + share, 0) >= FRAME_SHARE_MIN;
  return frames.filter((frame) => frame.share >= FRAME_SHARE_MIN || (isWalled && walls.includes(frame))).map(({ facts }) => facts);
}

/**
 * Reads the main document from a world of our own: an application that has replaced parts of JavaScript's own library
 * there has done so for itself only. A page that is leaving is asked once more the ordinary way. Closed shadow trees are
 * looked for where they count: where there is a session that may have ended, on pages that have some, and on those that show
 * so little that what they show may lie in one. Where those cannot be read, what the rest shows is no answer: a wall may be in
 * them.
 */
async function readMain(
  { page, cdp, run, auth, payload }: FactsPage,
  hasClosed: boolean,
  onUnread: (why: string) => void,
): Promise<PageFacts | null> {
  const onSilence = () => onUnread(SILENT);
  let open: PageFacts | null = null;
  try {
    const contextId = await openWorld({ cdp, run });
    const call = cdp.send('Runtime.evaluate', { expression: READ_FACTS, contextId, returnByValue: true });
    const { result, exceptionDetails } = await run.within(FACTS_MS_MAX, call);
    const facts: PageFacts | null = exceptionDetails ? null : result.value;
    const mayHideWall = auth !== null && facts && (hasClosed || (facts.textLength <= SHORT_PAGE_CHARS && !showsWall(facts)));
    if (mayHideWall) {
      open = facts;
      // Where scripts are off, none has attached a tree, and no probe says so.
      const inPage = hasClosed && payload.request.javaScriptEnabled ? READ_HELD_WITH : null;
      const asked = { contextId, script: READ_FACTS_WITH, inPage, msMax: FACTS_MS_MAX };
      const { read, leftOut } = await runWithClosedTrees<PageFacts>({ cdp, run }, asked);
      if (leftOut) onUnread(SHUT);
      return read ?? facts;
    }
    if (facts) return facts;
  } catch (error) {
    if (run.stopped()) throw error;
    if (open && classifyPlaywrightError(error).kind === 'other') {
      onUnread(SHUT);
      return open;
    }
    if (error instanceof WaitExpired) {
      onSilence();
      return null;
    }
  }
  return readFrame(page.mainFrame(), run, onSilence);
}

/** `onSilence`: null for a frame that is small. */
async function readFrame(frame: Frame, run: CaptureRun, onSilence: (() => void) | null): Promise<PageFacts | null> {
  try {
    const facts: PageFacts | undefined = await run.within(FACTS_MS_MAX, frame.evaluate<PageFacts>(READ_FACTS));
    if (!isNothing(facts)) return facts;
    if (!onSilence) return null;
  } catch (error) {
    // A document that is leaving is judged by where it goes.
    if (classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached()) return null;
    if (error instanceof WaitExpired && !run.stopped()) {
      onSilence?.();
      return null;
    }
    // A widget that has replaced what we read with is no reason to fail the page around it.
    if (!onSilence && !run.stopped()) return null;
    throw error;
  }
  throw run.fault('readiness_timeout', UNREADABLE);
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
