import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';

/** How many attempts may run at once. A slot is taken before a claim, so that no more is claimed than can run. */
export type Slots = {
  size: number;
  free(): number;
  /** Waits for a slot and gives back the way to free it (callable twice), or null when the signal aborts first. */
  take(signal: AbortSignal): Promise<(() => void) | null>;
  /** Resolves when somebody waits for a slot, or when the signal aborts. */
  wanted(signal: AbortSignal): Promise<void>;
  /**
   * For whoever holds a slot and must be alone: gives no further one, waits until all others are free, and gives back the
   * way to open the door again. Null when somebody else is alone or waits to be, or when the signal aborts first.
   */
  alone(signal: AbortSignal): Promise<(() => void) | null>;
};

const MEMORY_LOOK_MS = 1000;

/** As many slots as the processors and the memory carry: `min(2 × cores, (free − 512 MiB) / 256 MiB)`, at least one. */
export function countSlots(
  machine: { cores: number; freeBytes: number } = { cores: availableParallelism(), freeBytes: process.availableMemory() },
): number {
  const byMemory = Math.floor((machine.freeBytes - LIMITS.spareMemoryBytes) / LIMITS.slotMemoryBytes);
  return Math.max(1, Math.min(LIMITS.slotsMax, 2 * machine.cores, byMemory));
}

/**
 * Makes the slots of a runner. While memory is short no further one is given, except to a runner that does nothing: on a
 * small machine one capture at a time must still go through.
 */
export function createSlots(size: number, log: Log, freeBytes: () => number = () => process.availableMemory()): Slots {
  const waiting: (() => void)[] = [];
  const watchers = new Set<() => void>();
  let used = 0;
  /** Somebody is alone, or waits to be: called when a slot is freed. */
  let lone: (() => void) | null = null;
  const give = (): (() => void) => {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      used -= 1;
      if (lone) lone();
      else waiting.shift()?.();
    };
  };
  const isShort = () => used > 1 && freeBytes() < LIMITS.spareMemoryBytes;
  const waitTurn = async (signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    for (const tell of watchers) tell();
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    const index = waiting.indexOf(resolve);
    if (index >= 0) waiting.splice(index, 1);
  };
  return {
    size,
    free: () => size - used,
    wanted: async (signal) => {
      if (waiting.length > 0 || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      watchers.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      watchers.delete(resolve);
    },
    take: async (signal) => {
      while (!signal.aborted) {
        while ((used >= size || lone) && !signal.aborted) await waitTurn(signal);
        if (signal.aborted) break;
        used += 1;
        const release = give();
        if (isShort()) log.warn('memory is short: no further job is claimed for now', { count: used - 1 });
        // An abort ends the pause early and is looked at below.
        while (isShort() && !lone && !signal.aborted) await wait(MEMORY_LOOK_MS, undefined, { signal }).catch(() => undefined);
        if (!lone && !signal.aborted) return release;
        // Who waits to be alone waits for this slot too, and holds the memory that is short: it is given back until then.
        release();
      }
      return null;
    },
    alone: async (signal) => {
      if (lone) return null;
      const open = () => {
        lone = null;
        for (const next of waiting.splice(0)) next();
      };
      lone = () => undefined;
      while (used > 1 && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        lone = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
      }
      if (!signal.aborted) return open;
      open();
      return null;
    },
  };
}
