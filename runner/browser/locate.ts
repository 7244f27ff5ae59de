import type { Frame, Locator, Page } from 'playwright';
import type { CaptureRun } from './capture-run.ts';

/** Finds an element by the contract's selector language, inside a frame where one is named. Strict: one match only. */
export function locate(page: Page, selector: string, frame?: string): Locator {
  return frame === undefined ? page.locator(selector) : page.frameLocator(frame).locator(selector);
}

/** Finds the frame that a selector names, or the main one. Throws Playwright's errors: callers classify them. */
export async function locateFrame(page: Page, selector: string | undefined, wait: { run: CaptureRun; ms: number }): Promise<Frame> {
  if (selector === undefined) return page.mainFrame();
  const handle = await wait.run.within(wait.ms, page.locator(selector).elementHandle({ timeout: wait.ms }));
  const frame = await handle?.contentFrame();
  await handle?.dispose();
  if (!frame) throw new Error('the element is not a frame');
  return frame;
}
