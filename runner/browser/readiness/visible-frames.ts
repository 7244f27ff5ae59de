/// <reference lib="dom" />
import type { Frame, Page } from 'playwright';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';

const FRAMES_MAX = 20;
const FRAME_SIDE_PX_MIN = 50;
const LOOK_MS_MAX = 1000;

/** Frames that a person sees, in the view or anywhere on the page. Trackers and hidden helpers are not waited for. */
export async function visibleFrames(target: { page: Page; run: CaptureRun }, wholePage: boolean): Promise<Frame[]> {
  const children = target.page
    .frames()
    .filter((frame) => frame.parentFrame() !== null)
    .slice(0, FRAMES_MAX);
  const shown = await Promise.all(
    children.map(async (frame) => {
      try {
        const element = await target.run.within(LOOK_MS_MAX, frame.frameElement());
        const isSeen = await target.run.within(LOOK_MS_MAX, element.evaluate(isFrameSeen, { wholePage, sidePxMin: FRAME_SIDE_PX_MIN }));
        await element.dispose();
        return isSeen;
      } catch (error) {
        if (error instanceof WaitExpired || frame.isDetached() || classifyPlaywrightError(error).kind === 'navigated') return false;
        throw error;
      }
    }),
  );
  // What lies in a frame that nobody sees is not seen either.
  const isSeen = (frame: Frame | null): boolean =>
    frame === null || frame.parentFrame() === null || (shown[children.indexOf(frame)] === true && isSeen(frame.parentFrame()));
  return children.filter((frame) => isSeen(frame));
}

/** Runs in the page. */
function isFrameSeen(element: Element, options: { wholePage: boolean; sidePxMin: number }): boolean {
  const box = element.getBoundingClientRect();
  if (box.width < options.sidePxMin || box.height < options.sidePxMin) return false;
  if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  return options.wholePage || (box.bottom > 0 && box.right > 0 && box.top < window.innerHeight && box.left < window.innerWidth);
}
