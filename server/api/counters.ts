import { Counter, Registry } from 'prom-client';
import { COUNTERS, type Count } from '../domain/counters.ts';

/** The registry holds the series; `add` is given to those who count. */
export type Counters = { registry: Registry; add: Count };

/** Makes the counters, each there from the start with 0: a rate needs a first value. */
export function createCounters(): Counters {
  const registry = new Registry();
  const made = new Map(
    Object.entries(COUNTERS).map(([name, help]) => [name, new Counter({ name: `sessionshot_${name}_total`, help, registers: [registry] })]),
  );
  return { registry, add: (name, count) => made.get(name)?.inc(count) };
}
