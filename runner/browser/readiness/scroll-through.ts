/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/**
 * `bottomMax` in CSS pixels; `growthMax` is how many times its first height a page or area may become by scrolling; `isHeard`:
 * a script of the page listens to scrolling; `from`: the page was scrolled as far as that before, in CSS pixels.
 */
export type ScrollLimits = { bottomMax: number; msMax: number; growthMax: number; areasMax: number; isHeard: boolean; from?: number };

/**
 * Scrolls through the page and through the areas in it that scroll by themselves, a screen a frame, so that lazy parts begin
 * to load and parts that are revealed when they come into view are, and back to where everything was. Half a screen where the
 * page waits until most of a part is seen, or until it is well above the lower edge of the view, or may, because it looks for
 * its parts by itself: no part is cut by both edges then. Ends at the bottom or at a limit: a feed that grows for ever is not
 * followed for ever. Returns how far down it came.
 */
export async function scrollThrough(limits: ScrollLimits, bare: Bare = (node) => node): Promise<number> {
  const BACK_MS = 100;
  const until = performance.now() + limits.msMax;
  let patience = 1000; // A frame may be late in a busy browser, and may never come in a page that is not drawn.
  // One frame is enough: what observes the view is told of each place at the end of the frame that shows it. The first
  // place, too, must be gone to inside of a frame: the next step comes before the end of the frame that this waits for.
  const frame = () =>
    new Promise<void>((resolve) => {
      const late = setTimeout(() => {
        resolve();
        patience = 100;
      }, patience);
      requestAnimationFrame(() => {
        resolve();
        clearTimeout(late); // Else it would count as a timer of the page's own.
      });
    });
  const probe = window.__sessionshotProbe;
  // What frames ask for is theirs to know.
  const isSlow = limits.isHeard || (probe?.asksForMuch() ?? true) || window.frames.length > 0;
  const through = async (element: Element, screen: number, from = 0) => {
    const area = bare(element);
    const start = { left: area.scrollLeft, top: area.scrollTop, behavior: 'instant' as const };
    const bottomMax = Math.min(limits.bottomMax, Math.max(area.scrollHeight * limits.growthMax, screen * 10));
    let top = Math.max(area.scrollTop, from - screen * 2);
    if (top + screen < area.scrollHeight) await frame();
    while (top + screen < Math.min(area.scrollHeight, bottomMax) && performance.now() < until) {
      top += Math.max(1, isSlow ? screen / 2 : screen);
      area.scrollTo({ top, behavior: 'instant' });
      await frame();
    }
    const reached = Math.min(area.scrollHeight, top + screen);
    if (top !== start.top) {
      await frame();
      area.scrollTo(start);
    }
    return reached;
  };
  probe?.keepSeen();
  probe?.expectAnswers(limits.msMax);
  const areas = probe?.scrollAreas() ?? [];
  const page = bare(document).scrollingElement ?? bare(document).documentElement;
  const reached = page ? await through(page, window.innerHeight, limits.from) : 0; // A document may have no root any more.
  for (const area of areas.slice(0, limits.areasMax)) if (area !== page) await through(area, bare(area).clientHeight);
  probe?.expectAnswers(BACK_MS);
  return reached;
}
