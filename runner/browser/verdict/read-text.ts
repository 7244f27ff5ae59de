/// <reference lib="dom" />
import type { Look } from './look-around.ts';

/** Reads what a document says. Runs in the page: uses nothing from outside itself and `look`. */
export function readText({ bare, roots, textOf, squash }: Look) {
  const LINES_MAX = 60;
  /** More than the longest page that is taken for a wall. */
  const LONG_CHARS = 2000;
  const LEAVES_MAX = 5000;
  const TEXT_TAGS = /^(?:td|th|p|li|a|span|div|h[1-6]|b|strong|em|i|label|dt|dd)$/;
  const linesOf = (text: string) => {
    const lines: string[] = [];
    for (let from = 0; from <= text.length && lines.length < LINES_MAX; ) {
      const end = text.indexOf('\n', from);
      const line = squash(text.slice(from, end < 0 ? text.length : end));
      if (line.length > 1 && line.length <= 160) lines.push(line);
      from = end < 0 ? text.length + 1 : end + 1;
    }
    return lines;
  };
  /**
   * Whether more text is shown than any wall has. Elements without elements in them, one by one, add up to no more than the
   * whole, and a page of thousands is long after a few: asking for all of its text lays out each of them once more.
   */
  const isLong = () => {
    let length = 0;
    for (const root of roots) {
      const within = root instanceof ShadowRoot ? root : bare(document).body;
      const elements = within?.querySelectorAll('*') ?? [];
      for (let i = 0; i < elements.length && i < LEAVES_MAX; i++) {
        const leaf = elements[i];
        if (
          !(leaf instanceof HTMLElement) ||
          leaf instanceof HTMLFormElement ||
          leaf.firstElementChild ||
          !TEXT_TAGS.test(leaf.localName) ||
          !leaf.checkVisibility()
        )
          continue;
        length += squash(leaf.innerText).length;
        if (length > LONG_CHARS) return true;
      }
    }
    return false;
  };
  /** Length and first lines of the document, white space drawn together; of one that is long only that it is. */
  const readAll = () => {
    if (isLong()) return { length: Number.MAX_SAFE_INTEGER, lines: [] };
    const text = roots
      .map((root) => (root instanceof ShadowRoot ? [...root.children].map(textOf).join('\n') : (bare(document).body?.innerText ?? '')))
      .join('\n');
    return { length: squash(text).length, lines: linesOf(text) };
  };
  return { linesOf, read: readAll() };
}
export type Said = ReturnType<typeof readText>;
