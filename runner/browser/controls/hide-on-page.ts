/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/**
 * Hides by style rules, so that an element that a framework makes anew is hidden too, in the document and its open
 * shadow roots, later ones included. Constructed sheets obey no `style-src`. Selectors that are not CSS (`text=…`, chains)
 * are passed over: those elements are hidden one by one. Both functions run in the page.
 */
export function hideByStyle(selectors: string[], bare: Bare): void {
  const sheet = new CSSStyleSheet();
  for (const selector of selectors) {
    try {
      sheet.insertRule(`${selector} { transition: none !important; visibility: hidden !important; }`);
      // A descendant may be visible inside a hidden element if its own style says so.
      sheet.insertRule(`:is(${selector}) * { transition: none !important; visibility: hidden !important; }`);
    } catch {
      // Not CSS: the caller hides what it finds by its own engine.
    }
  }
  const adopt = (root: Document | ShadowRoot) => {
    if (bare(root).adoptedStyleSheets.includes(sheet)) return;
    bare(root).adoptedStyleSheets = [...bare(root).adoptedStyleSheets, sheet];
    observer.observe(root, { childList: true, subtree: true });
    reach(root);
  };
  const reach = (root: Document | ShadowRoot | Element) => {
    for (const element of bare(root).querySelectorAll('*')) {
      const { shadowRoot } = bare(element);
      if (shadowRoot) adopt(shadowRoot);
    }
  };
  const observer = new MutationObserver((records) => {
    for (const node of records.flatMap((record) => [...record.addedNodes])) {
      if (!(node instanceof Element)) continue;
      const { shadowRoot } = bare(node);
      if (shadowRoot) adopt(shadowRoot);
      reach(node);
    }
  });
  adopt(document);
}

/** Names what hides the banners of `rules` that are on this page. */
export function findBanners(rules: { signs: string[]; hide: string[]; where: string | null }[], bare: Bare): string[] {
  const isHere = (pattern: string | null) => {
    try {
      return pattern === null || new RegExp(pattern).test(location.href);
    } catch {
      return false; // A pattern that this browser does not know.
    }
  };
  const exists = (selector: string) => {
    try {
      return bare(document).querySelector(selector) !== null;
    } catch {
      return false; // A selector that this browser does not know.
    }
  };
  return rules.filter((rule) => isHere(rule.where) && rule.signs.every(exists)).flatMap((rule) => rule.hide);
}
