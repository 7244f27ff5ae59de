import { setTimeout as wait } from 'node:timers/promises';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';

/** What was started and must be ended. */
export type Part = { close(): Promise<void> };
export type Lifetime = {
  /** Takes what is being started into care. What is ready only after the end has begun is ended at once, and throws. */
  own<T extends Part>(starting: Promise<T>): Promise<T>;
  /** Ends everything, last started first, once what is still starting has started. Safe to call twice. */
  close(): Promise<void>;
  /** Aborts when the end has begun. */
  signal: AbortSignal;
};

/** The longest that one part may take to end: the runner's drain is 20 s and has a margin of its own. */
const CLOSE_MS_MAX = 40_000;

/** Keeps the parts of an instance together, so that no way out of a start leaves one of them running. */
export function createLifetime(onFault: (error: unknown) => void): Lifetime {
  const ended = new AbortController();
  const parts: Part[] = [];
  const starting = new Set<Promise<unknown>>();
  let closing: Promise<void> | null = null;

  const closeAll = async () => {
    ended.abort(new Error('the instance is stopping'));
    await Promise.allSettled(starting);
    // One after the other: the server must be able to reach the database until it has closed.
    for (const part of parts.splice(0).reverse()) await closeOne(part).catch(onFault);
  };
  return {
    signal: ended.signal,
    own: async (promise) => {
      const taken = promise.then((part) => void parts.push(part));
      starting.add(taken);
      try {
        await taken;
      } finally {
        starting.delete(taken);
      }
      ended.signal.throwIfAborted();
      return await promise;
    },
    close: () => (closing ??= closeAll()),
  };
}

/** A part that does not end in its time is left to the process's own end, which kills what is left. */
async function closeOne(part: Part): Promise<void> {
  const limit = new AbortController();
  const late = wait(CLOSE_MS_MAX, undefined, { signal: limit.signal }).then(() => {
    throw new OperatorError(
      EXIT.timedOut,
      'not_closed',
      `A part of the instance did not end within ${CLOSE_MS_MAX / 1000} s.`,
      'It is ended with the process.',
    );
  });
  await Promise.race([part.close(), late]).finally(() => {
    late.catch(() => undefined); // aborted below: nobody waits for it any more
    limit.abort();
  });
}
