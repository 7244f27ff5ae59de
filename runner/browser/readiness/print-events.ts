/// <reference lib="dom" />

export type PrintEvents = {
  /** Tells the page that it is about to be printed, once, after `first`, so that what it does then can be waited for. */
  announce(first: () => void): void;
  /** When it was told so, by the browser's clock; 0 where it was not, or where it is a page again. */
  announcedAt(): number;
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
  let announcedAt = 0;
  const now = performance.now.bind(performance);
  const keep = (event: Event) => {
    if (announcedAt > 0 && event.isTrusted) apply(stop, event, []);
  };
  window.addEventListener('beforeprint', keep, true);
  window.addEventListener('afterprint', keep, true);
  const tell = (type: string) => void apply(dispatch, window, [new Native(type)]);
  return {
    announcedAt: () => announcedAt,
    announce: (first) => {
      if (announcedAt > 0) return;
      announcedAt = now();
      first();
      tell('beforeprint');
    },
    leave: () => {
      if (announcedAt === 0) return;
      announcedAt = 0;
      tell('afterprint');
    },
  };
}
