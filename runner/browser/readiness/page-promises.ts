/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

/** What the page itself has set going and nobody can see from outside: short timers, and workers that owe an answer. */
export type PagePromises = {
  /** When the next of them is due, by the watch's clock; null when nothing is owed. */
  owedUntil(): number | null;
  /** The page was given something new to do: what was used before and rests now is no ticker, and may owe anew. */
  startAnew(): void;
  /** Whether this is the script of a shared worker, whose request never ends to whoever watches the page. */
  isSharedWorker(url: string): boolean;
};

/**
 * Follows `setTimeout` and workers. A quiet network and a quiet document say nothing while a chart waits 300 ms for its
 * container to stop resizing, or while a worker adds up rows. Runs in the page: uses nothing from outside itself.
 */
export function watchPromises({ now, bare }: PageWatch): PagePromises {
  // Taken at once: through its own `Reflect.construct` a page would be handed the Worker that no read-only capture guards.
  const { apply, construct } = Reflect;
  const LIMIT = {
    // Shorter ones are over within the quiet window; longer ones (toasts, carousels, polls) are not about this picture.
    timerMsMin: 40,
    timerMsMax: 750,
    // A chain of equal timers that goes on for longer is a ticker (the fixture "polling each second"), a short one works
    // through slices (the fixture "data out of IndexedDB"). It is known by its delay, as closures differ each time.
    chainMs: 500,
    // Less of ticks that are shorter than the quiet window.
    short: { ms: 60, chainMs: 150 },
    // All timers of a document together may hold it up for this long: random delays make no chain.
    timersMsMax: 2000,
    // What a page that starts anew is given of that at least, and for how long a timer beside a ticker is taken as an answer.
    anewMs: 1000,
    answerMs: 300,
    lateMs: 20,
    timersMax: 500,
    workerMs: 2500,
    workerPosts: 3,
  };
  const timers = new Map<unknown, number>();
  const chains = new Map<number, { due: number; links: number }>();
  const sharedUrls = new Set<string>();
  const workers = new Map<object, { owedSince: number | null; posts: number }>();
  let spent = 0;
  let heldAt: number | null = null;
  let anewAt = Number.NEGATIVE_INFINITY;

  const noteTimer = (id: unknown, delay: number) => {
    if (!(delay >= LIMIT.timerMsMin && delay <= LIMIT.timerMsMax) || timers.size >= LIMIT.timersMax) return;
    const due = now() + delay;
    const chain = chains.get(delay);
    // One that is set while the last is still due is a debounce or a neighbor, not the next tick.
    const isNext = chain !== undefined && now() >= chain.due - 1;
    const links = isNext ? chain.links + 1 : (chain?.links ?? 0);
    chains.set(delay, { due, links });
    const isAnswer = !isNext && now() - anewAt < LIMIT.answerMs;
    if (isAnswer || links * delay < (delay < LIMIT.short.ms ? LIMIT.short.chainMs : LIMIT.chainMs)) timers.set(id, due);
  };
  const startAnew = () => {
    anewAt = now();
    spent = Math.min(spent, LIMIT.timersMsMax - LIMIT.anewMs);
    chains.forEach(({ due }, delay) => void (due < anewAt && chains.delete(delay)));
  };
  // Before any script of the page learns of the other medium, and may set a timer for it.
  window.matchMedia('print').addEventListener('change', startAnew);
  const replace = (name: string, value: unknown) =>
    Object.defineProperty(window, name, { value, writable: true, configurable: true, enumerable: true });
  replace(
    'setTimeout',
    new Proxy(window.setTimeout, {
      apply(target, self, args) {
        const id = apply(target, self, args);
        noteTimer(id, Number(args[1]));
        return id;
      },
    }),
  );
  replace(
    'clearTimeout',
    new Proxy(window.clearTimeout, {
      apply(target, self, args) {
        timers.delete(args[0]);
        return apply(target, self, args);
      },
    }),
  );
  const timerDue = () => {
    let last: number | null = null;
    timers.forEach((due, id) => {
      if (due + LIMIT.lateMs < now()) timers.delete(id);
      else if (last === null || due > last) last = due;
    });
    if (last === null || spent >= LIMIT.timersMsMax) {
      heldAt = null;
      return null;
    }
    if (heldAt !== null) spent += now() - heldAt;
    heldAt = now();
    return last + LIMIT.lateMs;
  };

  const followWorkers = () => {
    if (typeof Worker !== 'function') return;
    const listen = EventTarget.prototype.addEventListener;
    // A worker owes a message from its start, and after each of the first things it is told. One that never speaks is
    // waited for once (the fixture "a worker computes the data").
    Worker.prototype.postMessage = new Proxy(Worker.prototype.postMessage, {
      apply(target, worker, args) {
        const entry = workers.get(worker);
        if (entry && ++entry.posts <= LIMIT.workerPosts) entry.owedSince = now();
        return apply(target, worker, args);
      },
    });
    replace(
      'Worker',
      new Proxy(Worker, {
        construct(target, args, newTarget) {
          const worker = construct(target, args, newTarget);
          const entry: { owedSince: number | null; posts: number } = { owedSince: now(), posts: 0 };
          const answered = () => {
            entry.owedSince = null;
          };
          workers.set(worker, entry);
          apply(listen, worker, ['message', answered]);
          apply(listen, worker, ['error', answered]);
          return worker;
        },
      }),
    );
  };
  const followSharedWorkers = () => {
    if (typeof SharedWorker !== 'function') return;
    const listen = EventTarget.prototype.addEventListener;
    replace(
      'SharedWorker',
      new Proxy(SharedWorker, {
        construct(target, args, newTarget) {
          const worker = construct(target, args, newTarget);
          const entry: { owedSince: number | null; posts: number } = { owedSince: now(), posts: 0 };
          workers.set(worker, entry);
          sharedUrls.add(new URL(String(args[0]), bare(document).baseURI).href);
          apply(listen, worker.port, [
            'message',
            () => {
              entry.owedSince = null;
            },
          ]);
          return worker;
        },
      }),
    );
  };
  followWorkers();
  followSharedWorkers();
  const workerDue = () => {
    let due: number | null = null;
    workers.forEach((entry) => {
      if (entry.owedSince !== null && now() - entry.owedSince < LIMIT.workerMs) due = entry.owedSince + LIMIT.workerMs;
    });
    return due;
  };
  return {
    owedUntil: () => workerDue() ?? timerDue(),
    startAnew,
    isSharedWorker: (url) => sharedUrls.has(url),
  };
}
