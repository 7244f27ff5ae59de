import type { Resolve } from '#shared/egress-policy.ts';
import { LIMITS } from '#shared/limits.ts';

/** Lets a number of works run at a time; the others wait in the order in which they came. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The system's resolver runs on the few threads that Node has for files as well, and nothing can end it. A page that asks
 * for names whose servers never answer would stop all captures of the runner: so one thread is left for other work.
 */
const everybody = openGate(LIMITS.lookUpsMax);

/**
 * Makes the look-ups of one capture: no more than `LIMITS.captureLookUpsMax` at once, those of other captures counted too no
 * more than `LIMITS.lookUpsMax`; a name that is being looked up is not asked for twice. What has waited for longer than
 * anybody waits for the answer is not asked any more: it rejects.
 */
export function limitLookUps(
  resolve: Resolve,
  { all = everybody, waitMs = LIMITS.dnsMsMax }: { all?: Gate; waitMs?: number } = {},
): Resolve {
  const own = openGate(LIMITS.captureLookUpsMax);
  const running = new Map<string, Promise<string[]>>();
  return async (host) => {
    const known = running.get(host);
    if (known !== undefined) return await known;
    const until = Date.now() + waitMs;
    const ask = async () => {
      if (Date.now() > until) throw new Error('nobody waits for this look-up any more');
      return await resolve(host);
    };
    const asked = own(() => all(ask)).finally(() => running.delete(host));
    running.set(host, asked);
    return await asked;
  };
}

export function openGate(max: number): Gate {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (work) => {
    const { promise: turn, resolve: begin } = Promise.withResolvers<void>();
    if (busy < max) {
      busy += 1;
      begin();
    } else waiting.push(begin);
    await turn;
    try {
      return await work();
    } finally {
      // The place goes from hand to hand.
      const next = waiting.shift();
      if (next) next();
      else busy -= 1;
    }
  };
}
