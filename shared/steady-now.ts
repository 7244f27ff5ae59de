/**
 * Milliseconds since the epoch by a clock that nobody sets: the time at which the process began, and what has gone by since
 * (`performance.now`, W3C High Resolution Time). For what must not end early, or late, when the machine's clock jumps.
 */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
