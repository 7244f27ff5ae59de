/// <reference lib="dom" />
/** The element that a selector rule hides, with the number of that rule. */
export type Owner = { rule: number; element: Element };
/** A piece of text that can be written: a text node, or what a style puts before or after an element. */
export type Segment = {
  value: string;
  owner: Owner | null;
  place: Node;
  key: string;
  write(value: string): void;
  /** It is no text: here a line ends within one block (`<br>`). */
  isBreak?: true;
};
export type WalkTools = {
  /** The rule whose selector names this element, or null. */
  ruleOf(element: Element): number | null;
  shadowOf(element: Element): ShadowRoot | null;
  onElement(element: Element, owner: Owner | null): void;
  /** Comes after all that an element named by a selector holds. */
  onLeave(owner: Owner): void;
  onRun(run: Segment[]): void;
  pseudo(element: Element, which: 'before' | 'after' | 'marker', owner: Owner | null): Segment | null;
  text(node: Text, owner: Owner | null): Segment;
};

/**
 * Walks the page as it is drawn, shadow trees and slots included, hands over each element, and the text in runs: what a
 * reader sees as one piece, however many elements it is spread over. Boxes that stand beside each other without a gap are
 * one piece too, and the lines of one block, between which a segment stands that `isBreak`; an empty line parts them. Runs in
 * the page: uses nothing from outside itself.
 */
export function walkPage(start: Element, owned: Owner | null, tools: WalkTools): void {
  const UNDRAWN = new Set(['script', 'style', 'template']);
  const isText = (node: Node) => node.nodeType === Node.TEXT_NODE || node.nodeType === Node.CDATA_SECTION_NODE;
  const left: Owner[] = [];
  let run: Segment[] = [];
  let atBoundary = false;
  let hasSpace = false;
  /** Of two texts: whether a block begins or ends between them, and how many lines end there. */
  let isParted = false;
  let breaks = 0;
  const flush = () => {
    if (run.length > 0) tools.onRun(run);
    run = [];
  };

  const rectOf = (segment: Segment, which: 'first' | 'last') => {
    if (!isText(segment.place)) return null;
    const range = document.createRange();
    range.selectNodeContents(segment.place);
    const rects = [...range.getClientRects()].filter((rect) => rect.width > 0);
    return (which === 'first' ? rects[0] : rects.at(-1)) ?? null;
  };
  /** How two texts in different boxes meet: as one word, with a space, or not at all. */
  const joint = (before: Segment | undefined, after: Segment): 'word' | 'space' | 'none' => {
    const [left, right] = [before && rectOf(before, 'last'), rectOf(after, 'first')];
    if (!left || !right) return 'none';
    const height = Math.max(left.height, right.height);
    if (Math.abs(left.top + left.height / 2 - right.top - right.height / 2) > height / 2) return 'none';
    const gap = Math.max(right.left - left.right, left.left - right.right);
    if (gap < -height / 4 || gap > height) return 'none';
    return gap < height / 8 && !hasSpace ? 'word' : 'space';
  };

  const between = (value: string) => ({ value, owner: null, place: document, key: 'gap', write: () => undefined });
  /** Ends the run before this text or goes on with it, after what stands between the two. */
  const join = (segment: Segment) => {
    if (breaks === 1 && !isParted) return run.push({ ...between('\n'), isBreak: true });
    if (breaks > 0) return flush();
    const how = joint(
      run.findLast((entry) => entry.value.trim() !== ''),
      segment,
    );
    if (how === 'none') flush();
    if (how === 'space') run.push(between(' '));
  };
  const add = (segment: Segment, inFlex: boolean) => {
    if (atBoundary || breaks > 0) {
      if (segment.value.trim() === '') {
        hasSpace ||= !inFlex;
        return;
      }
      join(segment);
      atBoundary = false;
      hasSpace = false;
      isParted = false;
      breaks = 0;
    }
    run.push(segment);
  };

  const visit = (node: Node, owner: Owner | null, inFlex: boolean): void => {
    if (isText(node)) {
      if (node instanceof Text && node.data !== '') add(tools.text(node, owner), inFlex);
      return;
    }
    if (!(node instanceof Element)) return;
    if (UNDRAWN.has(node.localName)) {
      // A style can show even these.
      if (owner || tools.ruleOf(node) !== null) tools.onElement(node, owner ?? { rule: tools.ruleOf(node) ?? 0, element: node });
      return;
    }
    const rule = owner ? null : tools.ruleOf(node);
    const own = rule === null ? owner : { rule, element: node };
    tools.onElement(node, own);
    const { display } = getComputedStyle(node);
    const isBreak = node.localName === 'br' && display !== 'none';
    if (isBreak) breaks++;
    const isInline = isBreak || /^(inline|contents|ruby|ruby-text)$/.test(display);
    const isBlock = !isInline && !/^(none|inline-.*)$/.test(display);
    const edge = () => {
      atBoundary ||= !isInline;
      isParted ||= isBlock;
    };
    edge();
    const isFlex = /flex|grid/.test(display);
    const marker = display.includes('list-item') ? tools.pseudo(node, 'marker', own) : null;
    if (marker) tools.onRun([marker]);
    const before = tools.pseudo(node, 'before', own);
    if (before) add(before, false);
    const shadow = tools.shadowOf(node);
    const assigned = node instanceof HTMLSlotElement ? node.assignedNodes() : [];
    const children = shadow ? shadow.childNodes : assigned.length > 0 ? assigned : node.childNodes;
    for (const child of [...children]) visit(child, own, isFlex);
    const after = tools.pseudo(node, 'after', own);
    if (after) add(after, false);
    edge();
    if (own && rule !== null) left.push(own);
  };
  visit(start, owned, false);
  flush();
  // Only now: the last run of text is written when the walk is over.
  for (const owner of left) tools.onLeave(owner);
}
