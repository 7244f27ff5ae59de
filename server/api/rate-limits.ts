import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { LIMITS } from '#shared/limits.ts';
import { AppError } from '../domain/app-error.ts';

/** What a caller may still do: requests left, and the seconds until there are more. `refusal` when there was none left. */
export type RateState = { limit: number; remaining: number; resetSeconds: number; refusal: AppError | null };

/** Rates that this process guards. Each server counts for itself; the queue and the database have bounds of their own. */
export type RateLimits = {
  /** Takes one request of an API key from its allowance. */
  takeKeyRequest(keyId: string): Promise<RateState>;
  /** Takes one sign-in attempt; throws `rate_limited` when there were too many from this address for this name. */
  takeSignIn(address: string, name: string): Promise<void>;
  /** Forgets failed attempts after a successful sign-in. */
  clearSignIn(address: string, name: string): Promise<void>;
};

/** A burst comes back once in this time. */
const BURST_SECONDS = 60;

/**
 * Makes the limits: `perSecond` requests a second for each key, and `burst` more in a minute; ten sign-in attempts in a
 * quarter of an hour for one name from one address, thirty from one address.
 */
export function createRateLimits(options: { perSecond?: number; burst?: number } = {}): RateLimits {
  const perSecond = options.perSecond ?? LIMITS.keyRatePerSecond;
  const burst = options.burst ?? LIMITS.keyRateBurst;
  const steady = new RateLimiterMemory({ keyPrefix: 'steady', points: perSecond, duration: 1 });
  const extra = new RateLimiterMemory({ keyPrefix: 'burst', points: burst, duration: BURST_SECONDS });
  const byName = new RateLimiterMemory({ keyPrefix: 'sign-in-name', points: 10, duration: 900 });
  const byAddress = new RateLimiterMemory({ keyPrefix: 'sign-in-address', points: 30, duration: 900 });
  const limit = perSecond + burst;

  async function takeKeyRequest(keyId: string): Promise<RateState> {
    const first = await take(steady, keyId);
    if (first.ok) {
      const spare = (await extra.get(keyId))?.remainingPoints ?? burst;
      return { limit, remaining: first.left.remainingPoints + spare, resetSeconds: seconds(first.left.msBeforeNext), refusal: null };
    }
    const second = await take(extra, keyId);
    if (second.ok) return { limit, remaining: second.left.remainingPoints, resetSeconds: seconds(first.left.msBeforeNext), refusal: null };
    const wait = seconds(Math.min(first.left.msBeforeNext, second.left.msBeforeNext));
    const detail = `This key may send ${perSecond} requests a second and ${burst} more in a minute. Wait ${wait} s, or poll less often with \`Prefer: wait\`.`;
    return { limit, remaining: 0, resetSeconds: wait, refusal: new AppError('rate_limited', detail, { retryAfterSeconds: wait }) };
  }

  return {
    takeKeyRequest,
    async takeSignIn(address, name) {
      for (const result of [await take(byAddress, address), await take(byName, `${address} ${name.toLowerCase()}`)]) {
        if (!result.ok)
          throw new AppError(
            'rate_limited',
            'Too many attempts to sign in. Wait a while, or make a new one-time link with `sessionshot open`.',
            { retryAfterSeconds: seconds(result.left.msBeforeNext) },
          );
      }
    },
    async clearSignIn(address, name) {
      await byName.delete(`${address} ${name.toLowerCase()}`);
    },
  };
}

async function take(limiter: RateLimiterMemory, key: string): Promise<{ ok: boolean; left: RateLimiterRes }> {
  try {
    return { ok: true, left: await limiter.consume(key) };
  } catch (error) {
    if (error instanceof RateLimiterRes) return { ok: false, left: error };
    throw error;
  }
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
