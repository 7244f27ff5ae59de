/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';
import type { HeightFreezer } from './height-freezer.ts';

/** Lives in the page: lays it out for one sheet of paper. */
export type PaperLayout = HeightFreezer & {
  /** The whole document in CSS pixels. */
  measure(): { width: number; height: number };
  /** Keeps the width of now, as print makes its page a pixel or two wider, and there a sixth box may fit into a row. */
  hold(): void;
};

/**
 * Makes the layout, with `heights` as they are in the view of now. In print a `vh` is a hundredth of the paper: on a
 * sheet as high as the content, `min-height: 100vh` and a margin would be higher than any sheet. Breaks between pages and
 * margins of `@page` are taken out, `margin` (CSS, four lengths) is that of the sheet. Sent to the page as text: it uses
 * nothing from outside itself, and puts nothing back.
 */
export function makePaperLayout(bare: Bare, margin: string, heights: HeightFreezer): PaperLayout {
  const root: HTMLElement | null = bare(document).documentElement; // A page can take it away.
  const trees: (Document | ShadowRoot)[] = [document];
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    `@page { margin: ${margin} !important; size: auto !important } * { break-before: auto !important; break-after: auto !important; page: auto !important }`,
  );
  for (const tree of trees) {
    bare(tree).adoptedStyleSheets = [...bare(tree).adoptedStyleSheets, sheet];
    for (const element of bare(tree).querySelectorAll('*')) {
      const shadow = bare(element).shadowRoot;
      if (shadow) trees.push(shadow);
    }
  }
  const view = innerHeight;
  const measure = () => {
    if (!root) return { width: 0, height: view };
    const { scrollWidth, scrollHeight, clientHeight } = root;
    // The root is at least as high as the view; what is in it tells where a shorter document ends.
    const inside = [root, bare(document).body].map((box) => (box ? bare(box).getBoundingClientRect().bottom + scrollY : 0));
    const height = scrollHeight > clientHeight ? scrollHeight : Math.max(...inside);
    return { width: scrollWidth, height: Math.ceil(height) };
  };
  const hold = () => {
    if (root) bare(root).style.setProperty('width', getComputedStyle(root).width, 'important');
  };
  return { ...heights, measure, hold };
}
