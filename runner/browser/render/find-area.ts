import type { Locator } from 'playwright';
import { CaptureFault, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { locate } from '../locate.ts';
import type { RenderPage } from './rendered.ts';

/** A part of the document in CSS pixels; `scale` is the page's own zoom, `beyond` that it may lie outside the view. */
export type Area = { x: number; y: number; width: number; height: number; scale: number; beyond: boolean };
/** An element of the request and the name of the option that asked for it. */
type Shown = { element: Locator; at: string };
type Box = { x: number; y: number; width: number; height: number };

/** Waits until each element that was asked for is visible, and brings it into view so that it is drawn. */
export async function showElements(target: RenderPage): Promise<Shown[]> {
  const { page, run, output, actionTimeout } = target;
  const find = (selector: string, at: string) => ({ element: locate(page, selector, output.frame), at });
  const asked = [
    ...(output.selector === undefined ? [] : [find(output.selector, 'output.selector')]),
    ...(output.selectors ?? []).map((selector, index) => find(selector, `output.selectors[${index}]`)),
  ];
  for (const { element, at } of asked) {
    const timeout = run.left(actionTimeout);
    try {
      await run.within(timeout + 500, element.waitFor({ state: 'visible', timeout }));
      await run.within(timeout + 500, element.scrollIntoViewIfNeeded({ timeout }));
    } catch (error) {
      if (error instanceof CaptureFault) throw error;
      const { kind } = classifyPlaywrightError(error);
      if (error instanceof WaitExpired || kind === 'timeout')
        throw run.fault('action_timeout', `The element of \`${at}\` was not visible in time.`);
      if (kind === 'ambiguous')
        throw run.fault('action_failed', {
          instead: `\`${at}\` matches more than one element: make it match one, for example with \`>> nth=0\`.`,
        });
      throw error;
    }
  }
  return asked;
}

/**
 * Finds what is pictured: the elements with their padding, the clip, the whole page, or the view. All but the view end
 * where the page ends, which is told as `pageHeight`. The page is as wide as its content, at least as the viewport.
 */
export async function findArea(target: RenderPage, elements: readonly Shown[]): Promise<{ area: Area; pageHeight: number }> {
  const { page, cdp, run, output } = target;
  const metrics = await run.within(run.left(), cdp.send('Page.getLayoutMetrics'));
  const { cssVisualViewport: view, cssLayoutViewport: layout, cssContentSize: whole } = metrics;
  const found = (area: Area) => ({ area, pageHeight: whole.height });
  const heightMax = output.maxHeight ?? Number.POSITIVE_INFINITY;
  if (elements.length > 0) {
    // From the layout viewport: in a page that is written from right to left the visual one does not count from its edge.
    const origin = { x: layout.pageX + view.offsetX, y: layout.pageY + view.offsetY };
    const box = await jointBox(target, elements, origin);
    const padding = output.padding ?? 0;
    const x = Math.max(Math.min(0, box.x), box.x - padding);
    const y = Math.max(Math.min(0, box.y), box.y - padding);
    const right = Math.min(Math.max(whole.width, box.x + box.width), box.x + box.width + padding);
    const bottom = Math.min(Math.max(whole.height, box.y + box.height), box.y + box.height + padding);
    return found({ x, y, width: right - x, height: Math.min(bottom - y, heightMax), scale: 1, beyond: true });
  }
  if (output.clip) {
    const width = Math.min(output.clip.width, whole.width - output.clip.x);
    const height = Math.min(output.clip.height, whole.height - output.clip.y, heightMax);
    if (width <= 0 || height <= 0)
      throw run.fault('action_failed', {
        instead: `\`output.clip\` lies outside the page, which is ${whole.width} × ${whole.height} pixels.`,
      });
    return found({ x: output.clip.x, y: output.clip.y, width, height, scale: 1, beyond: true });
  }
  if (output.fullPage) return found({ x: 0, y: 0, width: whole.width, height: Math.min(whole.height, heightMax), scale: 1, beyond: true });
  const size = page.viewportSize() ?? { width: view.clientWidth, height: view.clientHeight };
  return found({
    x: view.pageX,
    y: view.pageY,
    width: size.width / view.scale,
    height: Math.min(size.height / view.scale, heightMax),
    scale: view.scale,
    beyond: false,
  });
}

/** The smallest rectangle of the document that holds all elements, measured at one scroll position. */
async function jointBox(target: RenderPage, elements: readonly Shown[], origin: { x: number; y: number }): Promise<Box> {
  const { run } = target;
  const sides = {
    left: Number.POSITIVE_INFINITY,
    top: Number.POSITIVE_INFINITY,
    right: Number.NEGATIVE_INFINITY,
    bottom: Number.NEGATIVE_INFINITY,
  };
  for (const { element, at } of elements) {
    const box = await run.within(run.left(), element.boundingBox());
    if (!box || box.width < 1 || box.height < 1) throw run.fault('action_failed', { instead: `The element of \`${at}\` has no size.` });
    sides.left = Math.min(sides.left, box.x + origin.x);
    sides.top = Math.min(sides.top, box.y + origin.y);
    sides.right = Math.max(sides.right, box.x + origin.x + box.width);
    sides.bottom = Math.max(sides.bottom, box.y + origin.y + box.height);
  }
  const [x, y] = [Math.floor(sides.left), Math.floor(sides.top)];
  return { x, y, width: Math.ceil(sides.right) - x, height: Math.ceil(sides.bottom) - y };
}
