/// <reference lib="dom" />
/**
 * Small functions that run inside the page. Each is sent as text, so none may use anything from outside itself.
 */

type StorageItems = { local: [string, string][]; session: [string, string][] };
type StorageFault = { area: 'localStorage' | 'sessionStorage'; name: string; full: boolean };

/** Writes items into the storage areas of the document's origin and returns those that could not be written. */
export function writeStorage(items: StorageItems): StorageFault[] {
  const faults: StorageFault[] = [];
  const areas = [
    ['localStorage', items.local],
    ['sessionStorage', items.session],
  ] as const;
  for (const [area, entries] of areas) {
    for (const [name, value] of entries) {
      try {
        window[area].setItem(name, value);
      } catch (error) {
        faults.push({ area, name, full: error instanceof DOMException && error.name === 'QuotaExceededError' });
      }
    }
  }
  return faults;
}

/** Adds style sheets. Constructed sheets obey no `style-src`, which a strict page would hold against a style element. */
export function addStyles(texts: string[]): void {
  for (const text of texts) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
}

/** Makes elements invisible and keeps their place. */
export function hideElements(elements: Element[]): void {
  for (const element of elements)
    if (element instanceof HTMLElement || element instanceof SVGElement) element.style.setProperty('visibility', 'hidden', 'important');
}

/** Takes elements out of the page. */
export function removeElements(elements: Element[]): void {
  for (const element of elements) element.remove();
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

/** Measures the whole page in CSS pixels. */
export function measurePage(): { width: number; height: number; viewportHeight: number } {
  const parts = [document.documentElement, document.body].filter((part) => part !== null);
  return {
    width: Math.max(...parts.map((part) => Math.max(part.scrollWidth, part.offsetWidth, part.clientWidth))),
    height: Math.max(...parts.map((part) => Math.max(part.scrollHeight, part.offsetHeight, part.clientHeight))),
    viewportHeight: window.innerHeight,
  };
}

/**
 * Scrolls through the page a screen at a time, two frames each, so that lazy parts begin to load, and back to the top.
 * Ends at the bottom, at `bottomMax` pixels, or after `msMax`: a feed that grows for ever is not followed for ever.
 */
export async function scrollThrough(limits: { bottomMax: number; msMax: number }): Promise<void> {
  const until = performance.now() + limits.msMax;
  const start = { x: window.scrollX, y: window.scrollY };
  const frames = () =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, 100); // A frame may never come in a page that is not drawn.
      requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
    });
  const root = document.documentElement;
  const growthMax = Math.min(limits.bottomMax, Math.max(root.scrollHeight * 3, window.innerHeight * 10));
  let y = 0;
  while (y + window.innerHeight < Math.min(root.scrollHeight, growthMax) && performance.now() < until) {
    y += window.innerHeight;
    window.scrollTo({ left: 0, top: y, behavior: 'instant' });
    await frames();
  }
  window.scrollTo({ left: start.x, top: start.y, behavior: 'instant' });
  await frames();
}

/**
 * Brings the page to rest for the picture: no caret, and with `stopAnimations` finite animations at their end and
 * endless ones at their start, as Playwright does. The page is thrown away afterwards, so nothing is put back.
 */
export async function restPage(options: { stopAnimations: boolean }): Promise<void> {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('*, *::before, *::after { caret-color: transparent !important; }');
  const roots: (Document | ShadowRoot)[] = [document];
  for (const root of roots) {
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    for (const element of root.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot);
  }
  if (options.stopAnimations) {
    for (const animation of document.getAnimations()) {
      const end = animation.effect?.getComputedTiming().endTime;
      if (animation.playbackRate === 0) continue; // Finishing it would throw: it never ends.
      if (typeof end === 'number' && Number.isFinite(end)) animation.finish();
      else animation.cancel();
    }
  }
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 100); // A frame may never come in a page that is not drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  });
}
