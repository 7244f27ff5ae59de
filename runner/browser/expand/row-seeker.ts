/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';
import type { Span, Void, VoidFinder } from './find-void.ts';

/** Lives in the page: looks whether its voids are drawn in when they are scrolled to. */
export type RowSeeker = {
  /**
   * Scrolls to the next place that has not been seen, and waits a few frames for something to be drawn there; `over` where there
   * is no such place left. A place that has lain in the view all the time needs no look: it stays blank.
   */
  toNext(): Promise<'drawn' | 'blank' | 'over'>;
  /** Whether anything is drawn at that place by now. What is blank still is remembered as the page's own will. */
  lookAgain(): Promise<boolean>;
  /** Scrolls back to where the page was, and tells whether it was away. */
  back(): Promise<boolean>;
  /**
   * Where the first void begins now that is not known to be the page's own will, in CSS pixels from its top; null where none
   * does, `unknown` where there is too much to look at.
   */
  voidFrom(): number | 'unknown' | null;
  /** Where the content of the page ends, in CSS pixels from its top. */
  height(): number;
};

/** Makes the seeker. Sent to the page as text: it uses nothing from outside itself. */
export function makeRowSeeker(bare: Bare, finder: VoidFinder): RowSeeker {
  /** `shareMin`: what goes along with the view moves by at least so much of the way; what only drifts by less. */
  const LIMIT = { tried: 3, reachPx: 100, frames: 12, frameMs: 80, backMs: 1500, sparePx: 4, shareMin: 0.6 };
  type Side = 'above' | 'below';
  type Part = { from: number; to: number; side: Side; next: Element | null; isDrawn: boolean };
  const { view, widePx } = finder;
  const page = bare(document);
  /** What lies next to blank room that stayed so when it was scrolled to, by its side. */
  const blank = { above: new Set<Element | null>(), below: new Set<Element | null>() };
  const before = { left: scrollX, top: scrollY, behavior: 'instant' as const, height: finder.height() };
  const found = finder.find('large');
  const tops = new Map(found?.spans.map(({ element, top }) => [element, top]));
  /** Near both ends: blank room that the page wants may lie right before or behind what a list has not drawn. */
  const stopsAt = ({ top, bottom, above, below }: Void): Part[][] => {
    const middle = (top + bottom) / 2;
    const part = (place: number, reach: number, side: Side, next: Element | null): Part => ({
      ...{ from: place - reach, to: place + reach },
      ...{ side, next, isDrawn: false },
    });
    const upper = part(Math.min(top + view, middle), LIMIT.reachPx, 'above', above);
    const lower = part(Math.max(bottom - widePx / 2, middle), Math.min(LIMIT.reachPx, widePx / 4), 'below', below);
    return lower.to - upper.from <= view / 2 ? [[upper, lower]] : [[upper], [lower]];
  };
  const stayBlank = (parts: readonly Part[]) => {
    for (const { side, next, isDrawn } of parts) if (!isDrawn) blank[side].add(next);
  };
  // All of them, for what stays blank: a list may lie above or below it.
  const stops = (found?.voids ?? []).slice(0, LIMIT.tried).flatMap(stopsAt);
  let at: Part[] = [];
  const hangsOnView = (element: Element) => {
    for (let part: Element | null = element; part; part = bare(part).parentElement)
      if (/fixed|sticky/.test(getComputedStyle(part).position)) return true;
    return false;
  };
  /**
   * Whether it was not there before. What follows a header that shrinks is drawn up into a void by as much as the page becomes
   * shorter, and what is behind the content drifts by a part of the way that is scrolled; rows and drawings that are used again
   * come all the way.
   */
  const isNew = ({ element, top }: Span) => {
    if (hangsOnView(element)) return false;
    const was = tops.get(element);
    const drift = Math.max(Math.abs(finder.height() - before.height) + LIMIT.sparePx, Math.abs(scrollY - before.top) * LIMIT.shareMin);
    return was === undefined || Math.abs(top - was) > drift;
  };
  const look = () => {
    for (const part of at) part.isDrawn ||= finder.someSpan(part.from, part.to, isNew) === true;
    return at.every((part) => part.isDrawn);
  };
  const frame = () =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, LIMIT.frameMs); // A frame may never come in a page that is not drawn.
      requestAnimationFrame(() => resolve());
    });
  return {
    toNext: async () => {
      const isSeen = ({ from, to }: Part) => from >= before.top && to <= before.top + view;
      for (at = stops.shift() ?? []; at.length > 0 && at.every(isSeen); at = stops.shift() ?? []) stayBlank(at);
      const [first, last] = [at[0], at.at(-1)];
      if (!first || !last) return 'over';
      window.scrollTo({ left: scrollX, top: (first.from + last.to - view) / 2, behavior: 'instant' });
      for (let frames = 0; frames < LIMIT.frames; frames++) {
        await frame();
        if (look()) return 'drawn';
      }
      return 'blank';
    },
    lookAgain: async () => {
      await frame();
      look();
      stayBlank(at);
      return at.some((part) => part.isDrawn);
    },
    // The page has been told that it is back, then: what it does about it has begun, on a busy machine too.
    back: async () => {
      if (scrollX === before.left && scrollY === before.top) return false;
      const told = new Promise<void>((resolve) => {
        page.addEventListener('scroll', () => resolve(), { capture: true, once: true });
        setTimeout(resolve, LIMIT.backMs);
      });
      window.scrollTo(before);
      await told;
      await frame();
      return true;
    },
    voidFrom: () => {
      const now = finder.find('large');
      if (!now) return 'unknown';
      const unwanted = now.voids.filter(({ above, below }) => !blank.above.has(above) && !blank.below.has(below));
      return unwanted.length === 0 ? null : Math.min(...unwanted.map(({ top }) => top));
    },
    height: finder.height,
  };
}
