/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** `bottomMax` in CSS pixels; `growthMax` is how many times its first height a page or area may become by scrolling. */
export type ScrollLimits = { bottomMax: number; msMax: number; growthMax: number; areasMax: number };

/**
 * Scrolls through the page and through the areas in it that scroll by themselves, a screen a frame, so that lazy parts
 * begin to load, and back to where everything was. Ends at the bottom or at a limit: a feed that grows for ever is not
 * followed for ever. Returns the height that was reached.
 */
export async function scrollThrough(limits: ScrollLimits, bare: Bare = (node) => node): Promise<number> {
  const until = performance.now() + limits.msMax;
  // One frame is enough: what observes the view is told of each place at the end of the frame that shows it.
  const frame = () =>
    new Promise<void>((resolve) => {
      const late = setTimeout(resolve, 100); // A frame may never come in a page that is not drawn.
      requestAnimationFrame(() => {
        resolve();
        clearTimeout(late); // Else it would count as a timer of the page's own.
      });
    });
  const through = async (element: Element, screen: number) => {
    const area = bare(element);
    const start = { left: area.scrollLeft, top: area.scrollTop, behavior: 'instant' as const };
    const bottomMax = Math.min(limits.bottomMax, Math.max(area.scrollHeight * limits.growthMax, screen * 10));
    let top = area.scrollTop;
    while (top + screen < Math.min(area.scrollHeight, bottomMax) && performance.now() < until) {
      top += screen;
      area.scrollTo({ top, behavior: 'instant' });
      await frame();
    }
    if (top !== start.top) {
      await frame();
      area.scrollTo(start);
    }
    return area.scrollHeight;
  };
  const areas = window.__sessionshotProbe?.scrollAreas() ?? [];
  const page = bare(document).scrollingElement ?? bare(document).documentElement;
  const reached = page ? await through(page, window.innerHeight) : 0; // A document may have no root any more.
  for (const area of areas.slice(0, limits.areasMax)) if (area !== page) await through(area, bare(area).clientHeight);
  return reached;
}
