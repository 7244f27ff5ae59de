/// <reference lib="dom" />
import type { LayoutReader } from './layout-reader.ts';
import type { StyleChanges } from './style-changes.ts';

/** Lives in the page: opens inner scroll areas for print, and takes it back where that was wrong. */
export type PrintOpener = {
  /** Opens every scroll area that holds more than it shows; tells how many were opened. */
  open(): number;
  /** Closes everything again where an area stayed empty, as lists do that draw only what is in view, and opens the rest. */
  closeEmpty(): boolean;
};

/**
 * Makes the opener. Sent to the page as text: it uses nothing from outside itself. Paper has a width and a height of its
 * own, so that no height measured on the screen can be given to an area: it and the boxes around it lose their heights
 * and flow, and print breaks them into pages. An area of more than `heightMax` pixels stays closed, and so do those in tiles
 * that are placed one by one.
 */
export function makePrintOpener(layout: LayoutReader, changes: StyleChanges, heightMax: number): PrintOpener {
  const PASSES_MAX = 5;
  const PARTS_MAX = 500;
  const { set } = changes;
  const { bare } = layout;
  const root = bare(document).documentElement;
  const opened = new Map<HTMLElement, number>();
  const left = new Set<Element>();

  const edgeOf = (box: Element, name: string) => bare(box).computedStyleMap().get(name)?.toString() ?? 'auto';
  /** What hung by its edges comes into the flow at the distances that it kept; its width follows the paper. */
  const flowRules = (box: HTMLElement): Record<string, string> => {
    const style = getComputedStyle(box);
    if (!/fixed|absolute/.test(style.position)) return {};
    const edge = (name: string, otherwise: string) => (edgeOf(box, name) === 'auto' ? otherwise : edgeOf(box, name));
    const top = Number.parseFloat(style.top) || 0;
    return {
      position: 'relative',
      inset: 'auto',
      'margin-top': `${Math.max(0, top)}px`,
      'margin-left': edge('left', edge('right', '') === '' ? '0px' : 'auto'),
      'margin-right': edge('right', '0px'),
    };
  };
  const openBox = (box: HTMLElement, holder: HTMLElement | undefined) => {
    const style = getComputedStyle(box);
    const isColumn = holder && /flex/.test(getComputedStyle(holder).display) && /^column/.test(getComputedStyle(holder).flexDirection);
    set(box, {
      transition: 'none',
      height: 'auto',
      'max-height': 'none',
      contain: 'none',
      // What is hidden at the side is a drawer that was pushed out of view; what scrolls there is content.
      'overflow-x': /hidden|clip/.test(style.overflowX) && box !== root && box !== bare(document).body ? 'clip' : 'visible',
      'overflow-y': 'visible',
      ...(isColumn ? { flex: '0 0 auto' } : {}),
      ...flowRules(box),
    });
  };
  /** One of several boxes that each have a place and a height of their own: in the flow they would lie in a heap. */
  const isTile = (box: HTMLElement, holder: HTMLElement | undefined): boolean => {
    const isPlaced = (one: Element) => getComputedStyle(one).position === 'absolute' && edgeOf(one, 'bottom') === 'auto';
    if (!holder || !isPlaced(box) || bare(box).offsetHeight > bare(holder).clientHeight * 0.9) return false;
    const around = bare(box).parentElement;
    return around !== null && [...bare(around).children].slice(0, PARTS_MAX).some((other) => other !== box && isPlaced(other));
  };
  /** Parts that take a share of a height which is about to go would be nothing, a chart among them: they keep their size. */
  const holdShares = (path: HTMLElement[]) => {
    const [area] = path;
    const inner = area ? [...bare(area).querySelectorAll(':scope > *, :scope > * > *')] : [];
    const parts = [...inner, ...path.slice(1).flatMap((box) => [...bare(box).children])].slice(0, PARTS_MAX);
    const held = parts.flatMap((part) => {
      if (!(part instanceof HTMLElement) || path.includes(part) || opened.has(part)) return [];
      const height = bare(part).computedStyleMap().get('height')?.toString() ?? '';
      return height.endsWith('%') ? [{ part, px: getComputedStyle(part).height, isFull: layout.hidden(part) <= 1 }] : [];
    });
    for (const { part, px, isFull } of held) set(part, isFull ? { height: px } : { height: 'auto', 'min-height': px });
  };
  const open = () => {
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const areas = layout.findAreas().filter((area) => !left.has(area) && !opened.has(area));
      if (areas.length === 0) break;
      for (const area of areas) {
        const path = layout.pathOf(area);
        if (bare(area).scrollHeight > heightMax || path.some((box, index) => isTile(box, path[index + 1]))) {
          left.add(area);
          continue;
        }
        opened.set(area, bare(area).clientHeight);
        bare(area).scrollTop = 0;
        holdShares(path);
        for (const [index, box] of path.entries()) openBox(box, path[index + 1]);
      }
    }
    return opened.size;
  };
  const closeEmpty = () => {
    const empty = [...opened].filter(([area, shown]) => layout.staysEmpty(area, shown));
    if (empty.length === 0) return false;
    changes.takeBack();
    opened.clear();
    for (const [area] of empty) left.add(area);
    open();
    return true;
  };
  return { open, closeEmpty };
}
