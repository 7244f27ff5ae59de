/// <reference lib="dom" />
const OWN_KIND =
  />>|^\s*(text|role|data-testid|css|nth|visible|\*\w+)\s*=|^\s*["']|:(has-text|text|text-is|text-matches|visible|nth-match|near|above|below|left-of|right-of|light)\b/;

/** Tells a selector that every browser knows from one that only Playwright can resolve. */
export function isNativeCss(selector: string): boolean {
  return !OWN_KIND.test(selector);
}

/** Marks elements for a rule; returns how many had no mark before. Runs in the page. */
export function markElements(elements: Element[], at: number): number {
  let fresh = 0;
  for (const element of elements) {
    const marks = (element.getAttribute('data-sessionshot-redact') ?? '').split(' ').filter(Boolean);
    if (marks.includes(String(at))) continue;
    element.setAttribute('data-sessionshot-redact', [...marks, at].join(' '));
    fresh++;
  }
  return fresh;
}
