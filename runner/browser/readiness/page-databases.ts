/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type PageDatabases = {
  /** When to look again, by the watch's clock, while a database owes the page an answer; null when none does. */
  owedUntil(): number | null;
};

/**
 * Follows IndexedDB. Its answers come from another process, and on a busy machine later than a quiet window is long; an
 * app that works offline first has nothing else under way while it reads its rows. Runs in the page: uses nothing from
 * outside itself.
 */
export function watchDatabases(watch: PageWatch): PageDatabases {
  const { apply } = Reflect;
  const LIMIT = {
    lookMs: 25,
    // An upgrade that another tab blocks, or a transaction that a page keeps alive, is nothing that the picture waits for.
    answerMs: 2500,
    // All of them together: a page that writes without an end is a log.
    allMs: 3000,
    open: 200,
    // Between two looks that found one: what else held the page up meanwhile is not theirs.
    gapMs: 100,
  };
  const { now } = watch;
  const listen = EventTarget.prototype.addEventListener;
  const open = new Map<object, number>();
  let spent = 0;
  let heldAt: number | null = null;

  const follow = (prototype: object, name: string, ends: readonly string[]) => {
    const descriptor = Reflect.getOwnPropertyDescriptor(prototype, name);
    if (typeof descriptor?.value !== 'function') return;
    Object.defineProperty(prototype, name, {
      ...descriptor,
      value: new Proxy(descriptor.value, {
        apply(target, self, args) {
          const asked: EventTarget = apply(target, self, args);
          if (open.size >= LIMIT.open) return asked;
          open.set(asked, now());
          const forget = () => void open.delete(asked);
          for (let at = 0; at < ends.length; at++) apply(listen, asked, [ends[at], forget]);
          return asked;
        },
      }),
    });
  };
  // Where a page has no right to a database the calls are there all the same, and throw.
  if (typeof IDBFactory === 'function') follow(IDBFactory.prototype, 'open', ['success', 'error', 'blocked']);
  // Every request is one of a transaction, which ends after the last of them.
  if (typeof IDBDatabase === 'function') follow(IDBDatabase.prototype, 'transaction', ['complete', 'abort']);
  return {
    owedUntil: () => {
      open.forEach((since, asked) => void (now() - since > LIMIT.answerMs && open.delete(asked)));
      if (open.size === 0 || spent >= LIMIT.allMs) {
        heldAt = null;
        return null;
      }
      if (heldAt !== null) spent += Math.min(now() - heldAt, LIMIT.gapMs);
      heldAt = now();
      return now() + LIMIT.lookMs;
    },
  };
}
