/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** Lives in the page: lays it out for one sheet of paper. */
export type PaperLayout = {
  /** Called once the view is twice as high: gives what grew with the view the height it had before. */
  freeze(): void;
  /** The whole document in CSS pixels. */
  measure(): { width: number; height: number };
  /** Keeps the width of now, as print makes its page a pixel or two wider, and there a sixth box may fit into a row. */
  hold(): void;
};

/**
 * Makes the layout, and notes heights as they are in the view of now. In print a `vh` is a hundredth of the paper: on a
 * sheet as high as the content, `min-height: 100vh` and a margin would be higher than any sheet. Breaks between pages and
 * margins of `@page` are taken out, `margin` (CSS, four lengths) is that of the sheet. Sent to the page as text: it uses
 * nothing from outside itself, and puts nothing back.
 */
export function makePaperLayout(bare: Bare, margin: string): PaperLayout {
  const NAMES = ['height', 'min-height', 'max-height'];
  const ELEMENTS_MAX = 50_000;
  const root: HTMLElement | null = bare(document).documentElement; // A page can take it away.
  const elements: Element[] = [];
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
      if (elements.length < ELEMENTS_MAX) elements.push(element);
    }
  }
  const read = (element: Element): string[] => {
    const style = bare(element).computedStyleMap();
    return NAMES.map((name) => style.get(name)?.toString() ?? '');
  };
  const before = new Map(elements.map((element) => [element, read(element)]));
  // Shares of the view, which the root alone takes: what lies inside of it takes its share of the root.
  const view = innerHeight;
  const inView = (value: string) => (value.endsWith('%') ? `${(Number.parseFloat(value) / 100) * view}px` : value);

  const freeze = () => {
    for (const [element, values] of before) {
      if (!(element instanceof HTMLElement || element instanceof SVGElement)) continue;
      const now = read(element);
      for (const [index, name] of NAMES.entries()) {
        const value = values[index] ?? '';
        if (value !== now[index] || (element === root && value.endsWith('%')))
          bare(element).style.setProperty(name, inView(value), 'important');
      }
    }
  };
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
  return { freeze, measure, hold };
}
