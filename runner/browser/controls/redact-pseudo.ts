/// <reference lib="dom" />
import type { Owner, Segment } from './redact-runs.ts';

export type PseudoReader = {
  read(element: Element, which: 'before' | 'after' | 'marker', owner: Owner | null): Segment | null;
  /** Takes pictures off the pseudo-elements of elements that are owned, in the tree in which this one stands. */
  adoptSheet(element: Element): void;
};

/**
 * Makes what reads and replaces text that a style puts before or after an element. It is written into a sheet of ours, which
 * no content policy forbids. Runs in the page: uses nothing from outside itself.
 */
export function makePseudoReader(mayWrite: () => boolean, later: (write: () => void) => void): PseudoReader {
  const MARK = 'data-sessionshot-';
  const DRAWN =
    'before after marker first-letter first-line backdrop placeholder file-selector-button details-content scroll-button(*) scroll-marker'.split(
      ' ',
    );
  const NO_PICTURES = ['background-image', 'border-image-source', 'mask-image', '-webkit-mask-box-image-source', 'transition']
    .map((name) => `${name}: none !important;`)
    .join(' ');
  const sheets = new WeakMap<Node, CSSStyleSheet>();
  const contents: string[] = [];

  const sheetOf = (element: Element): CSSStyleSheet => {
    const root = element.getRootNode();
    const sheet = sheets.get(root) ?? newSheet();
    sheets.set(root, sheet);
    if ((root instanceof Document || root instanceof ShadowRoot) && !root.adoptedStyleSheets.includes(sheet))
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    return sheet;
  };
  const newSheet = () => {
    const sheet = new CSSStyleSheet();
    for (const which of DRAWN) {
      const content = which.startsWith('scroll') ? 'content: none !important;' : '';
      try {
        sheet.insertRule(`[${MARK}owned]:not(#a#a#a#a#a)::${which} { ${NO_PICTURES} ${content} }`);
      } catch {
        // A pseudo-element that this browser does not know.
      }
    }
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
      sheet.insertRule(`${selector} { content: "${escaped}" !important; ${which === 'marker' ? '' : NO_PICTURES} }`);
    element.setAttribute(`${MARK}${which}`, String(index));
  };
  const plainOf = (part: string) =>
    part.replace(/\\([0-9a-f]{1,6})\s?|\\([\s\S])/gi, (_all, hex, letter) =>
      hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : letter,
    );
  const STRING = /url\((?:"(?:\\[\s\S]|[^"\\])*"|[^)"]*)\)|"((?:\\[\s\S]|[^"\\])*)"|attr\(\s*([\w:-]+)[^)]*\)/g;
  /** What stands for everything in it that is no text: a picture, a counter, quotes of the page's own choice. */
  const OBJECT = '\ufffc';
  const textOf = (element: Element, content: string, owner: Owner | null) => {
    const text = [...content.matchAll(STRING)]
      .map(([, quoted, name]) => (name ? (element.getAttribute(name) ?? '') : plainOf(quoted ?? '')))
      .join('');
    const rest = content
      .replace(STRING, '')
      .replace(getComputedStyle(element).quotes === 'auto' ? /\b(no-)?(open|close)-quote\b/g : /^$/, '');
    return owner && /\w/.test(rest) ? text + OBJECT : text;
  };
  const read: PseudoReader['read'] = (element, which, owner) => {
    const style = getComputedStyle(element, `::${which}`);
    const isListed = which === 'marker' && style.content === 'normal' && !owner;
    const content = isListed ? getComputedStyle(element).listStyleType : style.content;
    if (!content || content === 'none' || content === 'normal' || (isListed && !content.startsWith('"'))) return null;
    const value = textOf(element, content, owner);
    return value === ''
      ? null
      : { value, owner, place: element, key: which, write: (clean) => later(() => writePseudo(element, which, clean)) };
  };
  return { read, adoptSheet: (element) => void sheetOf(element) };
}
