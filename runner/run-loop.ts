import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import type { AttemptEnd, Surroundings } from './attempt.ts';
import type { JobSource, TakeJob } from './job-source/job-source.ts';

export type RunLoop = {
  /** How many attempts run now. */
  running(): number;
  /**
   * Takes no new job from now on, lets the running ones finish for at most `drainMs`, then gives the rest back unused.
   * Resolves when none runs any more, at the latest a bounded while after that. Never rejects; a second call joins.
   */
  drain(drainMs: number): Promise<void>;
};
export type RunLoopParts = { source: JobSource; attempt: (claim: Claim, surroundings: Surroundings) => Promise<AttemptEnd>; log: Log };

// After the giving back: the page's grace, and a report to a server that may be slow.
const GIVE_BACK_MS_MAX = LIMITS.abortGraceMs + LIMITS.callMsMax;

/** Starts taking jobs and goes on until it is drained. */
export function startRunLoop({ source, attempt, log }: RunLoopParts): RunLoop {
  const stop = new AbortController();
  const giveBack = new AbortController();
  let running = 0;
  let draining: Promise<void> | null = null;
  const take: TakeJob = async (claim, claimNext) => {
    running += 1;
    try {
      await attempt(claim, { drain: giveBack.signal, claimNext });
    } catch (error) {
      log.error('an attempt ended in a way it must not', { jobId: claim.jobId, error });
    } finally {
      running -= 1;
    }
  };
  const done = source.run(take, stop.signal);
  const drain = async (drainMs: number): Promise<void> => {
    stop.abort();
    log.info('draining', { count: running, ms: drainMs });
    if (await endsWithin(done, drainMs)) return;
    log.warn('the time for draining is over: attempts are given back', { count: running });
    giveBack.abort();
    if (!(await endsWithin(done, GIVE_BACK_MS_MAX))) log.error('attempts did not end; their leases will run out', { count: running });
  };
  return {
    running: () => running,
    drain: (drainMs) => {
      draining ??= drain(drainMs);
      return draining;
    },
  };
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const limit = new AbortController();
  const late = wait(ms, false, { signal: limit.signal }).catch(() => false);
  const ended = await Promise.race([work.then(() => true), late]);
  limit.abort();
  return ended;
}
