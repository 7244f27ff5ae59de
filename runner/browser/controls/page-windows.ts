/// <reference lib="dom" />
/**
 * Keeps a page from opening windows and tells of each attempt: `window.open`, and links and forms with a target that does
 * not exist yet, or that are clicked with a modifier or the middle button. The headless shell opens none anyway; this is
 * the wall of a full Chromium, where nothing of ours is in a window before it has sent its first request. To be installed
 * before `installReadOnly`, which takes `tell` out of sight. Runs in the page: uses nothing from outside itself.
 */
export function installNoWindows(options: { tell: string }): void {
  const tell: unknown = Reflect.get(window, options.tell);
  const { apply } = Reflect;
  const { stringify } = JSON;
  const refuse = (method: string, address: string): void => {
    const url = URL.canParse(address, document.baseURI) ? new URL(address, document.baseURI).href : 'about:blank';
    if (typeof tell === 'function') tell(stringify({ url: url.slice(0, 4096), method }));
  };
  const holdsName = (outer: Window, name: string, depth: number): boolean => {
    for (let index = 0; index < Math.min(outer.length, 50); index++) {
      const inner = outer[index];
      if (!inner) continue;
      try {
        if (inner.name === name || (depth < 5 && holdsName(inner, name, depth + 1))) return true;
      } catch {
        // Of another origin: its name is not told. The element that holds it may carry one.
      }
    }
    return false;
  };
  /** Whether this target leads to a window that is not there yet. */
  const isNew = (target: string): boolean => {
    if (target === '' || /^_(self|parent|top)$/i.test(target)) return false;
    if (/^_/.test(target)) return true;
    const carries = [...document.querySelectorAll('iframe[name], frame[name], object[name]')].some(
      (each) => each.getAttribute('name') === target,
    );
    if (carries || window.name === target) return false;
    try {
      return !(window.top !== null && (window.top.name === target || holdsName(window.top, target, 0)));
    } catch {
      return !holdsName(window, target, 0); // The top is of another origin.
    }
  };
  const baseTarget = () => document.querySelector('base[target]')?.getAttribute('target') ?? '';
  const open = window.open;
  window.open = (url?: string | URL, target?: string, features?: string) => {
    const [address, name] = [String(url ?? ''), String(target ?? '_blank') || '_blank'];
    if (!isNew(name)) return apply(open, window, features === undefined ? [address, name] : [address, name, String(features)]);
    refuse('OPEN', address);
    return null;
  };

  const linkOf = (event: Event): Element | null => {
    const found = event.composedPath().find((each) => each instanceof Element && /^(a|area)$/i.test(each.localName));
    return found instanceof Element ? found : null;
  };
  /** For an event that a script has made and that cannot be prevented: the link leads nowhere until it is over. */
  const dropAddress = (link: Element): void => {
    const kept = [...link.attributes].filter(({ localName }) => localName === 'href');
    for (const each of kept) link.removeAttributeNode(each);
    queueMicrotask(() => {
      for (const each of kept) link.setAttributeNodeNS(each);
    });
  };
  const onClick = (event: Event): void => {
    const link = event instanceof MouseEvent ? linkOf(event) : null;
    if (!link || !(event instanceof MouseEvent)) return;
    const address = link.getAttribute('href') ?? link.getAttributeNS('http://www.w3.org/1999/xlink', 'href');
    // The right button opens a menu.
    if (address === null || event.button === 2) return;
    const isAside = event.button === 1 || event.ctrlKey || event.metaKey || event.shiftKey;
    if (!isAside && !isNew(link.getAttribute('target') ?? baseTarget())) return;
    event.preventDefault();
    if (!event.cancelable) dropAddress(link);
    refuse('OPEN', address);
  };
  const writesTo = (form: HTMLFormElement, by: Element | null): boolean => {
    const read = (name: string) => by?.getAttribute(`form${name}`) ?? Element.prototype.getAttribute.call(form, name);
    if (!isNew(read('target') ?? baseTarget())) return false;
    refuse((read('method') ?? 'get').toUpperCase(), read('action') ?? '');
    return true;
  };
  window.addEventListener('click', onClick, true);
  window.addEventListener('auxclick', onClick, true);
  window.addEventListener(
    'submit',
    (event) => {
      const form = event.composedPath()[0];
      if (form instanceof HTMLFormElement && writesTo(form, event.submitter)) event.preventDefault();
    },
    true,
  );
  const submit = HTMLFormElement.prototype.submit;
  HTMLFormElement.prototype.submit = function (this: HTMLFormElement) {
    if (!writesTo(this, null)) apply(submit, this, []);
  };
  // Events of a link that is not in the document never come past the window.
  const click = HTMLElement.prototype.click;
  HTMLElement.prototype.click = function (this: HTMLElement) {
    if (!this.isConnected) this.addEventListener('click', onClick, { capture: true, once: true });
    apply(click, this, []);
  };
  const dispatch = EventTarget.prototype.dispatchEvent;
  EventTarget.prototype.dispatchEvent = function (this: EventTarget, event: Event) {
    if (this instanceof HTMLElement && !this.isConnected) this.addEventListener('click', onClick, { capture: true, once: true });
    return apply(dispatch, this, [event]);
  };
}
