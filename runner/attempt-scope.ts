import type { Step } from '#shared/failure.ts';
import type { Log } from '#shared/log.ts';

/**
 * What one attempt passes down to everything it calls: when it must be over (`deadline`, milliseconds since the epoch),
 * the signal that ends it early (canceled, lease lost, drain over), its log, and where to report progress.
 * `onStep` is called when a step begins; with `sideEffects` true once an action that may have an effect has begun,
 * because from then on the attempt must not be repeated unless the caller allowed it.
 */
export type AttemptScope = {
  deadline: number;
  signal: AbortSignal;
  log: Log;
  onStep(step: Step, sideEffects?: boolean): void;
};
