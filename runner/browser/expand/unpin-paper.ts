/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/**
 * Puts bars and bubbles that hang on an edge of the view where they belong on paper, once each: at the top of the first
 * page, or at the end of the last, with room of their own there. Sticky parts lie in their place in the flow. What fills the
 * screen stays, and so does everything on a page that is one screen, where `isWholeOnly`. `paperWidth` is that of the
 * printed page in CSS pixels. Runs in the page: uses nothing from outside itself. Nothing is put back.
 */
export function unpinPaper(bare: Bare, { paperWidth, isWholeOnly }: { paperWidth: number; isWholeOnly: boolean }): void {
  const FILLS = 0.6;
  const page = bare(document);
  const root: HTMLElement | null = page.documentElement; // A page can take it away.
  const view = window.innerHeight;
  if (!root || (isWholeOnly && bare(root).scrollHeight <= view + 1)) return;
  window.scrollTo({ left: 0, top: 0, behavior: 'instant' });
  const px = (length: string) => Number.parseFloat(length) || 0;
  const set = (element: HTMLElement, rules: Record<string, string>) => {
    for (const [name, value] of Object.entries({ transition: 'none', ...rules })) bare(element).style.setProperty(name, value, 'important');
  };
  const edgeOf = (element: HTMLElement, name: string) => bare(element).computedStyleMap().get(name)?.toString() ?? 'auto';
  const around = (element: Element): Element | null => {
    const tree: Node = bare(element).getRootNode();
    return bare(element).assignedSlot ?? bare(element).parentElement ?? (tree instanceof ShadowRoot ? tree.host : null);
  };
  const isOnViewport = (element: Element): boolean => {
    for (let at = around(element); at && at !== root; at = around(at)) {
      if (at === page.body && getComputedStyle(root).overflowY === 'visible') continue;
      const style = getComputedStyle(at);
      if (/auto|scroll|hidden|overlay/.test(`${style.overflowX} ${style.overflowY}`)) return false;
    }
    return true;
  };
  const findPinned = () => {
    const sticky: HTMLElement[] = [];
    const fixed: HTMLElement[] = [];
    const trees: (Document | ShadowRoot)[] = [document];
    for (const tree of trees)
      for (const element of bare(tree).querySelectorAll('*')) {
        const shadow = bare(element).shadowRoot;
        if (shadow) trees.push(shadow);
        if (!(element instanceof HTMLElement)) continue;
        const { position } = getComputedStyle(element);
        if (position === 'sticky' && isOnViewport(element)) sticky.push(element);
        // Without a containing block of its own a fixed part hangs on the viewport, and so do the fixed parts inside it.
        if (position !== 'fixed' || bare(element).offsetParent !== null) continue;
        const { width, height } = bare(element).getBoundingClientRect();
        if (width > 0 && height > 0 && height <= view * FILLS) fixed.push(element);
      }
    return { sticky, fixed };
  };
  const { sticky, fixed } = findPinned();
  const measured = fixed.map((element) => {
    const style = getComputedStyle(element);
    const isFromBelow = edgeOf(element, 'top') === 'auto' && style.bottom !== 'auto';
    const isSeen = bare(element).checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return { element, isSeen, isFromBelow, top: style.top, bottom: style.bottom, rect: bare(element).getBoundingClientRect() };
  });
  for (const element of sticky) set(element, { position: 'relative', inset: 'auto' });

  /** In the flow nothing is covered: for what cannot be placed. */
  const flow = (element: HTMLElement) => set(element, { position: 'relative', inset: 'auto', transform: 'none' });
  const isInside = (element: HTMLElement) => fixed.some((other) => other !== element && bare(other).contains(element));
  const below: (typeof measured)[number][] = [];
  for (const one of measured) {
    const { element, isFromBelow, top, rect } = one;
    if (isInside(element)) {
      // It goes where the bar that holds it goes.
      set(element, { position: 'absolute' });
      continue;
    }
    if (isFromBelow) {
      below.push(one);
      continue;
    }
    set(element, { position: 'absolute', ...(top === 'auto' ? {} : { top, bottom: 'auto' }) });
    const after = bare(element).getBoundingClientRect();
    if (Math.abs(after.top - rect.top) > 1 || Math.abs(after.left - rect.left) > 1) flow(element);
  }
  if (below.length === 0) return;

  // The end of the root is the end of the page, unless it is no higher than the view.
  for (const box of [root, page.body])
    if (box && bare(root).scrollHeight > bare(box).offsetHeight + 1) set(box, { height: 'auto', 'max-height': 'none' });
  set(root, { position: 'relative' });
  const bodyStyle = page.body ? getComputedStyle(page.body) : null;
  const room = px(getComputedStyle(root).paddingBottom) + px(bodyStyle?.paddingBottom ?? '') + px(bodyStyle?.marginBottom ?? '');
  let needed = 0;
  for (const { element, isSeen, bottom } of below) {
    set(element, { position: 'absolute', top: 'auto' });
    const holder = bare(element).offsetParent;
    const isStaticBody = holder === page.body && (!bodyStyle || bodyStyle.position === 'static');
    if (holder instanceof HTMLElement && holder !== root && !isStaticBody) {
      const gap = bare(root).getBoundingClientRect().bottom - bare(holder).getBoundingClientRect().bottom;
      if (gap > px(bottom) + view / 10) flow(element);
      else if (isSeen)
        set(holder, { 'padding-bottom': `${Math.max(px(getComputedStyle(holder).paddingBottom), px(bottom) + heightOnPaper(element))}px` });
    } else if (isSeen) needed = Math.max(needed, px(bottom) + heightOnPaper(element));
  }
  if (needed > room) set(root, { 'padding-bottom': `${px(getComputedStyle(root).paddingBottom) + needed - room}px` });

  /** A bar is as wide as the page, and may take more lines on paper. */
  function heightOnPaper(element: HTMLElement): number {
    const { style } = bare(element);
    const [value, priority] = [style.getPropertyValue('max-width'), style.getPropertyPriority('max-width')];
    set(element, { 'max-width': `${paperWidth}px` });
    const { height } = bare(element).getBoundingClientRect();
    style.setProperty('max-width', value, priority);
    return Math.ceil(height);
  }
}
