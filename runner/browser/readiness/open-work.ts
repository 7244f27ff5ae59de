/**
 * The record of what is under way on the network: a request, a socket that owes an answer, a retry that is due. Each
 * entry ends by itself or, where it was given a time, when that is over.
 */
export type OpenWork = {
  begin(key: object, label: string): void;
  /** Gives an entry this much longer from now; `expired` is called when that was not enough. */
  endAfter(key: object, ms: number, expired?: () => void): void;
  end(key: object): void;
  has(key: object): boolean;
  /** Resolves when nothing has been under way for `ms`. Unbounded: the caller bounds it. */
  whenQuiet(ms: number): Promise<void>;
  /** How long nothing has been under way; 0 while something is. */
  quietForMs(): number;
  /** When the last entry ended, milliseconds since the epoch. */
  lastEndedAt(): number;
  labels(): string[];
  close(): void;
};
type Waiter = { ms: number; done: () => void; timer: NodeJS.Timeout | null };

/** Starts an empty record. */
export function createOpenWork(): OpenWork {
  const open = new Map<object, { label: string; timer: NodeJS.Timeout | null }>();
  const waiters = new Set<Waiter>();
  let since = Date.now();
  const disarm = (waiter: Waiter) => {
    if (waiter.timer) clearTimeout(waiter.timer);
    waiter.timer = null;
  };
  const arm = (waiter: Waiter) => {
    disarm(waiter);
    waiter.timer = setTimeout(
      () => {
        waiters.delete(waiter);
        waiter.done();
      },
      Math.max(0, since + waiter.ms - Date.now()),
    );
  };
  const end = (key: object) => {
    const entry = open.get(key);
    if (!entry) return;
    if (entry.timer) clearTimeout(entry.timer);
    open.delete(key);
    if (open.size > 0) return;
    since = Date.now();
    for (const waiter of waiters) arm(waiter);
  };
  return {
    begin: (key, label) => {
      if (open.has(key)) return;
      open.set(key, { label, timer: null });
      for (const waiter of waiters) disarm(waiter);
    },
    endAfter: (key, ms, expired) => {
      const entry = open.get(key);
      if (!entry) return;
      if (entry.timer) clearTimeout(entry.timer);
      entry.timer = setTimeout(() => {
        expired?.();
        end(key);
      }, ms);
    },
    end,
    has: (key) => open.has(key),
    whenQuiet: (ms) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter: Waiter = { ms, done: resolve, timer: null };
      waiters.add(waiter);
      if (open.size === 0) arm(waiter);
      return promise;
    },
    quietForMs: () => (open.size > 0 ? 0 : Date.now() - since),
    lastEndedAt: () => since,
    labels: () => [...open.values()].map((entry) => entry.label),
    close: () => {
      for (const entry of open.values()) if (entry.timer) clearTimeout(entry.timer);
      open.clear();
      for (const waiter of waiters) disarm(waiter);
      waiters.clear();
    },
  };
}
