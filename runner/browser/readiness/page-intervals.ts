/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type PageIntervals = {
  /** When the next tick that the picture may depend on is due, by the watch's clock; null when none is. */
  owedUntil(): number | null;
};

/**
 * Follows `setInterval`. A list that gets a row at each tick rests between two of them for longer than a page needs to
 * count as finished. The first tick of an interval is waited for, and the next as long as each adds elements; one that
 * changes a text or asks the server is a clock or a poll. Runs in the page: uses nothing from outside itself.
 */
export function watchIntervals(watch: PageWatch): PageIntervals {
  const LIMIT = {
    // Shorter ones tick within the quiet window; longer ones refresh what was finished before.
    tickMsMin: 40,
    tickMsMax: 400,
    /** What a tick adds by way of a framework comes a little after it. */
    renderMs: 60,
    lateMs: 20,
    /** One that adds for longer is a feed. */
    growMs: 3000,
    intervals: 100,
  };
  const { now } = watch;
  type Interval = { delay: number; tickedAt: number; ticks: number; begun: number };
  const intervals = new Map<unknown, Interval>();
  const replace = (name: string, value: unknown) =>
    Object.defineProperty(window, name, { value, writable: true, configurable: true, enumerable: true });
  replace(
    'setInterval',
    new Proxy(window.setInterval, {
      apply(target, self, args) {
        const [callback, delay] = args;
        const ms = Number(delay);
        if (typeof callback !== 'function' || !(ms >= LIMIT.tickMsMin && ms <= LIMIT.tickMsMax) || intervals.size >= LIMIT.intervals)
          return Reflect.apply(target, self, args);
        const entry: Interval = { delay: ms, tickedAt: now(), ticks: 0, begun: now() };
        args[0] = function tick(this: unknown, ...given: unknown[]) {
          entry.tickedAt = now();
          entry.ticks++;
          return Reflect.apply(callback, this, given);
        };
        const id = Reflect.apply(target, self, args);
        intervals.set(id, entry);
        return id;
      },
    }),
  );
  // One counter serves timers and intervals, and browsers let either function end either kind.
  for (const name of ['clearInterval', 'clearTimeout'] as const)
    replace(
      name,
      new Proxy(window[name], {
        apply(target, self, args) {
          intervals.delete(args[0]);
          return Reflect.apply(target, self, args);
        },
      }),
    );
  /** When an interval is to be looked at again; null where it owes nothing. */
  const dueOf = ({ delay, ticks, tickedAt, begun }: Interval): number | null => {
    const next = tickedAt + delay + LIMIT.lateMs;
    // A page that is not let run, or an interval of a frame that is hidden, ticks late or never.
    if (now() > next + delay) return null;
    if (ticks === 0) return next;
    if (now() - begun > LIMIT.growMs) return null;
    if (watch.grownAt() >= tickedAt && watch.grownAt() <= tickedAt + LIMIT.renderMs) return next;
    // What it adds may still come. Looked at once that is over: at the next tick it would be so again, for ever.
    const rendered = tickedAt + Math.min(LIMIT.renderMs, delay / 2);
    return now() < rendered ? rendered : null;
  };
  return {
    owedUntil: () => {
      let last: number | null = null;
      intervals.forEach((entry) => {
        const due = dueOf(entry);
        if (due !== null && (last === null || due > last)) last = due;
      });
      return last;
    },
  };
}
