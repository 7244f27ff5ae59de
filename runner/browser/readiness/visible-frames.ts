/// <reference lib="dom" />
import type { ElementHandle, Frame, Page } from 'playwright';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, threwInPage } from '../classify-playwright-error.ts';

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
        const isSeen = await target.run.within(LOOK_MS_MAX, look(element, { wholePage, view: target.page.viewportSize() }));
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

type Looked = { wholePage: boolean; view: { width: number; height: number } | null };

/** Where the page has replaced what it would be asked with, the place of the frame is what counts. */
async function look(element: ElementHandle, { wholePage, view }: Looked): Promise<boolean> {
  try {
    const isSeen: boolean | undefined = await element.evaluate(isFrameSeen, { wholePage, sidePxMin: FRAME_SIDE_PX_MIN });
    if (isSeen !== undefined) return isSeen;
  } catch (error) {
    if (!threwInPage(error)) throw error;
  }
  const box = await element.boundingBox();
  if (!box || !view || box.width < FRAME_SIDE_PX_MIN || box.height < FRAME_SIDE_PX_MIN) return false;
  return wholePage || (box.y + box.height > 0 && box.x + box.width > 0 && box.y < view.height && box.x < view.width);
}

/** Runs in the page. */
function isFrameSeen(element: Element, options: { wholePage: boolean; sidePxMin: number }): boolean {
  const box = element.getBoundingClientRect();
  if (box.width < options.sidePxMin || box.height < options.sidePxMin) return false;
  if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  return options.wholePage || (box.bottom > 0 && box.right > 0 && box.top < window.innerHeight && box.left < window.innerWidth);
}
