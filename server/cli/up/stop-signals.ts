export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Under npm one Ctrl-C arrives twice, from the terminal and from npm: a repeat this soon is the same one. */
export const SAME_SIGNAL_MS = 500;

/**
 * Sorts signals: the first asks for a graceful stop, a second one (later than 0.5 s) for an immediate one. Returns the
 * handler; `now` is a clock in milliseconds.
 */
export function createStopHandler(
  handlers: { first: () => void; second: () => void },
  now: () => number = performance.now.bind(performance),
): () => void {
  let firstAt: number | null = null;
  return () => {
    if (firstAt === null) {
      firstAt = now();
      handlers.first();
    } else if (now() - firstAt > SAME_SIGNAL_MS) {
      handlers.second();
    }
  };
}
