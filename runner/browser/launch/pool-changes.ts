import type { AttemptScope } from '#runner/attempt-scope.ts';
import { BrowserUnavailable } from './launch-chromium.ts';

export type PoolChanges = {
  /** Wakes everybody who waits: a browser was started, given back or ended. */
  tell(): void;
  /** Waits for the next change. Throws the reason of a stopped attempt, and `BrowserUnavailable` at its deadline. */
  next(scope: Pick<AttemptScope, 'signal' | 'deadline'>): Promise<void>;
};

/** Lets those who find no room in a pool wait for it. */
export function watchPoolChanges(): PoolChanges {
  let waiting = Promise.withResolvers<void>();
  return {
    tell: () => {
      waiting.resolve();
      waiting = Promise.withResolvers<void>();
    },
    next: async ({ signal, deadline }) => {
      signal.throwIfAborted();
      const stopped = Promise.withResolvers<never>();
      const stop = () => stopped.reject(signal.reason);
      const late = () => stopped.reject(new BrowserUnavailable('No browser became free in time.'));
      const timer = setTimeout(late, Math.max(0, deadline - Date.now()));
      signal.addEventListener('abort', stop, { once: true });
      try {
        await Promise.race([waiting.promise, stopped.promise]);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}
