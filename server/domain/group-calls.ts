/** What came while others were under way, and waits to go with the next group. */
type Waiting<T, R> = { item: T; resolve(result: R): void; reject(error: unknown): void };
type Options = {
  /** Items in a group. */
  sizeMax: number;
  /** Items of one lane that may wait: the next one is refused with an error. Not given where something before it bounds them. */
  bound?: { waitingMax: number; refuse: () => Error };
  /** Whether nothing of a group that failed with this error was done: then each of its items is tried alone. */
  isUndone?: (error: unknown) => boolean;
};

/**
 * Makes a call of which those that come while one is under way go together: the first goes at once and alone, so that a quiet
 * server waits for nothing, and a busy one asks the database once for many (group commit). Groups of one lane follow each
 * other; `run` begins after each of its items has come, and answers them in their order.
 */
export function groupCalls<T, R, L extends string = string>(
  run: (items: readonly T[], lane: L) => Promise<readonly R[]>,
  { sizeMax, bound, isUndone = () => false }: Options,
): (lane: L, item: T) => Promise<R> {
  const lanes = new Map<L, Waiting<T, R>[]>();

  const settle = async (group: readonly Waiting<T, R>[], lane: L): Promise<void> => {
    const items = group.map(({ item }) => item);
    try {
      const results = await run(items, lane);
      if (results.length !== items.length) throw new Error(`A group of ${items.length} was given ${results.length} answers`);
      for (const [index, result] of results.entries()) group[index]?.resolve(result);
    } catch (error) {
      // What one of them has spoiled is spoiled for that one alone.
      if (group.length > 1 && isUndone(error)) for (const each of group) await settle([each], lane);
      else for (const { reject } of group) reject(error);
    }
  };
  const drive = async (lane: L, waiting: Waiting<T, R>[]): Promise<void> => {
    while (waiting.length > 0) await settle(waiting.splice(0, sizeMax), lane);
    lanes.delete(lane);
  };
  return (lane, item) =>
    new Promise<R>((resolve, reject) => {
      const waiting = lanes.get(lane);
      if (bound && waiting && waiting.length >= bound.waitingMax) return reject(bound.refuse());
      const mine = { item, resolve, reject };
      if (waiting) return void waiting.push(mine);
      const begun = [mine];
      lanes.set(lane, begun);
      void drive(lane, begun);
    });
}

/** Keeps one of what `make` makes for each thing, for as long as the thing is there: what calls of one server share. */
export function onePer<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, V>();
  return (key) => {
    const present = made.get(key) ?? make(key);
    made.set(key, present);
    return present;
  };
}
