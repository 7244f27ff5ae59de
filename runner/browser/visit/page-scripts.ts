/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';

/**
 * Small functions that run inside the page. Each is sent as text, so none may use anything from outside itself.
 */

/** Adds style sheets. Constructed sheets obey no `style-src`, which a strict page would hold against a style element. */
export function addStyles(texts: string[], bare: Bare): void {
  for (const text of texts) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    bare(document).adoptedStyleSheets = [...bare(document).adoptedStyleSheets, sheet];
  }
}

/**
 * Makes elements invisible and keeps their place. Where a style of the page wins, as one that an element's own tree marks
 * `!important` does, and where that tree may hold something that makes itself visible, the next way follows.
 */
export function hideElements(elements: Element[]): void {
  for (const element of elements) {
    if (!(element instanceof HTMLElement || element instanceof SVGElement)) continue;
    // A form has a property for each field before its own.
    const own = <T>(name: string, otherwise: T): T => Reflect.get(Object.getPrototypeOf(element), name, element) ?? otherwise;
    const style = own('style', element.style);
    const set = (name: string, value: string) => style.setProperty(name, value, 'important');
    const isHidden = () => getComputedStyle(element).visibility === 'hidden' && own('shadowRoot', null) === null;
    // A transition would show the element for as long as the page likes.
    set('transition', 'none');
    set('visibility', 'hidden');
    if (!isHidden()) set('opacity', '0');
    if (!isHidden() && getComputedStyle(element).opacity !== '0') set('clip-path', 'inset(100%)');
  }
}

/** Takes elements out of the page. */
export function removeElements(elements: Element[]): void {
  for (const element of elements) Reflect.apply(Element.prototype.remove, element, []);
}

/** Scrolls an element, or the page where none is given, without the smoothness that a style may ask for. */
export function scrollElement(element: Element, to: { x?: number | undefined; y?: number | undefined }): void {
  const page = element === document.documentElement || element === document.body;
  const place = {
    behavior: 'instant' as const,
    ...(to.x === undefined ? {} : { left: to.x }),
    ...(to.y === undefined ? {} : { top: to.y }),
  };
  if (page) window.scrollTo(place);
  else element.scrollTo(place);
}
