/// <reference lib="dom" />
import type { VoidFinder } from './find-void.ts';
import type { LayoutReader } from './layout-reader.ts';
import type { StyleChanges } from './style-changes.ts';

/** Lives in the page: opens inner scroll areas to the height of their content, and takes it back where that was wrong. */
export type ScrollGrower = {
  /**
   * Opens every scroll area that holds more than it shows; tells how many are open, by how many CSS pixels they and the page grew
   * in all, null where nothing changed, and whether the page has a stretch that nothing is drawn in.
   */
  grow(): { opened: number; grown: number | null; hasVoid: boolean };
  /** Closes areas that stayed empty, as lists do that draw only what is in view; tells whether there were any. */
  closeEmpty(): boolean;
};

/**
 * Makes the grower. Sent to the page as text: it uses nothing from outside itself. An area grows by `min-height`, so that
 * flex and grid tracks give way while its own sticky parts and its horizontal scrolling stay as they are; then each box
 * around it is given the room that it did not take by itself. An area that would end beyond `heightMax` pixels is cut
 * there with `cut`, and else stays as it was: a list of a million rows must not make the picture impossible.
 */
export function makeScrollGrower(
  layout: LayoutReader,
  changes: StyleChanges,
  limits: { heightMax: number; cut: boolean },
  voids: VoidFinder,
): ScrollGrower {
  const SIBLINGS_MAX = 300;
  const PASSES_MAX = 10;
  const { bare } = layout;
  const root: HTMLElement | null = bare(document).documentElement; // A page can take it away.
  const { set } = changes;
  const { hidden, isScroller, pathOf, roomOf, coverings } = layout;
  const shownAt = new Map<HTMLElement, number>();
  const left: Element[] = [];

  const closeAll = () => {
    changes.takeBack();
    shownAt.clear();
  };
  const addHeight = (element: HTMLElement, px: number) => {
    const height = Number.parseFloat(getComputedStyle(element).height) || 0;
    set(element, { transition: 'none', 'max-height': 'none', 'min-height': `${height + px}px` });
  };
  /** Neighbors in a column would give up their height for the one that grows. */
  const lockNeighbors = (path: HTMLElement[]) => {
    for (const [index, box] of path.slice(1).entries()) {
      const { display, flexDirection } = getComputedStyle(box);
      if (!display.includes('flex') || !flexDirection.startsWith('column')) continue;
      for (const other of [...bare(box).children].slice(0, SIBLINGS_MAX))
        if (other instanceof HTMLElement && other !== path[index] && getComputedStyle(other).flexShrink !== '0')
          set(other, { 'min-height': getComputedStyle(other).height });
    }
  };
  /** A box that hangs on the viewport can neither be scrolled nor counted as a part of the page: hang it on the root. */
  const unpin = (path: HTMLElement[]): boolean => {
    const hung = path.at(-2);
    if (!hung || !/fixed|absolute/.test(getComputedStyle(hung).position)) return true;
    const before = bare(hung).getBoundingClientRect();
    const height = Math.max(root.getBoundingClientRect().height, innerHeight);
    set(root, { position: 'relative', 'min-height': `${height}px` });
    set(hung, { position: 'absolute', transition: 'none' });
    const after = bare(hung).getBoundingClientRect();
    return (['left', 'top', 'width', 'height'] as const).every((side) => Math.abs(before[side] - after[side]) <= 1);
  };
  /** Parts that are as high as the area shows stay so: they would grow with it for ever. */
  const lockFullParts = (area: HTMLElement, shown: number, heights: Map<HTMLElement, number>) => {
    const { paddingTop, paddingBottom } = getComputedStyle(area);
    const content = shown - Number.parseFloat(paddingTop) - Number.parseFloat(paddingBottom);
    for (const [part, height] of heights)
      if (Math.abs(height - content) <= 1 || Math.abs(height - shown) <= 1) {
        const { boxSizing } = getComputedStyle(part);
        if (boxSizing === 'border-box') set(part, { height: `${height}px`, 'min-height': '0', 'max-height': `${height}px` });
        else set(part, { 'box-sizing': 'border-box', height: `${height}px`, 'min-height': '0', 'max-height': `${height}px` });
      }
  };
  /** Opens one area and makes room around it; false where that would tear the layout. */
  const openArea = (area: HTMLElement): boolean => {
    const path = pathOf(area);
    if (!unpin(path)) return false;
    const shown = shownAt.get(area) ?? bare(area).clientHeight;
    const parts = [...bare(area).querySelectorAll(':scope > *, :scope > * > *')].filter((part) => part instanceof HTMLElement);
    const heights = new Map(parts.slice(0, SIBLINGS_MAX).map((part) => [part, bare(part).offsetHeight]));
    const rooms = path.slice(1).map((box, index) => roomOf(box, path[index] ?? box));
    const covered = coverings(path);
    lockNeighbors(path);
    for (let tries = 0; tries < 3 && hidden(area) > 1; tries++) {
      if (tries === 1) lockFullParts(area, shown, heights);
      const room = limits.heightMax - (bare(area).getBoundingClientRect().top + scrollY) - bare(area).clientHeight;
      if (hidden(area) > room && !limits.cut) return false;
      addHeight(area, Math.max(0, Math.min(hidden(area), room)));
      for (const [index, box] of path.slice(1).entries()) {
        const missing = (rooms[index] ?? 0) - roomOf(box, path[index] ?? box);
        if (missing > 0.5) addHeight(box, missing);
      }
    }
    bare(area).scrollTop = 0;
    shownAt.set(area, shown);
    return [...coverings(path)].every((other) => covered.has(other)) && (limits.cut || root.scrollHeight <= limits.heightMax);
  };
  const heights = () => [...[...shownAt.keys()].map((area) => bare(area).clientHeight), root.scrollHeight];
  const sum = (all: readonly number[]) => all.reduce((total, height) => total + height, 0);
  const grow = () => {
    if (!root) return { opened: 0, grown: null, hasVoid: false };
    const before = heights();
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const areas = layout.findAreas().filter((area) => !left.some((closed) => bare(closed).contains(area)));
      const torn = areas.find((area) => isScroller(area) && !openArea(area));
      if (!torn) break;
      closeAll();
      left.push(torn);
    }
    const after = heights();
    const grown = before.join() === after.join() ? null : sum(after) - sum(before);
    return { opened: shownAt.size, grown, hasVoid: voids.hasVoid() };
  };

  const closeEmpty = (): boolean => {
    const empty = [...shownAt].filter(([area, shown]) => layout.staysEmpty(area, shown));
    if (empty.length === 0) return false;
    closeAll();
    left.push(...empty.map(([area]) => area));
    grow();
    return true;
  };
  return { grow, closeEmpty };
}
