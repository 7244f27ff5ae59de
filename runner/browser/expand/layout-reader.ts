/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** Lives in the page: reads which boxes scroll, and which boxes hold them. Changes nothing. */
export type LayoutReader = {
  bare: Bare;
  /** Pixels of an area's content below what it shows. */
  hidden(area: HTMLElement): number;
  /** Tells whether this is a visible scroll area, a part of the page itself, that holds more than it shows. */
  isScroller(element: Element): element is HTMLElement;
  /** All such areas, those inside others first. */
  findAreas(): HTMLElement[];
  /** The boxes around an element up to the root, itself first. */
  pathOf(element: HTMLElement): HTMLElement[];
  /** What a box has left below the next one inside it; below zero where it lacks room. */
  roomOf(box: HTMLElement, inner: HTMLElement): number;
  /** Neighbors that the absolute boxes of a path lie over. */
  coverings(path: HTMLElement[]): Set<Element>;
  /** Tells whether an area that showed `shownPx` and was opened has a void at its end: the list drew only what was in view. */
  staysEmpty(area: HTMLElement, shownPx: number): boolean;
};

/** Makes the reader. What belongs to an element is read through `bare`. Sent to the page as text: it uses nothing from outside itself. */
export function makeLayoutReader(bare: Bare): LayoutReader {
  const OVERLAYS = 'dialog,[role=dialog],[role=alertdialog],[aria-modal=true],[popover],[role=menu],[role=listbox]';
  const SIDE_PX_MIN = 40;
  const SIBLINGS_MAX = 300;
  const LEAVES_MAX = 20_000;
  const page = bare(document);
  const root = page.documentElement;
  const hidden = (element: HTMLElement) => bare(element).scrollHeight - bare(element).clientHeight;

  const isSeen = (element: Element | null) => element !== null && bare(element).checkVisibility();
  const isScroller = (element: Element): element is HTMLElement => {
    if (!(element instanceof HTMLElement) || element === root) return false;
    const box = bare(element);
    if (hidden(element) <= 1 || box.clientHeight < SIDE_PX_MIN || box.clientWidth < SIDE_PX_MIN) return false;
    const style = getComputedStyle(element);
    if (!/auto|scroll/.test(style.overflowY) || /^(TEXTAREA|SELECT|INPUT)$/.test(box.tagName)) return false;
    // The viewport scrolls in the name of the body where the root leaves it to it.
    if (element === page.body && getComputedStyle(root).overflowY === 'visible') return false;
    // What lies over the page (dialogs, menus, chat windows) is shown as it is seen, not as a part of the page.
    if (box.closest(OVERLAYS) || isSeen(box.querySelector(OVERLAYS))) return false;
    if (!box.checkVisibility({ visibilityProperty: true })) return false;
    const hung = pathOf(element).find((around) => getComputedStyle(around).position === 'fixed');
    const pinned = hung && bare(hung).getBoundingClientRect();
    return !pinned || (pinned.width >= innerWidth / 2 && pinned.height >= innerHeight / 2);
  };
  /** The box that must hold this one. */
  const holderOf = (element: HTMLElement): HTMLElement => {
    const { position } = getComputedStyle(element);
    if (position === 'fixed' || position === 'absolute') {
      const holder = bare(element).offsetParent;
      const isStaticBody = holder === page.body && position === 'absolute' && getComputedStyle(holder).position === 'static';
      return holder instanceof HTMLElement && !isStaticBody ? holder : root;
    }
    let at: Element | null = element;
    do {
      const tree: Node = bare(at).getRootNode();
      at = bare(at).assignedSlot ?? bare(at).parentElement ?? (tree instanceof ShadowRoot ? tree.host : null);
    } while (at && !(at instanceof HTMLElement && !/^(inline|contents)$/.test(getComputedStyle(at).display)));
    return at instanceof HTMLElement ? at : root;
  };
  /** The boxes around an element up to the root, itself first. */
  const pathOf = (element: HTMLElement): HTMLElement[] => {
    const path = [element];
    for (let at = element; at !== root; at = holderOf(at)) path.push(holderOf(at));
    return path;
  };
  /** What a box lacks to hold the next one: what overflows it, or for hung boxes the distance that they kept from its end. */
  const roomOf = (box: HTMLElement, inner: HTMLElement): number => {
    const isHung = /fixed|absolute/.test(getComputedStyle(inner).position);
    // The root tells the height of the viewport as its own. A track of a grid is overflowed before the grid itself is.
    const own = box === root ? Math.max(root.clientHeight, root.offsetHeight) : bare(box).clientHeight;
    if (!isHung && !getComputedStyle(box).display.includes('grid')) return Math.min(0, own - bare(box).scrollHeight);
    const rect = bare(box).getBoundingClientRect();
    return (rect.bottom - bare(inner).getBoundingClientRect().bottom) / (rect.height / bare(box).offsetHeight || 1);
  };
  /** Pairs of out-of-flow boxes on the path and neighbors that they cover. */
  const coverings = (path: HTMLElement[]): Set<Element> => {
    const covered = new Set<Element>();
    for (const box of path.filter((one) => getComputedStyle(one).position === 'absolute')) {
      const own = bare(box).getBoundingClientRect();
      const around = bare(box).parentElement;
      for (const other of around ? [...bare(around).children].slice(0, SIBLINGS_MAX) : []) {
        const rect = bare(other).getBoundingClientRect();
        const apart = rect.bottom <= own.top + 1 || rect.top >= own.bottom - 1 || rect.right <= own.left + 1 || rect.left >= own.right - 1;
        if (other !== box && !apart && rect.width * rect.height > 0 && getComputedStyle(other).position !== 'fixed') covered.add(other);
      }
    }
    return covered;
  };

  const findAreas = (): HTMLElement[] => {
    const found: HTMLElement[] = [];
    const trees: (Document | ShadowRoot)[] = [document];
    for (const tree of trees)
      for (const element of bare(tree).querySelectorAll('*')) {
        const shadow = bare(element).shadowRoot;
        if (shadow) trees.push(shadow);
        if (isScroller(element)) found.push(element);
      }
    return found.reverse(); // What lies inside comes first: the areas around it then know its height.
  };
  /** Where the last thing that is drawn in an area ends: a leaf with text, a picture or a background. */
  const contentBottom = (area: HTMLElement): number => {
    let bottom = Number.NEGATIVE_INFINITY;
    const all: Element[] = [area];
    for (const one of all) {
      const slotted = one instanceof HTMLSlotElement ? one.assignedElements() : [];
      const inner = slotted.length > 0 ? slotted : [...bare(bare(one).shadowRoot ?? one).children];
      if (all.length < LEAVES_MAX) all.push(...inner);
      const isDrawn =
        /^(img|canvas|video|iframe|input|button|textarea|hr)$/i.test(bare(one).tagName) ||
        one instanceof SVGElement ||
        (inner.length === 0 && (bare(one).textContent ?? '').trim() !== '') ||
        (inner.length === 0 && !/^rgba\(.*, 0\)$/.test(getComputedStyle(one).backgroundColor));
      if (isDrawn) bottom = Math.max(bottom, bare(one).getBoundingClientRect().bottom);
    }
    return bottom;
  };
  const staysEmpty = (area: HTMLElement, shownPx: number) =>
    bare(area).getBoundingClientRect().bottom - contentBottom(area) > Math.max(shownPx / 2, 200);
  return { bare, hidden, isScroller, findAreas, pathOf, roomOf, coverings, staysEmpty };
}
