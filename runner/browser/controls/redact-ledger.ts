/// <reference lib="dom" />
import type { PageRule } from './redact-text.ts';

export type RedactorState = {
  /** For each rule: places replaced, and what it found at all (for a selector: elements). */
  replaced: number[];
  found: number[];
  /** Rules that found something that was not replaced before it could be drawn, since the last `mark`. */
  late: number[];
  /** Rules by selector against which the page's own styles win: what they name is still drawn. */
  failed: number[];
  /** The page answered each of our writes with one of its own, without end: it was given up. */
  overrun: boolean;
};
export type Ledger = {
  /** Notes that a rule replaced something at a place; each place counts once, however often it comes back. */
  hit(rule: number, place: Node, key: string, count: number, owner?: Element): void;
  /** Whether anything was replaced in an element that a selector names. */
  isTreated(owner: Element): boolean;
  fail(rule: number): void;
  /** Notes that the selector of a rule names an element. */
  name(rule: number, element: Element): void;
  mayWrite(): boolean;
  /** Keeps writes for the end of a walk, and looks at what they did for after them. `settle` does both. */
  later(write: () => void): void;
  afterwards(look: () => void): void;
  settle(): void;
  /** What `work` finds could have been drawn before. */
  asLate(work: () => void): void;
  sweeping(work: () => void): void;
  tick(): void;
  forgetLate(): void;
  forgetFailed(): void;
  state(): RedactorState;
};

/** Makes the memory of a redactor: what each rule did, and what came too late. Runs in the page. */
export function makeLedger(rules: readonly PageRule[]): Ledger {
  const WRITES_PER_TICK_MAX = 10_000;
  /** On a slow machine the browser would end the page's script, and the loop with it, before that many. */
  const TICK_MS_MAX = 4000;
  const SLOW_WRITES_MIN = 500;
  const places = new WeakMap<Node, Set<string>>();
  const replaced = rules.map(() => 0);
  const found = rules.map(() => 0);
  const late = new Set<number>();
  const failed = new Set<number>();
  const treated = new WeakSet<Element>();
  let written = 0;
  let since = 0;
  let isLate = false;
  let isSweeping = false;
  let overrun = false;
  const once = (place: Node, key: string) => {
    const known = places.get(place) ?? new Set();
    places.set(place, known);
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  };
  const writes: (() => void)[] = [];
  const looks: (() => void)[] = [];
  return {
    later: (write) => void writes.push(write),
    afterwards: (look) => void looks.push(look),
    settle: () => {
      // A look may ask for another write, and that for one more look: three rounds are all there can be.
      while (writes.length + looks.length > 0) {
        for (const write of writes.splice(0)) write();
        for (const look of looks.splice(0)) look();
      }
    },
    hit: (rule, place, key, count, owner) => {
      if (owner) treated.add(owner);
      if (isLate) late.add(rule);
      if (!once(place, `${rule} ${key}`)) return;
      replaced[rule] = (replaced[rule] ?? 0) + count;
      if (rules[rule]?.text) found[rule] = (found[rule] ?? 0) + count;
    },
    isTreated: (owner) => treated.has(owner),
    fail: (rule) => failed.add(rule),
    name: (rule, element) => {
      if (once(element, `found ${rule}`)) found[rule] = (found[rule] ?? 0) + 1;
    },
    // A page that answers each of our writes with one of its own would hang here: no clock ticks in between.
    mayWrite: () => {
      if (isSweeping) return !overrun;
      if (written++ === 0) since = performance.now();
      const isSlow = written > SLOW_WRITES_MIN && performance.now() - since > TICK_MS_MAX;
      if (written > WRITES_PER_TICK_MAX || isSlow) overrun = true;
      return !overrun;
    },
    asLate: (work) => {
      isLate = true;
      try {
        work();
      } finally {
        isLate = false;
      }
    },
    sweeping: (work) => {
      isSweeping = true;
      try {
        work();
      } finally {
        isSweeping = false;
      }
    },
    tick: () => {
      written = 0;
    },
    forgetLate: () => late.clear(),
    forgetFailed: () => failed.clear(),
    state: () => ({ replaced, found, late: [...late], failed: [...failed], overrun }),
  };
}
