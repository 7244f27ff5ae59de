/// <reference lib="dom" />

export type PrintEvents = {
  /** Tells the page that it is about to be printed, once, after `first`, so that what it does then can be waited for. */
  announce(first: () => void): void;
  isAnnounced(): boolean;
  /** Tells a page that was told so that it is a page again. */
  leave(): void;
};

/**
 * Browsers tell a page of print in the moment in which they print: a chart that is drawn anew for paper, and takes a
 * moment for that, would be caught unfinished. The page is told ahead instead, and what the browser itself tells it later
 * is kept from it, or the drawing would begin anew. Runs in the page, before any script of it: uses nothing from outside
 * itself.
 */
export function watchPrintEvents(): PrintEvents {
  const { apply } = Reflect;
  const dispatch = EventTarget.prototype.dispatchEvent;
  const stop = Event.prototype.stopImmediatePropagation;
  const Native = Event;
  let isAnnounced = false;
  const keep = (event: Event) => {
    if (isAnnounced && event.isTrusted) apply(stop, event, []);
  };
  window.addEventListener('beforeprint', keep, true);
  window.addEventListener('afterprint', keep, true);
  const tell = (type: string) => void apply(dispatch, window, [new Native(type)]);
  return {
    isAnnounced: () => isAnnounced,
    announce: (first) => {
      if (isAnnounced) return;
      isAnnounced = true;
      first();
      tell('beforeprint');
    },
    leave: () => {
      if (!isAnnounced) return;
      isAnnounced = false;
      tell('afterprint');
    },
  };
}
