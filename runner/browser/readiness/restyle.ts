/// <reference lib="dom" />

export type Restyle = {
  /** Whether a script of this document may be told when other styles apply: by a change of medium, size or place. */
  isHeeded(): boolean;
};

/**
 * Knows whether a page answers to styles for print with scripts: a chart that draws itself anew for the new size of its
 * container. Where none does, what the styles make of the page is there as soon as it is laid out. Runs in the page: uses
 * nothing from outside itself.
 */
export function watchRestyle(): Restyle {
  // Other features, such as the width, stay as they are when the medium changes.
  const MEDIUM = /\b(?:print|screen|all|speech|not|only|update|overflow-block|overflow-inline|monochrome|grid)\b/i;
  // Older ways to learn of a new size: a hidden area that scrolls when its parent shrinks, an animation that starts anew.
  const SENSED = /^(?:scroll|resize|animationstart|animationend|transitionrun|transitionstart|transitionend)$/;
  const SIZED = /^(?:scroll|resize)$/;
  const PRINTED = /^(?:beforeprint|afterprint)$/;
  const { apply } = Reflect;
  let heeded = false;
  const hook = (observer: { prototype: { observe: ResizeObserver['observe'] | IntersectionObserver['observe'] } } | undefined) => {
    if (!observer) return;
    observer.prototype.observe = new Proxy(observer.prototype.observe, {
      apply(target, self, args) {
        heeded = true;
        return apply(target, self, args);
      },
    });
  };
  hook(window.ResizeObserver);
  hook(window.IntersectionObserver);
  window.matchMedia = new Proxy(window.matchMedia, {
    apply(target, self, args) {
      if (MEDIUM.test(String(args[0]))) heeded = true;
      return apply(target, self, args);
    },
  });
  EventTarget.prototype.addEventListener = new Proxy(EventTarget.prototype.addEventListener, {
    apply(target, self, args) {
      // Of size, window and document are told for other reasons: neither changes its own for print. Of a motion anywhere
      // in the page both are told.
      const isAround = self === document || self === undefined || self === window;
      const type = String(args[0]);
      if (!heeded && (PRINTED.test(type) || (SENSED.test(type) && !(isAround && SIZED.test(type))))) heeded = true;
      return apply(target, self, args);
    },
  });
  return { isHeeded: () => heeded || window.onbeforeprint !== null || window.onafterprint !== null };
}
