import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '#shared/backoff.ts';
import type { Step } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Claim } from '#shared/runner-protocol.ts';
import { steadyNow } from '#shared/steady-now.ts';
import { type ControlPlane, LeaseLost } from './control-plane.ts';

/** A server that does not hold heartbeats must not be asked in a tight loop. */
const HEARTBEAT_GAP_MS = 250;
const PULSE_MS = 500;

export type Progress = { step: Step; sideEffects: boolean };
export type LeaseEnd = 'canceled' | 'lease_lost';
export type HeldJob = {
  /** Until when the lease holds by `steadyNow`, epoch ms; moves with each answer. */
  until(): number;
  /**
   * Sends progress before the next heartbeat is due: at once when it is `urgent`, else within `PULSE_MS`, so that the
   * quick steps of an ordinary capture do not make a call each.
   */
  pulse(urgent?: boolean): void;
  /** Stops the heartbeats. */
  end(): void;
};

/**
 * Keeps a claimed job's lease alive by heartbeats that the server holds, which is how a cancel arrives within seconds.
 * Calls `onEnd` at most once, when the capture was canceled or the lease lost. A server that is away is asked again and
 * again until `end`: the work goes on meanwhile, and the server's fence decides what its report is worth.
 */
export function holdLease(parts: {
  control: ControlPlane;
  claim: Claim;
  progress: () => Progress;
  onEnd: (end: LeaseEnd) => void;
  log: Log;
}): HeldJob {
  const { control, claim, progress, onEnd, log } = parts;
  const ended = new AbortController();
  let current = new AbortController();
  let until = steadyNow() + claim.leaseMs;

  const beat = async (): Promise<LeaseEnd | null> => {
    const startedAt = steadyNow();
    current = new AbortController();
    const pulsed = current.signal;
    try {
      const answer = await control.heartbeat(
        claim.jobId,
        { leaseToken: claim.leaseToken, ...progress() },
        AbortSignal.any([ended.signal, pulsed]),
      );
      until = steadyNow() + answer.leaseMs;
      if (answer.canceled) return 'canceled';
      await pause(startedAt + HEARTBEAT_GAP_MS - steadyNow(), AbortSignal.any([ended.signal, pulsed]));
    } catch (error) {
      if (error instanceof LeaseLost) return 'lease_lost';
      if (!pulsed.aborted) throw error;
    }
    return null;
  };
  const loop = async (): Promise<void> => {
    // The claim has just said what a heartbeat would: the first moments belong to the page.
    await pause(HEARTBEAT_GAP_MS, AbortSignal.any([ended.signal, current.signal]));
    for (let failures = 0; !ended.signal.aborted; ) {
      try {
        const end = await beat();
        if (end && !ended.signal.aborted) onEnd(end);
        if (end) return;
        failures = 0;
      } catch (error) {
        if (ended.signal.aborted) return;
        failures += 1;
        log.warn('a heartbeat was not answered', { count: failures, error });
        await pause(backoffMs(failures, 250, LIMITS.callRetryMsMax), ended.signal);
      }
    }
  };
  void loop();
  let pulsing: NodeJS.Timeout | null = null;
  const pulse = (urgent = false) => {
    if (urgent) return current.abort();
    pulsing ??= setTimeout(() => {
      pulsing = null;
      current.abort();
    }, PULSE_MS);
  };
  const end = () => {
    if (pulsing) clearTimeout(pulsing);
    ended.abort();
  };
  return { until: () => until, pulse, end };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // An abort ends the pause early, which is all it is for.
  if (ms > 0) await wait(ms, undefined, { signal }).catch(() => undefined);
}
