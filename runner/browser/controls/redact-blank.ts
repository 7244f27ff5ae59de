/// <reference lib="dom" />
import type { Owner } from './redact-runs.ts';
import type { PageRule } from './redact-text.ts';

export type BlankTools = {
  rules: readonly PageRule[];
  hit(rule: number, place: Node, key: string, count: number, owner?: Element): void;
  mayWrite(): boolean;
  /** Notes that the page's own styles won: what this rule names is still drawn. */
  fail(rule: number): void;
  /** Whether anything in this element was replaced or blanked. */
  isTreated(owner: Element): boolean;
  shadowOf(element: Element): ShadowRoot | null;
  /** Writes come after the walk and looks at what they did after them: each look behind a write would lay the page out anew. */
  later(write: () => void): void;
  afterwards(look: () => void): void;
  /** Makes the sheet that takes pictures off the pseudo-elements of owned elements count where this element is. */
  adoptSheet(element: Element): void;
};
export type Blanker = {
  blank(element: Element, owner: Owner | null): void;
  /** Comes after everything in an owner was looked at. */
  leave(owner: Owner): void;
};

/**
 * Makes what takes away all that an element named by a selector draws beside text. Every style that is set is looked up
 * afterwards: where another style of the page wins, the element is taken out of sight, and where that loses too, the rule
 * has failed. Runs in the page: uses nothing from outside itself.
 */
