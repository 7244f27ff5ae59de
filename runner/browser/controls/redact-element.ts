/// <reference lib="dom" />
import type { Blanker } from './redact-blank.ts';
import type { Owner } from './redact-runs.ts';
import type { PageRule, TextRedactor } from './redact-text.ts';

export type ElementTools = {
  rules: readonly PageRule[];
  text: TextRedactor;
  blanker: Blanker;
  hit(rule: number, place: Node, key: string, count: number, owner?: Element): void;
  /** Whether anything may still be written: a page that writes back without end must not hang. */
  mayWrite(): boolean;
};
export type ElementRedactor = {
  element(element: Element, owner: Owner | null): void;
  field(element: Element, owner: Owner | null): void;
};

/**
 * Makes what redacts everything of an element that is not a text node: attributes and values of fields, and by
 * `blanker` pictures and drawings. Runs in the page: uses nothing from outside itself.
 */
export function makeElementRedactor(tools: ElementTools): ElementRedactor {
  const { rules, text, hit, mayWrite, blanker } = tools;
  const MARK = 'data-sessionshot-';
  /** Attributes that load something or that styles and scripts hang on; none of them reaches a picture or a PDF as text. */
  const KEPT =
    /^(src|srcset|class|id|style|d|points|transform|integrity|nonce|srcdoc|poster|background|action|formaction|for|name|type|on.*)$/;
  const OWNED =
    /^(title|alt|placeholder|label|content|download|summary|xlink:title|aria-(label|description|valuetext|roledescription|placeholder))$/;
  const written = new WeakMap<Element, string>();

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
    if (!URL.canParse(value, element.baseURI)) return value;
    const resolved = new URL(value, element.baseURI).href;
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
      if (KEPT.test(name) || name.startsWith(MARK) || (value === '' && !isLink(element, name))) continue;
      if (/^(xlink:)?href$/.test(name) && !isLink(element, name)) continue;
      let clean = value;
      if (owner && rule) {
        clean = ownedValue(element, name, value, rule);
        if (clean !== value) hit(owner.rule, element, name, 1, owner.element);
      }
      clean = redactValue(element, name, clean);
      if (isLink(element, name) && clean === value) clean = redactLink(element, name, clean);
      if (clean !== value && mayWrite()) element.setAttribute(name, clean);
    }
  };

  /** A field for a date holds it in another form than the one that it shows, which depends on the language. */
  const redactShown = (element: HTMLInputElement | HTMLTextAreaElement, value: string) => {
    const clean = text.string(value, element, 'value');
    const [, year = '', month = '', day = '01', hour, minute = ''] =
      /^(\d{4,})-(\d\d)(?:-(\d\d))?(?:T(\d\d):(\d\d))?/.exec(value) ?? /^()()()(\d\d):(\d\d)/.exec(value) ?? [];
    if (clean !== value || !/^(date|datetime-local|month|time)$/.test(element.type)) return clean;
    const half =
      hour === undefined ? '' : `${String(Number(hour) % 12 || 12).padStart(2, '0')}:${minute} ${Number(hour) < 12 ? 'AM' : 'PM'}`;
    const dates = ['/', '.', '-', '. '].flatMap((by) =>
      [
        [month, day, year],
        [day, month, year],
        [year, month, day],
      ].map((parts) => parts.join(by)),
    );
    const locale = (style: 'numeric' | 'long') => {
      const date = new Date(0);
      date.setFullYear(Number(year), Number(month) - 1, Number(day));
      const parts = style === 'long' ? ({ year: 'numeric', month: 'long' } as const) : {};
      return date.toLocaleDateString([], parts);
    };
    const shown =
      year === ''
        ? [half]
        : [...dates.flatMap((date) => [date, `${date}, ${half}`, `${date}, ${hour}:${minute}`]), locale('numeric'), locale('long')];
    return shown.some((form) => text.string(form, element, 'value') !== form) ? '' : value;
  };
  const field = (element: Element, owner: Owner | null) => {
    if (!(element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement)) return;
    const rule = owner && rules[owner.rule];
    if (/^(checkbox|radio)$/.test(element.type)) {
      if (owner && element instanceof HTMLInputElement && element.checked) {
        element.checked = false;
        hit(owner.rule, element, 'checked', 1, owner.element);
      }
      return;
    }
    if (/^(submit|button|reset|image|hidden)$/.test(element.type)) return; // Their value is their attribute.
    if (owner && /^(range|color)$/.test(element.type)) return; // They show any value that they are given: they are blanked.
    const { value } = element;
    if (value === '' || written.get(element) === value) return;
    const clean = rule ? rule.replacement : redactShown(element, value);
    if (clean === value || !mayWrite()) return;
    if (owner) hit(owner.rule, element, 'value', 1, owner.element);
    element.value = element.type === 'file' ? '' : clean;
    written.set(element, element.value);
  };

  return {
    element: (element, owner) => {
      if (/^(script|style|template)$/.test(element.localName)) return blanker.blank(element, owner);
      attributes(element, owner);
      field(element, owner);
      blanker.blank(element, owner);
    },
    field,
  };
}
