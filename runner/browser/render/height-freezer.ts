/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/** Lives in the page: gives heights that follow the view the size they had. */
export type HeightFreezer = {
  /** Called once the view is twice as high: gives what grew with the view the height it had before. */
  freeze(): void;
  /** Does it once more to those whose height a script has set since. */
  freezeAgain(): void;
};

/**
 * Makes the freezer, and notes heights as they are in the view of now. What was higher than `viewsMax` views then follows
 * something else. Sent to the page as text: it uses nothing from outside itself, and puts nothing back.
 */
export function makeHeightFreezer(bare: Bare, viewsMax: number): HeightFreezer {
  const NAMES = ['height', 'min-height', 'max-height'];
  const ELEMENTS_MAX = 50_000;
  const root: HTMLElement | null = bare(document).documentElement; // A page can take it away.
  const elements: Element[] = [];
  const trees: (Document | ShadowRoot)[] = [document];
  for (const tree of trees)
    for (const element of bare(tree).querySelectorAll('*')) {
      const shadow = bare(element).shadowRoot;
      if (shadow) trees.push(shadow);
      if (elements.length < ELEMENTS_MAX) elements.push(element);
    }
  const read = (element: Element): string[] => {
    const style = bare(element).computedStyleMap();
    return NAMES.map((name) => style.get(name)?.toString() ?? '');
  };
  const before = new Map(elements.map((element) => [element, read(element)]));
  // Shares of the view, which the root alone takes: what lies inside of it takes its share of the root.
  const view = innerHeight;
  const inView = (value: string) => (value.endsWith('%') ? `${(Number.parseFloat(value) / 100) * view}px` : value);
  const frozen: { style: CSSStyleDeclaration; name: string; value: string }[] = [];
  // A list that has guessed the heights of its rows, and is given its height by its script, becomes shorter by itself.
  const hasShrunk = (given: string, value: string, now: string) =>
    /^[\d.]+px$/.test(given) && Number.parseFloat(now) < Number.parseFloat(value);
  return {
    freeze: () => {
      for (const [element, values] of before) {
        if (!(element instanceof HTMLElement || element instanceof SVGElement)) continue;
        const now = read(element);
        for (const [index, name] of NAMES.entries()) {
          const value = values[index] ?? '';
          if (value.endsWith('px') && Number.parseFloat(value) > view * viewsMax) continue;
          const isRootShare = element === root && value.endsWith('%');
          if (value === now[index] && !isRootShare) continue;
          const { style } = bare(element);
          if (hasShrunk(style.getPropertyValue(name), value, now[index] ?? '')) continue;
          frozen.push({ style, name, value: inView(value) });
          style.setProperty(name, inView(value), 'important');
        }
      }
    },
    freezeAgain: () => {
      for (const { style, name, value } of frozen)
        if (style.getPropertyPriority(name) !== 'important') style.setProperty(name, value, 'important');
    },
  };
}
