/// <reference lib="dom" />
/** Lives in the page: opens inner scroll areas to the height of their content, and takes it back where that was wrong. */
export type ScrollGrower = {
  /** Opens every scroll area that holds more than it shows; tells how many are open and whether any was opened now or grew. */
  grow(): { opened: number; changed: boolean };
  /** Closes areas that stayed empty, as lists do that draw only what is in view; tells whether there were any. */
  closeEmpty(): boolean;
};

/**
 * Makes the grower. Sent to the page as text: it uses nothing from outside itself. An area grows by `min-height`, so that
 * flex and grid tracks give way while its own sticky parts and its horizontal scrolling stay as they are; then each box
 * around it is given the room that it did not take by itself. An area that would end beyond `heightMax` pixels is cut
 * there with `cut`, and else stays as it was: a list of a million rows must not make the picture impossible.
 */
export function makeScrollGrower(limits: { heightMax: number; cut: boolean }): ScrollGrower {
  const OVERLAYS = 'dialog,[role=dialog],[role=alertdialog],[aria-modal=true],[popover],[role=menu],[role=listbox]';
  const SIDE_PX_MIN = 40;
  const SIBLINGS_MAX = 300;
  const LEAVES_MAX = 20_000;
  const PASSES_MAX = 10;
  type Undo = () => void;
  const root = document.documentElement;
  const shownAt = new Map<HTMLElement, number>();
  const left: Element[] = [];
  let undo: Undo[] = [];

  const set = (element: HTMLElement, rules: Record<string, string>) => {
    for (const [name, value] of Object.entries(rules)) {
      const before = [element.style.getPropertyValue(name), element.style.getPropertyPriority(name)] as const;
      element.style.setProperty(name, value, 'important');
      undo.push(() => element.style.setProperty(name, ...before));
    }
  };
  const closeAll = () => {
    for (const step of undo.reverse()) step();
    undo = [];
    shownAt.clear();
  };
  const addHeight = (element: HTMLElement, px: number) => {
    const height = Number.parseFloat(getComputedStyle(element).height) || 0;
    set(element, { transition: 'none', 'max-height': 'none', 'min-height': `${height + px}px` });
  };
  const hidden = (element: HTMLElement) => element.scrollHeight - element.clientHeight;

  const isScroller = (element: Element): element is HTMLElement => {
    if (!(element instanceof HTMLElement) || element === root || left.some((area) => area.contains(element))) return false;
    if (hidden(element) <= 1 || element.clientHeight < SIDE_PX_MIN || element.clientWidth < SIDE_PX_MIN) return false;
    const style = getComputedStyle(element);
    if (!/auto|scroll/.test(style.overflowY) || /^(TEXTAREA|SELECT|INPUT)$/.test(element.tagName)) return false;
    // The viewport scrolls in the name of the body where the root leaves it to it.
    if (element === document.body && getComputedStyle(root).overflowY === 'visible') return false;
    // What lies over the page (dialogs, menus, chat windows) is shown as it is seen, not as a part of the page.
    if (element.closest(OVERLAYS) || element.querySelector(OVERLAYS)?.checkVisibility()) return false;
    if (!element.checkVisibility({ visibilityProperty: true })) return false;
    const pinned = pathOf(element)
      .find((box) => getComputedStyle(box).position === 'fixed')
      ?.getBoundingClientRect();
    return !pinned || (pinned.width >= innerWidth / 2 && pinned.height >= innerHeight / 2);
  };
  /** The box that must hold this one. */
  const holderOf = (element: HTMLElement): HTMLElement => {
    const { position } = getComputedStyle(element);
    if (position === 'fixed' || position === 'absolute') {
      const holder = element.offsetParent;
      const isStaticBody = holder === document.body && position === 'absolute' && getComputedStyle(holder).position === 'static';
      return holder instanceof HTMLElement && !isStaticBody ? holder : root;
    }
    let at: Element | null = element;
    do {
      const tree: Node = at.getRootNode();
      at = at.assignedSlot ?? at.parentElement ?? (tree instanceof ShadowRoot ? tree.host : null);
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
    const own = box === root ? Math.max(root.clientHeight, root.offsetHeight) : box.clientHeight;
    if (!isHung && !getComputedStyle(box).display.includes('grid')) return Math.min(0, own - box.scrollHeight);
    const rect = box.getBoundingClientRect();
    return (rect.bottom - inner.getBoundingClientRect().bottom) / (rect.height / box.offsetHeight || 1);
  };
  const roomsOf = (path: HTMLElement[]) => path.slice(1).map((box, index) => roomOf(box, path[index] ?? box));
  /** Neighbors in a column would give up their height for the one that grows. */
  const lockNeighbors = (path: HTMLElement[]) => {
    for (const [index, box] of path.slice(1).entries()) {
      const { display, flexDirection } = getComputedStyle(box);
      if (!display.includes('flex') || !flexDirection.startsWith('column')) continue;
      for (const other of [...box.children].slice(0, SIBLINGS_MAX))
        if (other instanceof HTMLElement && other !== path[index] && getComputedStyle(other).flexShrink !== '0')
          set(other, { 'min-height': getComputedStyle(other).height });
    }
  };
  /** Pairs of out-of-flow boxes on the path and neighbors that they cover. */
  const coverings = (path: HTMLElement[]): Set<Element> => {
    const covered = new Set<Element>();
    for (const box of path.filter((one) => getComputedStyle(one).position === 'absolute')) {
      const own = box.getBoundingClientRect();
      for (const other of [...(box.parentElement?.children ?? [])].slice(0, SIBLINGS_MAX)) {
        const rect = other.getBoundingClientRect();
        const apart = rect.bottom <= own.top + 1 || rect.top >= own.bottom - 1 || rect.right <= own.left + 1 || rect.left >= own.right - 1;
        if (other !== box && !apart && rect.width * rect.height > 0 && getComputedStyle(other).position !== 'fixed') covered.add(other);
      }
    }
    return covered;
  };

  /** A box that hangs on the viewport can neither be scrolled nor counted as a part of the page: hang it on the root. */
  const unpin = (path: HTMLElement[]): boolean => {
    const hung = path.at(-2);
    if (!hung || !/fixed|absolute/.test(getComputedStyle(hung).position)) return true;
    const before = hung.getBoundingClientRect();
    const height = Math.max(root.getBoundingClientRect().height, innerHeight);
    set(root, { position: 'relative', 'min-height': `${height}px` });
    set(hung, { position: 'absolute', transition: 'none' });
    const after = hung.getBoundingClientRect();
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
    const shown = shownAt.get(area) ?? area.clientHeight;
    const parts = [...area.querySelectorAll(':scope > *, :scope > * > *')].filter((part) => part instanceof HTMLElement);
    const heights = new Map(parts.slice(0, SIBLINGS_MAX).map((part) => [part, part.offsetHeight]));
    const rooms = roomsOf(path);
    const covered = coverings(path);
    lockNeighbors(path);
    for (let tries = 0; tries < 3 && hidden(area) > 1; tries++) {
      if (tries === 1) lockFullParts(area, shown, heights);
      const room = limits.heightMax - (area.getBoundingClientRect().top + scrollY) - area.clientHeight;
      if (hidden(area) > room && !limits.cut) return false;
      addHeight(area, Math.max(0, Math.min(hidden(area), room)));
      for (const [index, box] of path.slice(1).entries()) {
        const missing = (rooms[index] ?? 0) - roomOf(box, path[index] ?? box);
        if (missing > 0.5) addHeight(box, missing);
      }
    }
    area.scrollTop = 0;
    shownAt.set(area, shown);
    return [...coverings(path)].every((other) => covered.has(other)) && (limits.cut || root.scrollHeight <= limits.heightMax);
  };
  const scrollers = (): HTMLElement[] => {
    const found: HTMLElement[] = [];
    const trees: (Document | ShadowRoot)[] = [document];
    for (const tree of trees)
      for (const element of tree.querySelectorAll('*')) {
        if (element.shadowRoot) trees.push(element.shadowRoot);
        if (isScroller(element)) found.push(element);
      }
    return found.reverse(); // What lies inside comes first: the areas around it then know its height.
  };
  const grow = () => {
    const before = [...shownAt.keys()].map((area) => area.clientHeight).join() + root.scrollHeight;
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const torn = scrollers().find((area) => isScroller(area) && !openArea(area));
      if (!torn) break;
      closeAll();
      left.push(torn);
    }
    return { opened: shownAt.size, changed: before !== [...shownAt.keys()].map((area) => area.clientHeight).join() + root.scrollHeight };
  };

  /** Where the last thing that is drawn in an area ends: a leaf with text, a picture or a background. */
  const contentBottom = (area: HTMLElement): number => {
    let bottom = Number.NEGATIVE_INFINITY;
    const all: Element[] = [area];
    for (const one of all) {
      const slotted = one instanceof HTMLSlotElement ? one.assignedElements() : [];
      const inner = slotted.length > 0 ? slotted : [...(one.shadowRoot ?? one).children];
      if (all.length < LEAVES_MAX) all.push(...inner);
      const isDrawn =
        /^(img|canvas|video|iframe|input|button|textarea|hr)$/i.test(one.tagName) ||
        one instanceof SVGElement ||
        (inner.length === 0 && (one.textContent ?? '').trim() !== '') ||
        (inner.length === 0 && !/^rgba\(.*, 0\)$/.test(getComputedStyle(one).backgroundColor));
      if (isDrawn) bottom = Math.max(bottom, one.getBoundingClientRect().bottom);
    }
    return bottom;
  };
  const closeEmpty = (): boolean => {
    const empty = [...shownAt].filter(
      ([area, shown]) => area.getBoundingClientRect().bottom - contentBottom(area) > Math.max(shown / 2, 200),
    );
    if (empty.length === 0) return false;
    closeAll();
    left.push(...empty.map(([area]) => area));
    grow();
    return true;
  };
  return { grow, closeEmpty };
}
