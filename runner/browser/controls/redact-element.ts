/// <reference lib="dom" />
import type { Owner } from './redact-runs.ts';
import type { PageRule, TextRedactor } from './redact-text.ts';

export type ElementTools = {
  rules: readonly PageRule[];
  text: TextRedactor;
  hit(rule: number, place: Node, key: string, count: number): void;
  /** Whether anything may still be written: a page that writes back without end must not hang. */
  mayWrite(): boolean;
};
export type ElementRedactor = {
  element(element: Element, owner: Owner | null): void;
  field(element: Element, owner: Owner | null): void;
};

/**
 * Makes what redacts everything of an element that is not a text node: attributes, values of fields, pictures
 * and drawings. Runs in the page: uses nothing from outside itself.
 */
export function makeElementRedactor(tools: ElementTools): ElementRedactor {
  const { rules, text, hit, mayWrite } = tools;
  const MARK = 'data-sessionshot-';
  /** Attributes that load something or that styles and scripts hang on; none of them reaches a picture or a PDF as text. */
  const KEPT =
    /^(src|srcset|class|id|style|d|points|transform|integrity|nonce|srcdoc|poster|background|action|formaction|for|name|type|on.*)$/;
  const OWNED =
    /^(title|alt|placeholder|label|content|download|summary|xlink:title|aria-(label|description|valuetext|roledescription|placeholder))$/;
  const written = new WeakMap<Element, string>();
  const styled = new WeakMap<Element, string>();

  const isLink = (element: Element, name: string) => /^(xlink:)?href$/.test(name) && /^(a|area)$/i.test(element.localName);
  const decode = (value: string) => {
    try {
      return decodeURIComponent(value);
    } catch {
      return value; // Not percent-encoded text, so there is nothing to decode.
    }
  };
  const redactValue = (element: Element, name: string, value: string) => {
    const plain = text.string(value, element, name);
    if (plain !== value || !value.includes('%')) return plain;
    const decoded = decode(value);
    const clean = text.string(decoded, element, name);
    return clean === decoded ? value : encodeURI(clean);
  };
  /** A relative address that the base of the page completes with what must not be seen. */
  const redactLink = (element: Element, name: string, value: string) => {
    if (!(element instanceof HTMLAnchorElement || element instanceof HTMLAreaElement)) return value;
    const resolved = element.href;
    const clean = redactValue(element, name, resolved);
    return clean === resolved ? value : clean;
  };
  const ownedValue = (element: Element, name: string, value: string, rule: PageRule) => {
    if (isLink(element, name)) return '#';
    const isShown = OWNED.test(name) || (name === 'value' && /^(input|button|option|data)$/.test(element.localName));
    return isShown && value.trim() !== '' ? rule.replacement : value;
  };
  const attributes = (element: Element, owner: Owner | null) => {
    const rule = owner && rules[owner.rule];
    for (const name of element.getAttributeNames()) {
      const value = element.getAttribute(name) ?? '';
      if (KEPT.test(name) || name.startsWith(MARK) || value === '') continue;
      if (/^(xlink:)?href$/.test(name) && !isLink(element, name)) continue;
      let clean = value;
      if (owner && rule) {
        clean = ownedValue(element, name, value, rule);
        if (clean !== value) hit(owner.rule, element, name, 1);
      }
      clean = redactValue(element, name, clean);
      if (isLink(element, name) && clean === value) clean = redactLink(element, name, clean);
      if (clean !== value && mayWrite()) element.setAttribute(name, clean);
    }
  };

  const field = (element: Element, owner: Owner | null) => {
    if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return;
    const rule = owner && rules[owner.rule];
    if (/^(checkbox|radio)$/.test(element.type)) {
      if (owner && element instanceof HTMLInputElement && element.checked) {
        element.checked = false;
        hit(owner.rule, element, 'checked', 1);
      }
      return;
    }
    if (/^(submit|button|reset|image|hidden)$/.test(element.type)) return; // Their value is their attribute.
    const { value } = element;
    if (value === '' || written.get(element) === value) return;
    const clean = rule ? rule.replacement : text.string(value, element, 'value');
    if (clean === value || !mayWrite()) return;
    if (owner) hit(owner.rule, element, 'value', 1);
    element.value = element.type === 'file' ? '' : clean;
    written.set(element, element.value);
  };

  const set = (element: HTMLElement | SVGElement, name: string, value: string) => element.style.setProperty(name, value, 'important');
  /** Hides what a drawing is made of; also what a script adds to it later. */
  const hideParts = (drawing: Element, owner: Owner) => {
    for (const part of drawing.children) {
      if (!(part instanceof SVGElement) || part.style.getPropertyPriority('display') === 'important' || !mayWrite()) continue;
      set(part, 'display', 'none');
      hit(owner.rule, drawing, 'picture', 1);
    }
  };
  /** A plain box in place of a picture: what was drawn lies outside of it, and its size is kept. */
  const blank = (element: Element, owner: Owner) => {
    if (!(element instanceof HTMLElement || element instanceof SVGElement)) return;
    const isDrawing = element.localName === 'svg' && !element.parentElement?.closest('svg');
    if (isDrawing) hideParts(element, owner);
    if (styled.get(element) === element.getAttribute('style')) return;
    const isPicture = /^(img|canvas|video)$/.test(element.localName);
    const isEmbedded =
      /^(iframe|object|embed)$/.test(element.localName) || (element instanceof HTMLInputElement && element.type === 'image');
    const { backgroundImage, borderImageSource, maskImage, listStyleImage } = getComputedStyle(element);
    const loads = [backgroundImage, borderImageSource, maskImage, listStyleImage].some((image) => image?.includes('url('));
    const isBoxed = (isPicture || isDrawing) && rules[owner.rule]?.replacement !== '';
    if ((!isPicture && !isEmbedded && !loads && !isBoxed) || !mayWrite()) return;
    if (loads) for (const name of ['background-image', 'border-image-source', 'mask-image', 'list-style-image']) set(element, name, 'none');
    if (isPicture) {
      set(element, 'object-fit', 'none');
      set(element, 'object-position', '-99999px -99999px');
    }
    if (isEmbedded) set(element, 'visibility', 'hidden');
    if (isBoxed) set(element, 'background', 'rgb(128, 128, 128)');
    styled.set(element, element.getAttribute('style') ?? '');
    hit(owner.rule, element, 'picture', 1);
  };

  return {
    element: (element, owner) => {
      attributes(element, owner);
      field(element, owner);
      if (owner) blank(element, owner);
    },
    field,
  };
}