export function makeBlanker(tools: BlankTools): Blanker {
  const { rules, hit, mayWrite, fail, later, afterwards } = tools;
  const MARK = 'data-sessionshot-owned';
  const GRAY = 'rgb(128, 128, 128)';
  const IMAGES = ['background-image', 'border-image-source', 'mask-image', '-webkit-mask-box-image-source', 'list-style-image'];
  /** Names of lists that say nothing but that there is a list. */
  const BULLETS = /^(none|disc|circle|square|disclosure-open|disclosure-closed)$/;
  const GONE = { visibility: 'hidden', display: 'none' };
  /** Taken out of sight by us, so that what their own styles draw does not count. */
  const vanished = new WeakSet<Element>();
  const emptied = new WeakMap<Element, (HTMLElement | SVGElement)[]>();

  const set = (element: HTMLElement | SVGElement, name: string, value: string) => {
    // A transition would show the old value for as long as the page likes.
    element.style.setProperty('transition', 'none', 'important');
    element.style.setProperty(name, value, 'important');
  };
  const styleOf = (element: Element, name: string) => getComputedStyle(element).getPropertyValue(name);
  /** Takes an element out of sight in the first of these ways that holds. */
  const vanish = (element: Element, owner: Owner, ways: readonly ('visibility' | 'display')[], place = element) => {
    if (!(element instanceof HTMLElement || element instanceof SVGElement)) return fail(owner.rule);
    const isGone = () => ways.some((name) => styleOf(element, name) === GONE[name]);
    if (isGone() || !mayWrite()) return;
    const [first = 'display', ...others] = ways;
    later(() => set(element, first, GONE[first]));
    afterwards(() => {
      for (const name of others) if (!isGone()) set(element, name, GONE[name]);
      if (isGone()) vanished.add(element);
      else fail(owner.rule);
    });
    hit(owner.rule, place, 'picture', 1, owner.element);
  };
  const unseen = (element: Element, owner: Owner) => vanish(element, owner, ['visibility', 'display']);
  const out = (element: Element, owner: Owner, place?: Element) => vanish(element, owner, ['display'], place);

  /** What has to be set, by what is drawn now: name, and the value that it must have then. */
  const wantedOf = (element: HTMLElement | SVGElement, owner: Owner, isDrawing: boolean) => {
    const style = getComputedStyle(element);
    const isPicture = /^(img|canvas|video)$/.test(element.localName);
    const wanted: [string, string][] = [];
    for (const name of IMAGES) wanted.push([name, 'none']);
    if (!/^(normal|none)$/.test(style.content)) wanted.push(['content', 'normal']);
    if (style.filter.includes('url(')) wanted.push(['filter', 'none']);
    for (const name of ['fill', 'stroke']) if (style.getPropertyValue(name).includes('url(')) wanted.push([name, GRAY]);
    if (style.display.includes('list-item') && !BULLETS.test(style.listStyleType)) wanted.push(['list-style-type', 'none']);
    wanted.push(['hyphenate-character', 'auto']);
    if (isPicture) wanted.push(['object-fit', 'none'], ['object-position', '-99999px -99999px']);
    if ((isPicture || isDrawing) && rules[owner.rule]?.replacement !== '') wanted.push(['background-color', GRAY]);
    return wanted.filter(([name, value]) => style.getPropertyValue(name) !== value && style.getPropertyValue(name) !== '');
  };
  const paint = (element: HTMLElement | SVGElement, owner: Owner, isDrawing: boolean) => {
    if (vanished.has(element) && (styleOf(element, 'visibility') === 'hidden' || styleOf(element, 'display') === 'none')) return;
    const wanted = wantedOf(element, owner, isDrawing);
    if (wanted.length === 0 || !mayWrite()) return;
    later(() => {
      for (const [name, value] of wanted) set(element, name === 'background-color' ? 'background' : name, value);
    });
    afterwards(() => {
      if (wanted.some(([name, value]) => styleOf(element, name) !== value)) unseen(element, owner);
    });
    hit(owner.rule, element, 'picture', 1, owner.element);
  };
  /** Pictures of pseudo-elements, which the sheet has taken away unless the page's styles win. */
  const pseudos = (element: Element, owner: Owner) => {
    const draws = (which: string) => {
      const style = getComputedStyle(element, which);
      return IMAGES.some((name) => !/^(none|)$/.test(style.getPropertyValue(name)));
    };
    const had = element.hasAttribute(MARK);
    const looked = ['::before', '::after'];
    // Looked at once: it takes long, and the sheet holds from then on.
    if (!had && /^(block|inline-block|list-item|table-cell|flow-root)$/.test(styleOf(element, 'display')))
      looked.push('::first-letter', '::first-line');
    if (element.localName === 'dialog' || element.hasAttribute('popover')) looked.push('::backdrop');
    const drew = !had && looked.some(draws);
    later(() => {
      if (element.getAttribute(MARK) !== String(owner.rule)) element.setAttribute(MARK, String(owner.rule));
      tools.adoptSheet(element);
    });
    if (drew) hit(owner.rule, element, 'pseudo', 1, owner.element);
    afterwards(() => {
      if (looked.some(draws)) out(element, owner);
    });
  };

  /** An element and all that is drawn in it, but for the frames of cells and buttons. */
  const partsOf = (element: Element): (HTMLElement | SVGElement)[] => {
    const shadow = tools.shadowOf(element);
    const slotted = element instanceof HTMLSlotElement ? element.assignedElements() : [];
    const inner = [...(shadow?.children ?? []), ...slotted, ...element.children].flatMap(partsOf);
    const isPart = element instanceof HTMLElement || element instanceof SVGElement;
    return isPart && !/^(button|td|th|tr)$/.test(element.localName) ? [element, ...inner] : inner;
  };
  const isUnseen = (element: Element) =>
    styleOf(element, 'display') === 'none' ||
    [null, '::before', '::after'].every((which) => getComputedStyle(element, which).visibility !== 'visible');
  /** Hides each part that its own style would show in an element out of sight, also where the element itself has no size. */
  const hideAll = (owner: Owner) => {
    const parts = partsOf(owner.element);
    const open = parts.filter((part) => !isUnseen(part));
    if (open.length === 0 || !mayWrite()) return;
    const isDrawn = open.some((part) => part.getBoundingClientRect().width * part.getBoundingClientRect().height > 0);
    afterwards(() => {
      for (const part of parts) {
        if (isUnseen(part)) continue;
        set(part, 'visibility', GONE.visibility);
        if (!isUnseen(part)) set(part, 'display', GONE.display);
        if (isUnseen(part)) emptied.set(owner.element, [...(emptied.get(owner.element) ?? []), part]);
        else fail(owner.rule);
      }
    });
    if (isDrawn) hit(owner.rule, owner.element, 'hidden', 1);
  };

  return {
    blank: (element, owner) => {
      if (!owner) {
        if (element.hasAttribute(MARK)) element.removeAttribute(MARK);
        return;
      }
      if (!(element instanceof HTMLElement || element instanceof SVGElement)) return;
      if (/^(script|style|template)$/.test(element.localName))
        return styleOf(element, 'display') === 'none' ? undefined : out(element, owner);
      const isDrawing = element.localName === 'svg' && !element.parentElement?.closest('svg');
      pseudos(element, owner);
      if (isDrawing) for (const part of element.children) if (part instanceof SVGElement) out(part, owner, element);
      const isPart = /^(path|rect|circle|ellipse|line|polyline|polygon|image|use)$/.test(element.localName);
      // Where the whole drawing is owned, its parts are gone already.
      if (isPart && element instanceof SVGElement && owner.element instanceof SVGElement) out(element, owner);
      paint(element, owner, isDrawing);
      const isWidget = /^(iframe|object|embed|meter|progress)$/.test(element.localName);
      if (isWidget || (element instanceof HTMLInputElement && /^(image|range|color)$/.test(element.type))) unseen(element, owner);
    },
    leave: (owner) => {
      const { element } = owner;
      if (!(element instanceof HTMLElement)) return;
      if (tools.isTreated(element)) {
        for (const part of emptied.get(element) ?? []) part.style.removeProperty('visibility');
        emptied.delete(element);
        return;
      }
      // Nothing was found in it that could be replaced, yet it may say something: a bar, a color, what nobody thought of.
      // An empty field or cell says that it is empty, and its frame belongs to what is around it.
      if (!/^(input|textarea|select|option)$/.test(element.localName)) hideAll(owner);
    },
  };
}
