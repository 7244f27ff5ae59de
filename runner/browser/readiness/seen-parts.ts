/// <reference lib="dom" />

export type SeenParts = {
  /** From now on, what has come into view counts as seen, also when the view has moved on. */
  keep(): void;
  /** Whether something is told only when most of it is seen, or when it is well inside of the view. */
  asksForMuch(): boolean;
};

/**
 * Makes what watches the view see one tall sheet. On such a sheet nothing goes out of view, so a part that was shown when it
 * came into view must not be hidden again when the page is scrolled back for the picture. Entries that would say so are
 * held back, from observers of the view alone: an area that scrolls by itself may stay closed. Runs in the page: uses
 * nothing from outside itself.
 */
export function watchSeenParts(): SeenParts {
  let [isKept, isDemanding] = [false, false];
  const Native = window.IntersectionObserver;
  if (typeof Native !== 'function') return { keep: () => undefined, asksForMuch: () => false };
  /** How much of a target an entry tells of; less than nothing for one that is out of view. */
  const shareOf = (entry: IntersectionObserverEntry) => (entry.isIntersecting ? entry.intersectionRatio : -1);
  /** A part of the view that is smaller than the view, or a share of the target. */
  const wantsMuch = (options: IntersectionObserverInit | undefined) =>
    `${options?.rootMargin ?? ''}`.includes('-') || `${options?.threshold ?? 0}`.split(',').some((share) => Number(share) > 0);
  const filtered = (callback: IntersectionObserverCallback): IntersectionObserverCallback => {
    const told = new WeakMap<Element, number>();
    return function (this: IntersectionObserver, entries, observer) {
      const passed: IntersectionObserverEntry[] = [];
      for (let index = 0; index < entries.length; index++) {
        const entry = entries[index];
        if (!entry) continue;
        const before = told.get(entry.target);
        if (isKept && before !== undefined && shareOf(entry) < before) continue;
        told.set(entry.target, shareOf(entry));
        passed[passed.length] = entry;
      }
      if (passed.length > 0) Reflect.apply(callback, this, [passed, observer]);
    };
  };
  const Watched = new Proxy(Native, {
    construct(target, args, newTarget) {
      const [callback, options] = args;
      const isOfView = !options?.root || options.root === document;
      isDemanding ||= isOfView && wantsMuch(options);
      const given = typeof callback === 'function' && isOfView ? [filtered(callback), ...args.slice(1)] : args;
      return Reflect.construct(target, given, newTarget);
    },
  });
  Object.defineProperty(window, 'IntersectionObserver', { value: Watched, writable: true, enumerable: false, configurable: true });
  Object.defineProperty(Native.prototype, 'constructor', { value: Watched, writable: true, enumerable: false, configurable: true });
  return {
    keep: () => {
      isKept = true;
    },
    asksForMuch: () => isDemanding,
  };
}
