/// <reference lib="dom" />
import type { Bare } from '../own-world.ts';
import type { ChangeBeats } from './change-beats.ts';

/**
 * The in-page ground of `waitUntil: "auto"`: the browser's own clock and timers, taken before a page can replace them,
 * and the record of when the document last changed. Runs in every frame from its first node on.
 */
export type PageWatch = {
  /** What every part reads the properties of the document and of elements through. */
  bare: Bare;
  /** Milliseconds since the document began, from the browser's own clock. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Two frames drawn; a second at most, because a page that is not drawn has none. */
  frames(): Promise<void>;
  /** Resolves when the page has nothing else to run; half a second at the most. */
  idle(): Promise<void>;
  /** Resolves when something happens that may have changed what is awaited, `ms` at the latest. */
  nextEvent(ms: number): Promise<void>;
  /** Elements of the document and of its shadow roots, closed ones included where a script attached them. */
  find(selector: string): Element[];
  roots(): (Document | ShadowRoot)[];
  /** When a node last changed that is not a ticker. */
  changedAt(): number;
  /** When an element was last added anywhere. */
  grownAt(): number;
  /** When any node last changed, those of tickers too. */
  touchedAt(): number;
  /** What changes in the next `ms` milliseconds answers to something that was done to the page, and is no ticker. */
  expectAnswers(ms: number): void;
  /** How many changes of nodes there were, those of tickers too. */
  changes(): number;
};

/** Starts the record. Runs in the page: uses nothing from outside itself. */
export function watchPage(bare: Bare, beats: ChangeBeats): PageWatch {
  const LIMIT = { idleMs: 500, hosts: 2000 };
  const now = performance.now.bind(performance);
  const later = window.setTimeout.bind(window);
  const frame = window.requestAnimationFrame.bind(window);
  const whenIdle = window.requestIdleCallback.bind(window);
  const Native = Promise;
  const listen = EventTarget.prototype.addEventListener;
  const findInDocument = Document.prototype.querySelectorAll;
  const findInFragment = DocumentFragment.prototype.querySelectorAll;

  const roots: (Document | ShadowRoot)[] = [document];
  let waiters: (() => void)[] = [];
  let changedAt = now();
  let grownAt = 0;
  let touchedAt = 0;
  let changesSeen = 0;
  let areRootsKnown = false;

  const wake = () => {
    const woken = waiters;
    waiters = [];
    for (let index = 0; index < woken.length; index++) woken[index]?.();
  };
  const note = (record: MutationRecord) => {
    const at = now();
    for (let index = 0; index < record.addedNodes.length && grownAt !== at; index++)
      if (record.addedNodes[index] instanceof Element) grownAt = at;
    if (!beats.isBeat(record)) changedAt = at;
  };
  const observer = new MutationObserver((records) => {
    areRootsKnown = false;
    changesSeen += records.length;
    touchedAt = now();
    for (let index = 0; index < records.length; index++) {
      const record = records[index];
      if (record) note(record);
    }
    wake();
  });
  const watch = (root: Document | ShadowRoot) =>
    observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
  const addRoot = (root: ShadowRoot) => {
    for (let index = 0; index < roots.length; index++) if (roots[index] === root) return;
    roots.push(root);
    watch(root);
  };
  // A proxy still prints itself as native code: some pages refuse to run on patched functions.
  Element.prototype.attachShadow = new Proxy(Element.prototype.attachShadow, {
    apply(target, element, args) {
      const root = Reflect.apply(target, element, args);
      addRoot(root);
      return root;
    },
  });
  const customElementsOf = (root: Document | ShadowRoot) => {
    const found: Element[] = [];
    if (!(root instanceof Document)) return found;
    const list = bare(document).evaluate('//*[contains(local-name(), "-")]', root, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE);
    for (let index = 0; index < list.snapshotLength; index++) {
      const element = list.snapshotItem(index);
      if (element instanceof Element) found.push(element);
    }
    return found;
  };
  // Roots that the parser attached from a template never pass `attachShadow`; the open ones are found here. The closed
  // ones no script can reach: what is inside them is seen by its requests, fonts and animations only.
  const knownRoots = () => {
    if (areRootsKnown) return roots;
    areRootsKnown = true;
    for (let at = 0; at < roots.length; at++) {
      const root = roots[at];
      if (!root) continue;
      const all = Reflect.apply(root instanceof Document ? findInDocument : findInFragment, root, ['*']);
      // In a large document every element that a script touches costs: there only custom elements are asked.
      const found = all.length > LIMIT.hosts ? customElementsOf(root) : all;
      for (let index = 0; index < found.length && index < LIMIT.hosts; index++) {
        const element = found[index];
        const shadow = element && bare(element).shadowRoot;
        if (shadow) addRoot(shadow);
      }
    }
    return roots;
  };
  watch(document);
  for (const name of ['load', 'error', 'readystatechange', 'transitionend', 'transitioncancel', 'animationend', 'animationcancel'])
    Reflect.apply(listen, document, [name, wake, true]);
  Reflect.apply(listen, window, ['load', wake]);

  const sleep = (ms: number) => new Native<void>((resolve) => void later(resolve, ms));
  return {
    bare,
    now,
    sleep,
    frames: () => Native.race([new Native<void>((resolve) => void frame(() => void frame(() => resolve()))), sleep(1000)]),
    idle: () => Native.race([new Native<void>((resolve) => void whenIdle(() => resolve())), sleep(LIMIT.idleMs)]),
    nextEvent: (ms) =>
      new Native<void>((resolve) => {
        waiters.push(resolve);
        later(resolve, ms);
      }),
    find: (selector) => {
      const found: Element[] = [];
      const all = knownRoots();
      for (let at = 0; at < all.length; at++) {
        const root = all[at];
        if (!root) continue;
        const list = Reflect.apply(root instanceof Document ? findInDocument : findInFragment, root, [selector]);
        for (let index = 0; index < list.length; index++) {
          const element = list[index];
          if (element) found.push(element);
        }
      }
      return found;
    },
    roots: knownRoots,
    changedAt: () => changedAt,
    grownAt: () => grownAt,
    touchedAt: () => touchedAt,
    expectAnswers: beats.expectAnswers,
    changes: () => changesSeen,
  };
}
