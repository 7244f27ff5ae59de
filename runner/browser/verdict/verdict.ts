import type { AllowedDomain } from '#shared/allowed-domain.ts';
import type { Verdict } from '#shared/capture.ts';
import { type Failure, type FailureCode, failure, type Step } from '#shared/failure.ts';
import { navigationFault } from '../visit/navigation-guard.ts';
import type { PageFacts } from './page-facts.ts';
import { isSignInHost, isSignInPath, looksLikeSignIn } from './sign-in-signs.ts';

/** Everything the verdict is made from. */
export type VerdictInput = {
  targetUrl: string;
  finalUrl: string;
  /** Of the main document shown last; null when it did not come over the network. */
  httpStatus: number | null;
  /** Statuses that `expect` asks for: these are no error. */
  expectedStatuses: readonly number[];
  hasAuth: boolean;
  /** Null without `auth.verify`; `weak` is a check of the URL alone, which a sign-in page at the same URL passes too. */
  verify: { met: boolean; weak: boolean } | null;
  facts: readonly PageFacts[];
  /** Names of injected cookies that the site has deleted, none of their kind being left. */
  deletedCookies: readonly string[];
  domains: readonly AllowedDomain[];
};
export type Judgement = { verdict: Verdict; failure: Failure | null };

const SHORT_PAGE_CHARS = 900;

/**
 * Decides what the page turned out to be. A wall, a refusal or an error page is a failure, so that no picture of it is
 * ever filed under the page that was asked for. Signs are weighed together: a settings page may hold a password field,
 * a report may be about logins.
 */
export function judgePage(input: VerdictInput, step: Step): Judgement {
  const fail = (verdict: Verdict, code: FailureCode, detail?: string): Judgement => ({ verdict, failure: failure(code, step, detail) });
  const wall = (sign: string): Judgement =>
    input.hasAuth
      ? fail('login_wall', 'login_wall', sign)
      : { verdict: 'login_wall', failure: failure('login_wall', step, withoutAuth(sign)) };
  const outside = navigationFault(input.finalUrl, input.domains, step);
  if (outside) return { verdict: outside.code === 'login_wall' ? 'login_wall' : 'error_page', failure: outside };

  const status = input.httpStatus ?? 200;
  if (status >= 400 && !input.expectedStatuses.includes(status)) {
    if (status === 401 || status === 407) return wall(`The site answered ${status}.`);
    if (status === 403) return fail('denied', 'access_denied', 'The site answered 403.');
    return fail('error_page', 'target_http_error', `The site answered ${status}.`);
  }
  if (input.verify && !input.verify.met) {
    const denied = input.facts.some((facts) => facts.titleSaysDenied) && !hasWall(input);
    return denied
      ? fail('denied', 'access_denied', 'The check in `auth.verify` was not met and the page speaks of missing permission.')
      : wall('The check in `auth.verify` was not met.');
  }
  if (!input.hasAuth) return { verdict: input.verify ? 'authenticated' : 'unverified', failure: null };
  if (input.verify && !input.verify.weak) return { verdict: 'authenticated', failure: null };
  const sign = wallSign(input);
  if (sign) return wall(sign);
  return { verdict: input.verify ? 'authenticated' : 'unverified', failure: null };
}

/** A caller who sent no session has none to renew. */
function withoutAuth(sign: string): { instead: string } {
  return { instead: `${sign} The page asked to sign in, so nothing was stored. Send an auth state of a user who may see it.` };
}

function hasWall(input: VerdictInput): boolean {
  return wallSign(input) !== null;
}

/** Names the sign that the page is a sign-in wall, or null. A target that is a sign-in page itself shows none. */
function wallSign(input: VerdictInput): string | null {
  if (looksLikeSignIn(input.targetUrl)) return null;
  const hasSignOut = input.facts.some((facts) => facts.hasSignOut);
  const target = new URL(input.targetUrl);
  const final = new URL(input.finalUrl);
  if (!hasSignOut && isSignInPath(final)) return 'The page went to a sign-in address.';
  if (!hasSignOut && final.hostname !== target.hostname && isSignInHost(final.hostname))
    return `The page went to sign in at ${final.hostname}.`;
  if (input.facts.some((facts) => asksForPassword(facts, hasSignOut))) return 'The page shows a sign-in form.';
  if (!hasSignOut && input.facts.some(offersOnlySignIn)) return 'The page offers nothing but to sign in.';
  if (input.deletedCookies.length > 0) return `The site deleted the session cookie ${input.deletedCookies.slice(0, 3).join(', ')}.`;
  return null;
}

function asksForPassword(facts: PageFacts, hasSignOut: boolean): boolean {
  return facts.passwords.some((field) => {
    if (field.isNewPassword || field.hasOtherPurpose) return false;
    // Over the page lies a dialog that asks to sign in again: what is behind it was loaded before the session ended.
    if (field.inDialog && (field.hasSignInWords || (field.hasUserField && !hasSignOut))) return true;
    if (hasSignOut) return false;
    if (field.hasSignInWords || facts.titleSaysSignIn) return true;
    return field.hasUserField && facts.textLength < SHORT_PAGE_CHARS;
  });
}

function offersOnlySignIn(facts: PageFacts): boolean {
  return facts.titleSaysSignIn && facts.offersSignIn && facts.textLength < SHORT_PAGE_CHARS;
}

const SESSION_NAMES = /sess|sid\b|^sid|auth|token|jwt|login|remember|identity|sso|connect\.|user/i;

/**
 * Lists the injected cookies that look like a session and that the site has deleted, when no cookie of that kind is
 * left: an app that swaps a one-time cookie for a new one leaves the new one.
 */
export function deletedSessionCookies<T extends { name: string; httpOnly?: boolean; expires?: number }>(
  injected: readonly T[],
  jar: readonly T[],
  isSame: (kept: T, given: T) => boolean,
): string[] {
  const isSession = (cookie: T) => cookie.httpOnly === true || SESSION_NAMES.test(cookie.name);
  // A cookie that ran out by itself during the capture was not deleted by anybody.
  const lasting = injected.filter(
    (cookie) => isSession(cookie) && (cookie.expires === undefined || cookie.expires === -1 || cookie.expires * 1000 > Date.now()),
  );
  const deleted = lasting.filter((given) => !jar.some((kept) => isSame(kept, given)));
  const anyLeft = jar.some(isSession);
  return anyLeft ? [] : deleted.map((cookie) => cookie.name);
}
