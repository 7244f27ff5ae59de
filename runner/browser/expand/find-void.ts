/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** Something that is drawn, in CSS pixels from the top of the page. */
export type Span = { element: Element; top: number; bottom: number };
/** `above` and `below` are what is drawn next to it; null at an end of the page. */
export type Void = { top: number; bottom: number; above: Element | null; below: Element | null };
/** `ordinary` is for every page; `large` is for one that was seen to have a void. */
type Looked = 'ordinary' | 'large';

/** Lives in the page: looks for room that nothing is drawn in. */
export type VoidFinder = {
  /** Whether the page has a stretch of more than half a view in which nothing is drawn; false where there is too much to look at. */
  hasVoid(): boolean;
  /** The widest of those, the widest first, and what is drawn; null where there is too much to look at. */
  find(looked: Looked): { voids: Void[]; spans: Span[] } | null;
  /** Whether `found` says true of something that is drawn between two heights; null where there is too much to look at. */
  someSpan(from: number, to: number, found: (span: Span) => boolean): boolean | null;
  /** Where the content of the page ends, in CSS pixels from its top. */
  height(): number;
  /** Heights of the view as it was at first, and of what is narrower than any void, in CSS pixels. */
  view: number;
  widePx: number;
};

/**
 * Makes the finder. Sent to the page as text: it uses nothing from outside itself. A list that draws the rows near the view
 * only keeps the room of the others by the height of a box, by padding, or by a box that is empty. What lies at a side of the
 * page counts for nothing: a menu may be as long as the list. Only the first `heightMax` pixels are looked at.
 */
export function makeVoidFinder(bare: Bare, heightMax: number): VoidFinder {
  const LIMIT = { leaves: { ordinary: 20_000, large: 200_000 }, tallPx: 200, voids: 8 };
  const DRAWN = /^(?:img|canvas|video|iframe|input|button|textarea|select|object|embed)$/i;
  const page = bare(document);
  /** As it was at first: the view may be made higher to see what that fills. */
  const view = window.innerHeight;
  const widePx = Math.max(view / 2, LIMIT.tallPx);
  const height = () => {
    const { scrollingElement, documentElement, body } = page;
    const { scrollHeight, clientHeight } = scrollingElement ?? documentElement ?? { scrollHeight: 0, clientHeight: 0 };
    // The page is at least as high as the view; what is in it tells where a shorter one ends.
    if (scrollHeight > clientHeight) return scrollHeight;
    const inside = [documentElement, body].map((box) => (box ? bare(box).getBoundingClientRect().bottom + scrollY : 0));
    return Math.ceil(Math.max(...inside));
  };
  /** Whether a leaf that is taller than any row shows anything itself. */
  const isDrawn = (leaf: Element) => {
    if (DRAWN.test(bare(leaf).localName) || leaf instanceof SVGElement || (bare(leaf).textContent ?? '').trim() !== '') return true;
    const style = getComputedStyle(leaf);
    return !/^rgba\(.*, 0\)$/.test(style.backgroundColor) || style.backgroundImage !== 'none';
  };
  /** Calls `found` with what is drawn in the middle third of the page between two heights, until it says true. */
  const look = (from: number, to: number, leavesMax: number, found: (span: Span) => boolean): boolean | null => {
    const [left, right] = [innerWidth / 3, (innerWidth * 2) / 3];
    const trees: (Document | ShadowRoot)[] = [document];
    let seen = 0;
    for (const tree of trees) {
      const all = bare(tree).querySelectorAll('*');
      for (let index = 0; index < all.length; index++) {
        const element = all[index];
        if (!element) continue;
        const shadow = bare(element).shadowRoot;
        if (shadow) trees.push(shadow);
        if (bare(element).firstElementChild || shadow) continue;
        if (++seen > leavesMax) return null;
        const box = bare(element).getBoundingClientRect();
        const [top, bottom] = [box.top + scrollY, box.bottom + scrollY];
        if (bottom <= from || top >= to || box.height < 1 || box.width < 1 || box.right < left || box.left > right) continue;
        if (box.height > LIMIT.tallPx && !isDrawn(element)) continue;
        if (found({ element, top, bottom })) return true;
      }
    }
    return false;
  };
  /** The room above and below each element with text of its own that leaves do not fill: a long text with a word in bold. */
  const textIn = (from: number, to: number, nodesMax: number): boolean => {
    const walker = page.createTreeWalker(document, NodeFilter.SHOW_TEXT);
    for (let seen = 0; seen < nodesMax && walker.nextNode(); seen++) {
      const parent = walker.currentNode.parentElement;
      if (!parent || !bare(parent).firstElementChild || (walker.currentNode.textContent ?? '').trim() === '') continue;
      const range = page.createRange();
      range.selectNode(walker.currentNode);
      const box = range.getBoundingClientRect();
      if (box.height > 0 && box.bottom + scrollY > from && box.top + scrollY < to) return true;
    }
    return false;
  };
  const find = (looked: Looked) => {
    const end = Math.min(page.documentElement?.scrollHeight ?? 0, heightMax);
    const spans: Span[] = [];
    if (end <= view * 1.5) return { voids: [], spans };
    const keep = (span: Span) => {
      spans.push(span);
      return false;
    };
    const leavesMax = LIMIT.leaves[looked];
    if (look(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, leavesMax, keep) === null) return null;
    spans.sort((one, other) => one.top - other.top);
    const found: Void[] = [];
    let [reached, above]: [number, Element | null] = [0, null];
    const consider = (top: number, below: Element | null) => {
      const bottom = Math.min(top, end);
      if (bottom - reached > widePx) found.push({ top: reached, bottom, above, below });
    };
    for (const { element, top, bottom } of spans) {
      consider(top, element);
      if (bottom > reached) [reached, above] = [bottom, element];
    }
    consider(end, null);
    found.sort((one, other) => other.bottom - other.top - (one.bottom - one.top));
    return { voids: found.slice(0, LIMIT.voids).filter(({ top, bottom }) => !textIn(top, bottom, leavesMax)), spans };
  };
  return {
    hasVoid: () => (find('ordinary')?.voids.length ?? 0) > 0,
    find,
    someSpan: (from, to, found) => look(from, to, LIMIT.leaves.large, found),
    height,
    view,
    widePx,
  };
}
