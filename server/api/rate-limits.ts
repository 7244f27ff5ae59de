import { createHash } from 'node:crypto';
import { LIMITS } from '#shared/limits.ts';
import { countedAddress } from '../domain/access/counted-address.ts';
import { clearRates, giveBackRate, type Rate, takeRate } from '../domain/access/take-rate.ts';
import { AppError } from '../domain/app-error.ts';
import type { Deps } from '../domain/deps.ts';

/** What a caller may still do: requests left, and the seconds until there are more. `refusal` when there was none left. */
export type RateState = { limit: number; remaining: number; resetSeconds: number; refusal: AppError | null };

/** Rates that all servers on one database share. */
export type RateLimits = {
  /** Takes one request of an API key from its allowance. */
  takeKeyRequest(keyId: string): Promise<RateState>;
  /**
   * Runs an attempt to prove who somebody is, and counts it if it fails; throws `rate_limited` when there were too many from
   * this address, for this name from this address, or for this name from anywhere. A name of `DOORS` is no account: it is
   * counted by address alone. `code`: the second factor that was given.
   */
  trySignIn<T>(who: { address: string; name: string; code?: string }, attempt: () => Promise<T>): Promise<T>;
  /** Takes one call of somebody who hands in a leaked key; throws `rate_limited` when there were too many from this address. */
  takeRevocation(address: string): Promise<void>;
};

const MINUTE_MS = 60_000;
/** Ways in that name no account: nobody must be able to close them for everybody else. */
const DOORS = ['setup', 'link', 'invite', 'oidc'];

/**
 * Makes the limits: `perSecond` requests a second for each key, and `burst` more at once after a pause. Failed attempts to
 * sign in: ten at once for one name from one address, then one in 90 s; thirty from one address, then one in 30 s; a hundred
 * for one name from anywhere, then one in 9 s.
 */
export function createRateLimits(deps: Pick<Deps, 'db'>, options: { perSecond?: number; burst?: number } = {}): RateLimits {
  const perSecond = options.perSecond ?? LIMITS.keyRatePerSecond;
  const extra = options.burst ?? LIMITS.keyRateBurst;
  const everyMs = 1000 / perSecond;
  const limit = perSecond + extra;

  async function takeKeyRequest(keyId: string): Promise<RateState> {
    const { ok, left, waitMs } = await takeRate(deps, { name: `key ${keyId}`, everyMs, burst: limit });
    if (ok) return { limit, remaining: left, resetSeconds: seconds(everyMs), refusal: null };
    const wait = seconds(waitMs);
    const detail = `This key may send ${perSecond} requests a second, and ${extra} more at once after a pause. Wait ${wait} s, or poll less often with \`Prefer: wait\`.`;
    return { limit, remaining: 0, resetSeconds: wait, refusal: new AppError('rate_limited', detail, { retryAfterSeconds: wait }) };
  }

  async function takeAll(rates: readonly Rate[], detail: string): Promise<void> {
    for (const [index, rate] of rates.entries()) {
      const { ok, waitMs } = await takeRate(deps, rate);
      if (ok) continue;
      await giveBackAll(rates.slice(0, index));
      throw new AppError('rate_limited', detail, { retryAfterSeconds: seconds(waitMs) });
    }
  }

  async function giveBackAll(rates: readonly Rate[]): Promise<void> {
    for (const rate of rates) await giveBackRate(deps, rate);
  }

  return {
    takeKeyRequest,
    // Taken first and given back afterwards: counted when it has failed, a hundred guesses at the same moment would be let through.
    trySignIn: async ({ address, name, code }, attempt) => {
      const rates = signInRates(address, name);
      await takeAll(rates, 'Too many attempts to sign in. Wait a while, or make a new one-time link with `sessionshot open`.');
      const proved = await attempt().catch(async (error: unknown) => {
        if (!isWrongGuess(error, code)) await giveBackAll(rates);
        throw error;
      });
      await giveBackAll(rates);
      // Who has proved to be somebody is forgiven the tries before. Whoever comes through a door has proved nothing of its other users.
      if (!DOORS.includes(name)) await clearRates(deps, [byAddress(address, name), byAccount(name)]);
      return proved;
    },
    takeRevocation: (address) =>
      takeAll(
        [{ name: `revocation from ${digest(countedAddress(address))}`, burst: 30, everyMs: 10_000 }],
        'Too many keys were handed in from this address: go on a little later.',
      ),
  };
}

function signInRates(address: string, name: string): Rate[] {
  return [
    { name: `sign-in from ${digest(countedAddress(address))}`, burst: 30, everyMs: MINUTE_MS / 2 },
    { name: byAddress(address, name), burst: 10, everyMs: 1.5 * MINUTE_MS },
    ...(DOORS.includes(name) ? [] : [{ name: byAccount(name), burst: 100, everyMs: 9_000 }]),
  ];
}

/** Whether a failure may be that of somebody who guesses. Not: a right password whose code is still to come, and faults of a form. */
function isWrongGuess(error: unknown, code: string | undefined): boolean {
  if (!(error instanceof AppError)) return true;
  if (error.code === 'second_factor_needed') return code !== undefined;
  return error.code !== 'invalid_request' && error.code !== 'conflict';
}

const byAddress = (address: string, name: string) => `sign-in ${digest(`${countedAddress(address)} ${name.toLowerCase()}`, NAME_CHARS)}`;
const byAccount = (name: string) => `sign-in to ${digest(name.toLowerCase(), NAME_CHARS)}`;

/**
 * People type passwords where their name belongs, so a name is kept as one of 16 million numbers: too few for whoever has
 * a copy of the table to tell which text it was, and enough that two accounts hardly ever share one.
 */
const NAME_CHARS = 6;

function digest(text: string, chars = 32): string {
  return createHash('sha256').update(text).digest('hex').slice(0, chars);
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
