import { setTimeout as after } from 'node:timers/promises';
import type { Frame, Page } from 'playwright';
import { type CaptureRun, WaitExpired } from './capture-run.ts';
import { classifyPlaywrightError, threwInPage } from './classify-playwright-error.ts';

/**
 * A frame that has a document of any kind answers with the main one, whose thread it shares; one that has none lets every
 * question wait until it has. The time runs from the main frame's answer: a page that is busy with itself is not without.
 */
const SPARE_MS = 250;
const ANSWER_MS_MAX = 5000;
/** Frames that have not answered yet. Nobody waits for them again, or each look at the page would cost that time anew. */
const owing = new WeakSet<Frame>();

/**
 * The main frame and those of the others that have a document, `max` at most, of the page or of those that are given. A lazy frame that was never laid out, or one
 * whose server does not answer, has none, and Playwright waits for it without end. What has no address yet may have a
 * script's text in it: it is asked.
 */
export async function answeringFrames(
  { page, run }: { page: Page; run: CaptureRun },
  max: number,
  among: readonly Frame[] = page.frames(),
): Promise<Frame[]> {
  const main = page.mainFrame();
  const frames = among.slice(0, max);
  const isAsked = (frame: Frame) => frame !== main && frame.url() === '';
  const answers = frames.map((frame) => (isAsked(frame) ? ask(frame) : true));
  const isOpen = answers.some((answer) => answer instanceof Promise);
  const late = isOpen ? isOpenDocument(main).then(() => after(SPARE_MS, false)) : Promise.resolve(false);
  const answered = await Promise.all(answers.map((answer) => (answer instanceof Promise ? inTime(answer, { late, run }) : answer)));
  return frames.filter((_, index) => answered[index]);
}

/** Asks a frame, unless it still owes an answer: tells whether it gave one. Rejects where there is no page any more. */
function ask(frame: Frame): Promise<boolean> | false {
  if (owing.has(frame)) return false;
  owing.add(frame);
  const answer = async () => {
    try {
      return await isOpenDocument(frame);
    } catch (error) {
      if (frame.isDetached() || classifyPlaywrightError(error).kind === 'navigated') return false;
      throw error;
    } finally {
      owing.delete(frame);
    }
  };
  const asked = answer();
  asked.catch(() => undefined); // It may come when nobody waits any more.
  return asked;
}

/** An error of the page's own making is an answer too. */
async function isOpenDocument(frame: Frame): Promise<boolean> {
  try {
    await frame.evaluate('true');
  } catch (error) {
    if (!threwInPage(error)) throw error;
  }
  return true;
}

async function inTime(answer: Promise<boolean>, { late, run }: { late: Promise<boolean>; run: CaptureRun }): Promise<boolean> {
  try {
    return await run.within(ANSWER_MS_MAX, Promise.race([answer, late]));
  } catch (error) {
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated') return false;
    throw error;
  }
}
