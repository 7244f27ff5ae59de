import { FAILURES } from '#shared/failure.ts';

/** A page that was not ready in time, whose request says already what to wait for: to do that is no remedy. */
const STILL_BUSY =
  'The page did not settle in time. Raise `timeouts.readiness`, leave the waiting to `waitFor` alone by `waitUntil: "load"`, or set `onTimeout: "capture"`.';
const NOT_MET = 'Check it against the page the user sees, raise its `timeout` or `timeouts.readiness`, or set `onTimeout: "capture"`.';

/** Says what held a page that did not settle, with the remedy that is left to the request. */
export function didNotSettle(held: string, request: { waitFor?: unknown }): string | { instead: string } {
  const why = `It still waited for: ${held}.`;
  return request.waitFor === undefined ? why : { instead: `${why} ${STILL_BUSY}` };
}

/** Says which item of `waitFor` never came. `at`: its place in the request. */
export function waitNotMet(at: string): { instead: string } {
  return { instead: `\`${at}\` was not met in time. ${NOT_MET}` };
}

/** Takes the remedy off a sentence of this page or of the catalogue, where another one is the right one. */
export function withoutRemedy(detail: string): string {
  return [FAILURES.readiness_timeout.says, STILL_BUSY, NOT_MET].reduce((text, remedy) => text.replace(remedy, ''), detail).trim();
}
