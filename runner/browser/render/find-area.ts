import type { Locator } from 'playwright';
import { CaptureFault, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { locate } from '../locate.ts';
import type { RenderPage } from './rendered.ts';

/** A page that never stops scrolling is measured as it was the last time. */
const MEASURES_MAX = 5;

/**
 * A part of the document in CSS pixels; `scale` is the page's own zoom. `beyond` means that it lies outside the view, at
 * least in part: the browser then changes the view for the picture, and the page hears of it. `fromView` is where it lies
 * in the view; null where that does not hold it, or where the page reaches to the left of it and Playwright miscounts.
 */
export type Area = Box & { scale: number; beyond: boolean; fromView: Box | null };
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
        throw run.fault('action_timeout', {
          instead: `The element of \`${at}\` was not visible in time. Check the selector against the page the user sees, or raise \`timeouts.action\`.`,
        });
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
  const { run, output } = target;
  const { box, ...seen } = await measure(target, elements);
  const { view, whole, inView } = seen;
  const found = (area: Box, scale = 1) => ({ area: placeArea(seen, area, scale), pageHeight: whole.height });
  const heightMax = output.maxHeight ?? Number.POSITIVE_INFINITY;
  if (box) {
    const padding = output.padding ?? 0;
    const x = Math.max(Math.min(0, box.x), box.x - padding);
    const y = Math.max(Math.min(0, box.y), box.y - padding);
    const right = Math.min(Math.max(whole.width, box.x + box.width), box.x + box.width + padding);
    const bottom = Math.min(Math.max(whole.height, box.y + box.height), box.y + box.height + padding);
    return found({ x, y, width: right - x, height: Math.min(bottom - y, heightMax) });
  }
  if (output.clip) {
    const width = Math.min(output.clip.width, whole.width - output.clip.x);
    const height = Math.min(output.clip.height, whole.height - output.clip.y, heightMax);
    if (width <= 0 || height <= 0)
      throw run.fault('action_failed', {
        instead: `\`output.clip\` lies outside the page, which is ${whole.width} × ${whole.height} pixels.`,
      });
    return found({ x: output.clip.x, y: output.clip.y, width, height });
  }
  if (output.fullPage) return found({ x: 0, y: 0, width: whole.width, height: Math.min(whole.height, heightMax) });
  return found({ ...inView, height: Math.min(inView.height, heightMax) }, view.scale);
}

/** Reads where the view is and, where there are elements, the rectangle that holds them: while the page is not scrolled. */
async function measure(target: RenderPage, elements: readonly Shown[]): Promise<Seen & { box: Box | null }> {
  let seen = await readView(target);
  if (elements.length === 0) return { ...seen, box: null };
  for (let tries = 1; ; tries++) {
    const box = await jointBox(target, elements, seen.inView);
    const after = await readView(target);
    const isSame = after.inView.x === seen.inView.x && after.inView.y === seen.inView.y;
    if (isSame || tries >= MEASURES_MAX) return { ...after, box };
    seen = after;
  }
}

function placeArea({ view, inView }: Seen, area: Box, scale: number): Area {
  const beyond = scale !== view.scale || !holds(inView, area);
  const place = { x: area.x - inView.x, y: area.y - inView.y, width: area.width * scale, height: area.height * scale };
  return { ...area, scale, beyond, fromView: beyond || view.pageX !== inView.x ? null : place };
}

/** Tells whether an area still lies in the view; a page may scroll by itself, and what is out of view is not drawn. */
export async function isStillInView(target: RenderPage, area: Area): Promise<boolean> {
  const { view, inView } = await readView(target);
  return view.scale === area.scale && holds(inView, area);
}

type Seen = Awaited<ReturnType<typeof readView>>;

async function readView({ page, cdp, run }: RenderPage) {
  const metrics = await run.within(run.left(), cdp.send('Page.getLayoutMetrics'));
  const { cssVisualViewport: view, cssLayoutViewport: layout, cssContentSize: whole } = metrics;
  const size = page.viewportSize() ?? { width: view.clientWidth, height: view.clientHeight };
  // From the layout viewport: in a page that is written from right to left the visual one does not count from its edge.
  const origin = { x: layout.pageX + view.offsetX, y: layout.pageY + view.offsetY };
  return { view, whole, inView: { ...origin, width: size.width / view.scale, height: size.height / view.scale } };
}

function holds(outer: Box, inner: Box): boolean {
  const isWithin = (from: number, size: number, start: number, room: number) => from >= start && from + size <= start + room;
  return isWithin(inner.x, inner.width, outer.x, outer.width) && isWithin(inner.y, inner.height, outer.y, outer.height);
}

/** The smallest rectangle of the document that holds all elements, in a view that begins at `origin`. */
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
