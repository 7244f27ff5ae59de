import { setTimeout as after } from 'node:timers/promises';
import { type Failure, type FailureCode, failure, type Step } from '#shared/failure.ts';
import type { AttemptScope } from '../attempt-scope.ts';

/** Thrown to end a capture with a failure of the catalogue. Its text is ours: free of page text, values and queries. */
export class CaptureFault extends Error {
  readonly failure: Failure;
  constructor(reason: Failure) {
    super(reason.code);
    this.name = 'CaptureFault';
    this.failure = reason;
  }
}

/** Thrown by `within` when the time of one wait is over while the capture as a whole still has some. */
export class WaitExpired extends Error {
  override readonly name = 'WaitExpired';
}

type Timings = Partial<Record<'session' | 'navigate' | 'settle' | 'actions' | 'render', number>>;

/** One capture under way: its clock, its place, and the one switch that ends every wait at once. */
export type CaptureRun = {
  /** Begins a step: reports it and starts its clock. */
  enter(step: Step): void;
  /** Reports that an action that may have an effect is about to run. */
  sideEffect(): void;
  hadSideEffect(): boolean;
  /** Waits for `work` for at most `ms` and the rest of the capture. Throws WaitExpired, or CaptureFault once stopped. */
  within<T>(ms: number, work: Promise<T>): Promise<T>;
  /** Milliseconds that a wait of `ms` may take now: never past the deadline, at least 1. */
  left(ms?: number): number;
  /** Ends the capture with this failure; the first one counts. */
  stop(reason: Failure): void;
  /** Why the capture was stopped, or null while it runs. */
  stopped(): Failure | null;
  /** The step under way, or null before the first. */
  step(): Step | null;
  /** `detail` goes before the sentence of the catalogue, or `instead` of it. */
  fault(code: FailureCode, detail?: string | { instead: string }): CaptureFault;
  timings(): Timings;
};

/** Binds a capture to its deadline, to the attempt's signal and to the life of its browser. */
export function startRun(scope: AttemptScope, crashed: AbortSignal): CaptureRun & { close(): void } {
  const { promise: halted, reject } = Promise.withResolvers<never>();
  halted.catch(() => undefined); // Seen by whoever waits; without a waiter it must not end the process.
  const ended = new AbortController();
  const clock = createStepClock(scope);
  let reason: Failure | null = null;
  let effect = false;

  const stop = (why: Failure) => {
    if (reason) return;
    reason = why;
    reject(new CaptureFault(why));
  };
  const onCrash = () => stop(failure('browser_crashed', clock.step()));
  const onAbort = () => stop(failure('internal', clock.step(), 'The attempt was stopped by the runner.'));
  const timer = setTimeout(
    () => stop(failure('total_timeout', clock.step(), longestStep(clock.timings()))),
    Math.max(0, scope.deadline - Date.now()),
  );
  if (crashed.aborted) onCrash();
  if (scope.signal.aborted) onAbort();
  crashed.addEventListener('abort', onCrash, { once: true });
  scope.signal.addEventListener('abort', onAbort, { once: true });
  const left = (ms = Number.POSITIVE_INFINITY) => Math.max(1, Math.min(ms, scope.deadline - Date.now()));

  return {
    enter: clock.enter,
    sideEffect: () => {
      effect = true;
      scope.onStep(clock.step() ?? 'actions', true);
    },
    hadSideEffect: () => effect,
    within: async (ms, work) => {
      const over = new AbortController();
      const expiry = after(left(ms), undefined, { signal: AbortSignal.any([over.signal, ended.signal]) });
      // Aborted when `work` wins: an expiry that is no longer waited for has nothing to say.
      const expired = expiry.then(
        () => Promise.reject(new WaitExpired()),
        () => new Promise<never>(() => undefined),
      );
      try {
        return await Promise.race([halted, work, expired]);
      } finally {
        over.abort();
      }
    },
    left,
    stop,
    stopped: () => reason,
    step: clock.step,
    fault: (code, detail) => new CaptureFault(failure(code, clock.step(), detail)),
    timings: clock.timings,
    close: () => {
      clearTimeout(timer);
      ended.abort();
      crashed.removeEventListener('abort', onCrash);
      scope.signal.removeEventListener('abort', onAbort);
    },
  };
}

/** Says which step took longest: what to look at when the time was short. */
export function longestStep(timings: Timings): string {
  const [step, ms] = Object.entries(timings).toSorted(([, one], [, other]) => other - one)[0] ?? [];
  return step === undefined ? '' : `The step \`${step}\` took ${((ms ?? 0) / 1000).toFixed(1)} s of it.`;
}

function createStepClock(scope: AttemptScope) {
  const spent: Timings = {};
  let current: Step | null = null;
  let since = Date.now();
  const settle = () => {
    if (current && current !== 'claimed' && current !== 'store') spent[current] = (spent[current] ?? 0) + Date.now() - since;
    since = Date.now();
  };
  return {
    step: () => current,
    enter: (step: Step) => {
      settle();
      current = step;
      scope.onStep(step);
    },
    timings: () => {
      settle();
      return { ...spent };
    },
  };
}
