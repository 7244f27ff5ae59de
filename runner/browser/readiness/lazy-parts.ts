/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type LazyParts = {
  /** Asks for the lazy pictures and frames that are laid out, wherever on the page they are. */
  load(): void;
  /** Areas of some size that scroll by themselves, downwards. */
  areas(): Element[];
  /** Whether a script of this document watches for what comes into view, a frame is shown whose scripts may, or an area scrolls. */
  mayHeedView(): boolean;
};

/** Knows what a page loads late because it is far from the view. Runs in the page: uses nothing from outside itself. */
export function watchLazyParts(watch: PageWatch): LazyParts {
  const LIMIT = { frameSide: 20, areaSide: 100, overflow: 20, elements: 20_000 };
  const LAZY = 'img[loading="lazy" i],iframe[loading="lazy" i]';
  const FRAMES = 'iframe,frame,object,embed';
  const asked = new WeakSet<Element>();
  let isObserved = false;
  if (typeof IntersectionObserver === 'function')
    IntersectionObserver.prototype.observe = new Proxy(IntersectionObserver.prototype.observe, {
      apply(target, observer, args) {
        isObserved = true;
        return Reflect.apply(target, observer, args);
      },
    });
  const areas = () => {
    const found: Element[] = [];
    const all = watch.find('body *');
    for (let index = 0; index < all.length && index < LIMIT.elements; index++) {
      const element = all[index];
      if (!element) continue;
      const box = watch.bare(element);
      if (box.clientHeight < LIMIT.areaSide || box.clientWidth < LIMIT.areaSide) continue;
      if (box.scrollHeight <= box.clientHeight + LIMIT.overflow) continue;
      if (/auto|scroll|overlay/.test(getComputedStyle(element).overflowY)) found.push(element);
    }
    return found;
  };
  return {
    areas,
    load: () => {
      const lazy = watch.find(LAZY);
      for (let index = 0; index < lazy.length; index++) {
        const element = lazy[index];
        if (!element || asked.has(element) || element.getClientRects().length === 0) continue;
        asked.add(element);
        if (element instanceof HTMLImageElement ? !element.complete : element instanceof HTMLIFrameElement)
          element.setAttribute('loading', 'eager');
      }
    },
    mayHeedView: () => {
      if (isObserved || areas().length > 0) return true;
      for (const frame of watch.find(FRAMES)) {
        const box = frame.getBoundingClientRect();
        if (box.width >= LIMIT.frameSide && box.height >= LIMIT.frameSide) return true;
      }
      return false;
    },
  };
}
