/**
 * Computes the wait before retry number `attempt` (1 for the first retry), in milliseconds: exponential from `baseMs`,
 * capped at `maxMs`, with full jitter. `random` gives a number in [0, 1).
 */
export function backoffMs(attempt: number, baseMs: number, maxMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}
