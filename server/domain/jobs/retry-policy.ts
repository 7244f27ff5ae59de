import { backoffMs } from '#shared/backoff.ts';
import { FAILURES, type FailureCode } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';

const TARGET_WAIT_MS = { first: 5_000, later: 20_000 };
const SERVICE_WAIT_MS = { base: 2_000, max: 60_000 };

export type FailedAttempt = {
  code: FailureCode;
  httpStatus: number | null;
  /** Number of the attempt that failed, from 1. */
  attempt: number;
  /** Failures of class `target` before this one. */
  targetFailures: number;
  /** An action that may have had an effect has begun, in this attempt or an earlier one. */
  sideEffects: boolean;
  retryAfterActions: boolean;
};
export type RetryDecision = { retry: true; delayMs: number } | { retry: false; code: FailureCode };

/**
 * Decides whether a failed attempt is tried again, and after how many milliseconds. What the page or the caller must
 * change is never repeated. After an action that may have had an effect nothing is repeated unless asked: a click may
 * have sent something. `random` gives a number in [0, 1).
 */
export function decideRetry(failed: FailedAttempt, random: () => number = Math.random): RetryDecision {
  const final = (code: FailureCode): RetryDecision => ({ retry: false, code });
  const untouched = !failed.sideEffects || failed.retryAfterActions;
  const attemptsLeft = failed.attempt < LIMITS.attemptsMax;
  switch (FAILURES[failed.code].retry) {
    case 'never':
      return final(failed.code);
    case 'target': {
      // A 4xx is the site's considered answer: asking again would only repeat it.
      const answered = failed.code === 'target_http_error' && (failed.httpStatus ?? 0) < 500;
      const failures = failed.targetFailures + 1;
      if (answered || !untouched || !attemptsLeft || failures >= LIMITS.targetAttemptsMax) return final(failed.code);
      const waitMs = failures === 1 ? TARGET_WAIT_MS.first : TARGET_WAIT_MS.later;
      return { retry: true, delayMs: backoffMs(1, waitMs, waitMs, random) };
    }
    case 'service':
      if (!untouched) return final('interrupted');
      return attemptsLeft
        ? { retry: true, delayMs: backoffMs(failed.attempt, SERVICE_WAIT_MS.base, SERVICE_WAIT_MS.max, random) }
        : final(failed.code);
  }
}
