/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type PageSlices = {
  /** Until when the next slice is given to come, by the watch's clock; null while no work in slices is seen. */
  owedUntil(): number | null;
};

type Callable = (...given: unknown[]) => unknown;

/**
 * Follows work that is cut into slices with pauses: by idle callbacks, by messages of a channel, by timers of less than the
 * quiet window. Each pause is an idle moment, and no node changes before the last slice. Slices are known by the time they
 * take: a ticker, a queue that is looked into and a poll take none. Runs in the page: uses nothing from outside itself.
 */
export function watchSlices({ now }: PageWatch): PageSlices {
  const { apply } = Reflect;
  const LIMIT = {
    /** Less is a look whether there is anything to do. */
    workMs: 3,
    /** One alone is a task like any other. */
    slices: 3,
    /** The longest pause between two of them. */
    pauseMs: 60,
    /** On a busy machine an idle moment, where one was asked for, is later than that. */
    idleMs: 250,
    /** Longer timers are waited for by themselves. */
    timerMsMax: 40,
    // All slices of a document together may hold it up for this long: a simulation never ends.
    allMs: 1500,
    /** Looks are no further apart; in a longer time between two the page was held by something else. */
    gapMs: 250,
  };
  let [workedAt, slices, spent] = [Number.NEGATIVE_INFINITY, 0, 0];
  let heldAt: number | null = null;
  const idleAsked = new Set<unknown>();
  const pauseMs = () => (idleAsked.size > 0 ? LIMIT.idleMs : LIMIT.pauseMs);

  const measured = <T extends unknown[], R>(callback: (this: unknown, ...given: T) => R) =>
    function slice(this: unknown, ...given: T): R {
      const from = now();
      const pause = pauseMs();
      try {
        return apply(callback, this, given);
      } finally {
        const at = now();
        if (at - from >= LIMIT.workMs) {
          slices = from - workedAt <= pause ? slices + 1 : 1;
          workedAt = at;
        }
      }
    };
  const hook = (name: string, call: (native: Callable, self: unknown, args: unknown[]) => unknown) => {
    const native: unknown = Reflect.get(window, name);
    if (typeof native !== 'function') return;
    Object.defineProperty(window, name, {
      value: new Proxy(native, { apply: call }),
      writable: true,
      configurable: true,
      enumerable: true,
    });
  };
  hook('requestIdleCallback', (native, self, args) => {
    const [callback] = args;
    if (typeof callback !== 'function') return apply(native, self, args);
    // No other than the browser's own: it gives an idle callback no receiver.
    args[0] = measured((...given) => {
      idleAsked.delete(id);
      return apply(callback, undefined, given);
    });
    const id: unknown = apply(native, self, args);
    idleAsked.add(id);
    return id;
  });
  hook('cancelIdleCallback', (native, self, args) => {
    idleAsked.delete(Number(args[0]));
    return apply(native, self, args);
  });
  hook('setTimeout', (native, self, args) => {
    const [callback, delay] = args;
    if (typeof callback === 'function' && !(Number(delay) >= LIMIT.timerMsMax))
      args[0] = measured(function (this: unknown, ...given) {
        return apply(callback, this, given); // That is the window, however `setTimeout` itself was called.
      });
    return apply(native, self, args);
  });
  const own = Reflect.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
  const given = new WeakMap<object, { handler: unknown; put: unknown }>();
  const { get: read, set: write } = own ?? {};
  if (own && read && write)
    Object.defineProperty(MessagePort.prototype, 'onmessage', {
      ...own,
      get: new Proxy(read, {
        apply(target, port: MessagePort, args) {
          const put: unknown = apply(target, port, args);
          const known = given.get(port);
          return known && known.put === put ? known.handler : put;
        },
      }),
      set: new Proxy(write, {
        apply(target, port: MessagePort, [handler]) {
          const put = typeof handler === 'function' ? measured((...args) => apply(handler, port, args)) : handler;
          const result = apply(target, port, [put]);
          given.set(port, { handler, put });
          return result;
        },
      }),
    });
  return {
    owedUntil: () => {
      const isWorking = slices >= LIMIT.slices && now() - workedAt < pauseMs();
      if (!isWorking || spent >= LIMIT.allMs) {
        heldAt = null;
        return null;
      }
      if (heldAt !== null) spent += Math.min(now() - heldAt, LIMIT.gapMs);
      heldAt = now();
      return workedAt + pauseMs();
    },
  };
}
