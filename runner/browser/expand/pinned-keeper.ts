/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** Lives in the page: keeps what hangs on the view on the first screen. */
export type PinnedKeeper = {
  /** Called once the view is higher: gives what hangs on it the height and the distance from its edge that it had before. */
  keep(): void;
  /** Resolves once the page has been told of the size of its view: in the next frame, half a second later at most. */
  told(): Promise<void>;
};

/**
 * Makes the keeper, and notes what hangs on the view as it is now. Bars and bubbles keep their distance from the bottom of the
 * view, which will be that of the page, where they belong; all others, and what fills most of the view, that from its top. Sent to
 * the page as text: it uses nothing from outside itself, and puts nothing back.
 */
export function makePinnedKeeper(bare: Bare): PinnedKeeper {
  const LIMIT = { pinned: 500, sparePx: 0.5, toldMs: 500 };
  type Side = 'top' | 'bottom';
  type Place = { px: number; height: number };
  const view = innerHeight;
  const pinned: { element: HTMLElement; side: Side; was: Place; rules: Record<string, string> }[] = [];
  const placeOf = (element: HTMLElement, side: Side): Place => {
    const { top, bottom, height } = bare(element).getBoundingClientRect();
    return { px: side === 'top' ? top : innerHeight - bottom, height };
  };
  const trees: (Document | ShadowRoot)[] = [document];
  for (const tree of trees)
    for (const element of bare(tree).querySelectorAll('*')) {
      const shadow = bare(element).shadowRoot;
      if (shadow) trees.push(shadow);
      if (!(element instanceof HTMLElement) || pinned.length >= LIMIT.pinned) continue;
      const style = getComputedStyle(element);
      if (style.position !== 'fixed' || style.display === 'none' || bare(element).offsetParent !== null) continue;
      const asked = bare(element).computedStyleMap();
      const [isTopAuto, isBottomAuto] = ['top', 'bottom'].map((side) => asked.get(side)?.toString() === 'auto');
      if (isTopAuto && isBottomAuto) continue; // It lies in the flow.
      const box = bare(element).getBoundingClientRect();
      // As where the picture is made of a view that is lower than the page.
      const side = isTopAuto && box.height <= view * 0.6 && box.top >= view * 0.25 ? 'bottom' : 'top';
      const rules = { transition: 'none', top: 'auto', bottom: 'auto', height: style.height, [side]: style[side] };
      pinned.push({ element, side, was: placeOf(element, side), rules });
    }
  return {
    told: () =>
      new Promise<void>((resolve) => {
        setTimeout(resolve, LIMIT.toldMs); // A frame may never come in a page that is not drawn.
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
      }),
    keep: () => {
      for (const { element, side, was, rules } of pinned) {
        const { style } = bare(element);
        const now = placeOf(element, side);
        if (Math.abs(now.px - was.px) <= LIMIT.sparePx && Math.abs(now.height - was.height) <= LIMIT.sparePx) continue;
        for (const [name, value] of Object.entries(rules)) style.setProperty(name, value, 'important');
        // One that margins had put into the middle lies elsewhere now.
        const off = was.px - placeOf(element, side).px;
        if (Math.abs(off) > LIMIT.sparePx) style.setProperty(side, `${Number.parseFloat(rules[side] ?? '0') + off}px`, 'important');
      }
    },
  };
}
