/// <reference lib="dom" />
import type { Owner, Segment } from './redact-runs.ts';

export type PseudoReader = (element: Element, which: 'before' | 'after' | 'marker', owner: Owner | null) => Segment | null;

/**
 * Makes what reads and replaces text that a style puts before or after an element. It is written into a sheet of ours, which
 * no content policy forbids. Runs in the page: uses nothing from outside itself.
 */
export function makePseudoReader(mayWrite: () => boolean): PseudoReader {
  const MARK = 'data-sessionshot-';
  const sheets = new WeakMap<Node, CSSStyleSheet>();
  const contents: string[] = [];

  const sheetOf = (element: Element): CSSStyleSheet => {
    const root = element.getRootNode();
    const known = sheets.get(root);
    if (known) return known;
    const sheet = new CSSStyleSheet();
    if (root instanceof Document || root instanceof ShadowRoot) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    sheets.set(root, sheet);
    return sheet;
  };
  const writePseudo = (element: Element, which: string, value: string) => {
    if (!mayWrite()) return;
    if (!contents.includes(value)) contents.push(value);
    const index = contents.indexOf(value);
    const escaped = value.replace(/["\\\n\r\f]/g, (letter) => `\\${letter.charCodeAt(0).toString(16)} `);
    const selector = `[${MARK}${which}="${index}"]:not(#a#a#a#a#a)::${which}`;
    const sheet = sheetOf(element);
    if (![...sheet.cssRules].some((rule) => rule.cssText.startsWith(selector)))
      sheet.insertRule(
        `${selector} { content: "${escaped}" !important; ${which === 'marker' ? '' : 'background-image: none !important;'} }`,
      );
    element.setAttribute(`${MARK}${which}`, String(index));
  };
  return (element: Element, which: 'before' | 'after' | 'marker', owner: Owner | null): Segment | null => {
    const { content } = getComputedStyle(element, `::${which}`);
    if (!content || content === 'none' || content === 'normal') return null;
    const plainOf = (part: string) =>
      part.replace(/\\([0-9a-f]{1,6})\s?|\\([\s\S])/gi, (_all, hex, letter) =>
        hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : letter,
      );
    const value = [...content.matchAll(/"((?:\\[\s\S]|[^"\\])*)"|attr\(\s*([\w:-]+)|url\(/g)]
      .map(([all, quoted, name]) => (all === 'url(' ? '\ufffc' : name ? (element.getAttribute(name) ?? '') : plainOf(quoted ?? '')))
      .join('');
    if (value === '' || (!owner && value === '\ufffc')) return null;
    return { value, owner, place: element, key: which, write: (clean) => writePseudo(element, which, clean) };
  };
}
