import type { Frame, Page } from 'playwright';
import { type CaptureRun, WaitExpired } from './capture-run.ts';
import { classifyPlaywrightError } from './classify-playwright-error.ts';

/** A frame that has a document of any kind answers at once; one that has none lets every question wait until it has. */
const ANSWER_MS_MAX = 250;

/**
 * The main frame and those of the others that have a document, `max` at most. A lazy frame that was never laid out has
 * none, and Playwright waits for it without end. What has no address yet may have a script's text in it: it is asked.
 */
export async function answeringFrames({ page, run }: { page: Page; run: CaptureRun }, max: number): Promise<Frame[]> {
  const frames = page.frames().slice(0, max);
  const answers = await Promise.all(frames.map((frame) => frame === page.mainFrame() || frame.url() !== '' || hasDocument(frame, run)));
  return frames.filter((_, index) => answers[index]);
}

async function hasDocument(frame: Frame, run: CaptureRun): Promise<boolean> {
  try {
    return await run.within(ANSWER_MS_MAX, frame.evaluate('true').then(Boolean));
  } catch (error) {
    if (error instanceof WaitExpired) return false;
    if (frame.isDetached() || classifyPlaywrightError(error).kind === 'navigated') return false;
    throw error;
  }
}
