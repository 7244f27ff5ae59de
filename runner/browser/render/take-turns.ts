/** Makes a queue in which one piece of work runs at a time. Ended waits pass their turn on. */
export function takeTurns(): <T>(work: () => Promise<T>, wait: (turn: Promise<void>) => Promise<void>) => Promise<T> {
  let last = Promise.resolve();
  return async (work, wait) => {
    const before = last;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    last = before.then(() => done);
    try {
      await wait(before);
      return await work();
    } finally {
      resolve();
    }
  };
}
