/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/**
 * Brings the page to its top, with all of its parts laid out: a page that scrolled by itself would else have its fixed parts
 * in the middle of the picture, and sections that skip their content while out of view would be blank and of a guessed size.
 */
export async function showWholePage(bare: Bare): Promise<void> {
  let isTouched = window.scrollX !== 0 || window.scrollY !== 0;
  const trees: (Document | ShadowRoot)[] = [document];
  for (const tree of trees)
    for (const element of bare(tree).querySelectorAll('*')) {
      const shadow = bare(element).shadowRoot;
      if (shadow) trees.push(shadow);
      if (!(element instanceof HTMLElement) || getComputedStyle(element).contentVisibility !== 'auto') continue;
      bare(element).style.setProperty('content-visibility', 'visible', 'important');
      isTouched = true;
    }
  for (const part of [bare(document).documentElement, bare(document).body]) {
    if (!part) continue;
    // Only where it is needed: a page that nothing was done to need not be judged anew.
    const { scrollSnapType, scrollBehavior } = getComputedStyle(part);
    if (scrollSnapType !== 'none') bare(part).style.setProperty('scroll-snap-type', 'none', 'important');
    if (scrollBehavior !== 'auto') bare(part).style.setProperty('scroll-behavior', 'auto', 'important');
  }
  window.scrollTo({ left: 0, top: 0, behavior: 'instant' }); // Also where it is there already: it ends a smooth one under way.
  if (!isTouched) return;
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 100); // A frame may never come in a page that is not drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}

/**
 * Puts what hangs on the viewport where it belongs on the whole page of `height` pixels: bars and bubbles at the bottom of
 * the screen go to the bottom of the page, sticky parts that were pushed up from below return to their place. What hangs
 * on the top, fills the screen or lies in its middle stays on the first screen. Fixed backgrounds, which Chromium draws on
 * the first screen only, become those of their element. Nothing changes size, and nothing is put back.
 */
export function unpinPage(bare: Bare, height: number): void {
  window.scrollTo({ left: 0, top: 0, behavior: 'instant' });
  const view = window.innerHeight;
  const scrollers = /auto|scroll|hidden|overlay/;
  const isOnViewport = (element: Element): boolean => {
    for (let at: Element | null = element; at; ) {
      const tree: Node = bare(at).getRootNode();
      at = bare(at).assignedSlot ?? bare(at).parentElement ?? (tree instanceof ShadowRoot ? tree.host : null);
      if (!at || at === bare(document).documentElement) return true;
      const style = getComputedStyle(at);
      if (at === bare(document).body && getComputedStyle(bare(document).documentElement).overflowY === 'visible') continue;
      if (scrollers.test(style.overflowX) || scrollers.test(style.overflowY)) return false;
    }
    return true;
  };
  const pinned: { element: HTMLElement; rules: Record<string, string> }[] = [];
  const trees: (Document | ShadowRoot)[] = [document];
  for (const tree of trees)
    for (const element of bare(tree).querySelectorAll('*')) {
      const shadow = bare(element).shadowRoot;
      if (shadow) trees.push(shadow);
      if (!(element instanceof HTMLElement)) continue;
      const style = getComputedStyle(element);
      if (style.backgroundAttachment.includes('fixed'))
        pinned.push({ element, rules: { 'background-attachment': style.backgroundAttachment.replaceAll('fixed', 'scroll') } });
      if (style.position === 'sticky' && isOnViewport(element)) pinned.push({ element, rules: { bottom: 'auto', right: 'auto' } });
      // Without a containing block of its own a fixed part hangs on the viewport, and so do the fixed parts inside it.
      if (style.position !== 'fixed' || bare(element).offsetParent !== null || style.display === 'none') continue;
      const isFromBelow = bare(element).computedStyleMap().get('top')?.toString() === 'auto' && style.bottom !== 'auto';
      const box = bare(element).getBoundingClientRect();
      if (!isFromBelow || box.height > view * 0.6 || box.top < view * 0.25) continue;
      pinned.push({ element, rules: { bottom: `${Number.parseFloat(style.bottom) - (height - view)}px` } });
    }
  for (const { element, rules } of pinned)
    for (const [name, value] of Object.entries({ transition: 'none', ...rules })) bare(element).style.setProperty(name, value, 'important');
}
