import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import type { AttemptEnd, Surroundings } from './attempt.ts';
import type { JobSource, TakeJob } from './job-source/job-source.ts';
import type { Slots } from './slots.ts';

export type RunLoop = {
  /** How many attempts run now. */
  running(): number;
  /**
   * Takes no new job from now on, lets the running ones finish for at most `drainMs`, then gives the rest back unused.
   * Resolves when none runs any more, at the latest a bounded while after that. Never rejects; a second call joins.
   */
  drain(drainMs: number): Promise<void>;
};
export type RunLoopParts = {
  source: JobSource;
  attempt: (claim: Claim, surroundings: Surroundings) => Promise<AttemptEnd>;
  slots: Pick<Slots, 'alone'>;
  log: Log;
};

// After the giving back: the page's grace, and a report to a server that may be slow.
const GIVE_BACK_MS_MAX = LIMITS.abortGraceMs + LIMITS.callMsMax;

/** Starts taking jobs and goes on until it is drained. */
export function startRunLoop({ source, attempt, slots, log }: RunLoopParts): RunLoop {
  const stop = new AbortController();
  const giveBack = new AbortController();
  let running = 0;
  let draining: Promise<void> | null = null;
  let ended = Promise.withResolvers<void>();
  const take: TakeJob = async (claim, claimNext) => {
    running += 1;
    const door: { open: (() => void) | null } = { open: null };
    const beAlone = async (signal: AbortSignal): Promise<boolean> => {
      door.open = await slots.alone(signal);
      // An attempt frees its slot before its result is stored: that must be over too.
      while (door.open && running > 1 && !signal.aborted) await Promise.race([ended.promise, aborted(signal)]);
      return door.open !== null && !signal.aborted;
    };
    try {
      const surroundings = { drain: giveBack.signal, claimNext: claim.alone ? () => undefined : claimNext, beAlone };
      await attempt(claim, surroundings);
    } catch (error) {
      log.error('an attempt ended in a way it must not', { jobId: claim.jobId, error });
    } finally {
      running -= 1;
      ended.resolve();
      ended = Promise.withResolvers();
      door.open?.();
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

async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await promise;
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const limit = new AbortController();
  const late = wait(ms, false, { signal: limit.signal }).catch(() => false);
  const ended = await Promise.race([work.then(() => true), late]);
  limit.abort();
  return ended;
}
