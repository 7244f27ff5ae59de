import type { AllowedDomain } from '#shared/allowed-domain.ts';
import type { Verdict } from '#shared/capture.ts';
import { type Failure, type FailureCode, failure, type Step } from '#shared/failure.ts';
import { looksLikeSession } from '../session/session-names.ts';
import { navigationFault } from '../visit/navigation-guard.ts';
import type { Nothing } from './read-between.ts';
import type { PageFacts } from './read-facts.ts';
import { layerSign, loneSign, SHORT_PAGE_CHARS, wallSign } from './wall-signs.ts';

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
  verify: { met: boolean; weak: boolean; at: string } | null;
  facts: readonly PageFacts[];
  /** Names of injected cookies that the site has deleted, none of their kind being left. */
  deletedCookies: readonly string[];
  domains: readonly AllowedDomain[];
  /** The request says by text or selector what the page must show: then the page is no error page for its looks. */
  describesPage: boolean;
};
export type Judgement = { verdict: Verdict; failure: Failure | null };

/** "Sign in first", by the standard, by proxies and by a well-known web server. */
const SIGN_IN_STATUSES = new Set([401, 407, 440]);
/** What a failure says about the page when it was stopped before it could be judged. */
const VERDICT_OF: Partial<Record<FailureCode, Verdict>> = {
  login_wall: 'login_wall',
  access_denied: 'denied',
  target_http_error: 'error_page',
};
const SOFT_ERROR_CHARS = 600;
const NOTHING: Record<Nothing, string> = {
  denied: 'The page says nothing but that access is denied.',
  error: 'the page says that it is an error page.',
  closed: 'the page says that the site is closed for maintenance.',
};
/** A picture of a sign-in page is never stored for one that was asked for, whatever word or element of it the check names. */
const MET_ON_SIGN_IN =
  '`auth.verify` was met, but on a page that shows hardly anything but a sign-in form. Let it name what only a signed-in user sees.';
const RIGHT_PAGE = 'If it is the page that you want, say so with `expect: [{ "text": … }]`, or with `selector`.';

/**
 * Decides what the page turned out to be. A wall, a refusal or an error page is a failure, so that no picture of it is
 * ever filed under the page that was asked for. Signs are weighed together: a settings page may hold a password field,
 * a report may be about logins.
 */
export function judgePage(input: VerdictInput, step: Step): Judgement {
  const fail = (verdict: Verdict, code: FailureCode, detail?: string | { instead: string }): Judgement => ({
    verdict,
    failure: failure(code, step, detail),
  });
  const wall = (sign: string) => fail('login_wall', 'login_wall', input.hasAuth ? sign : withoutAuth(sign));
  if (input.finalUrl.startsWith('chrome-error:'))
    return fail('error_page', 'target_http_error', {
      instead: 'The page went to an address that did not answer, and the browser shows its own error page.',
    });
  const outside = navigationFault(input.finalUrl, input.domains, step);
  if (outside) return { verdict: outside.code === 'login_wall' ? 'login_wall' : 'error_page', failure: outside };

  const main = input.facts[0];
  // Given a session or not, the check stands in front of the page and its picture is not one of it.
  const isProven = input.verify?.met === true && !input.verify.weak;
  if (main?.botCheck && main.textLength < SHORT_PAGE_CHARS && !main.hasData && !main.hasSignOut && !isProven)
    return { verdict: 'denied', failure: botCheckFailure(main.botCheck, step) };
  // What comes between a sign-in and the page is told by its words alone: the caller's description of the page stands against it.
  const read = input.describesPage ? input.facts.map((facts) => ({ ...facts, between: null })) : input.facts;
  const sign = input.hasAuth ? wallSign({ ...input, facts: read }) : null;
  const byStatus = judgeStatus(input, sign, { fail, wall });
  if (byStatus) return byStatus;
  if (input.verify && !input.verify.met) {
    const denied = input.facts.some((facts) => facts.titleSaysDenied) && !sign;
    const { at } = input.verify;
    if (denied) return fail('denied', 'access_denied', `The check in \`${at}\` was not met and the page speaks of missing permission.`);
    if (sign) return wall(`The check in \`${at}\` was not met. ${sign}`);
    return fail('login_wall', 'login_wall', { instead: unmetWithoutSign(input, at) });
  }
  const layer = layerSign(input);
  if (input.hasAuth && isProven && !layer && loneSign(input)) return wall(MET_ON_SIGN_IN);
  const counted = isProven ? input.hasAuth && layer : sign;
  if (counted) return wall(`${counted}${layer ? '' : rightPage(read)}`);
  const nothing = nothingOf(input);
  if (nothing) {
    const said = `${NOTHING[nothing]} ${RIGHT_PAGE}`;
    if (nothing === 'denied') return fail('denied', 'access_denied', said);
    return fail('error_page', 'target_http_error', { instead: `The site answered ${input.httpStatus ?? 200}, but ${said}` });
  }
  return { verdict: input.verify ? 'authenticated' : 'unverified', failure: null };
}

type Outcomes = { fail: (verdict: Verdict, code: FailureCode, detail: string) => Judgement; wall: (sign: string) => Judgement };

/** Judges by the status of the main document; null where it says nothing. */
function judgeStatus(input: VerdictInput, sign: string | null, { fail, wall }: Outcomes): Judgement | null {
  const status = input.httpStatus ?? 200;
  if (status < 400 || input.expectedStatuses.includes(status)) return null;
  if (SIGN_IN_STATUSES.has(status)) return wall(`The site answered ${status}.`);
  if (sign) return wall(`The site answered ${status}. ${sign}`);
  if (status === 403) return fail('denied', 'access_denied', 'The site answered 403.');
  // Sites that hide what exists answer 404 to everybody they do not know.
  const unknown = input.hasAuth && status === 404 && input.facts[0]?.linksToSignIn && !input.facts[0].hasSignOut;
  const hint = unknown ? ' It also offers to sign in, so it may not have known the session.' : '';
  return fail('error_page', 'target_http_error', `The site answered ${status}.${hint}`);
}

/** Names the verdict that a failure stands for; null for one that says nothing about the page. */
export function verdictOf(code: FailureCode): Verdict | null {
  return VERDICT_OF[code] ?? null;
}

/** A caller who sent no session has none to renew. */
function withoutAuth(sign: string): { instead: string } {
  return { instead: `${sign} The page asked to sign in, so nothing was stored. Send an auth state of a user who may see it.` };
}

/** How a page that is right after all is allowed; a layer over the page cannot be, nor a page of nothing but a sign-in form. */
function rightPage(facts: readonly PageFacts[]): string {
  const isTold = facts.some(({ between }) => between !== null);
  return ` If it is the page that you want and it has more than a sign-in form, name what it shows in \`auth.verify\`${isTold ? ' or in `expect`' : ''}, as \`selector\` or \`text\`.`;
}

/** The page asked for nothing: either the check is wrong, or the page is another one than that of a known user. */
function unmetWithoutSign({ targetUrl, finalUrl }: VerdictInput, at: string): string {
  const [target, final] = [new URL(targetUrl), new URL(finalUrl)];
  const isElsewhere = target.host !== final.host || target.pathname !== final.pathname;
  const where = isElsewhere ? ` The capture ended at another address than the target, on ${final.host}.` : '';
  return `The check in \`${at}\` was not met, so nothing was stored. The page showed no sign of a sign-in page.${where} Check that \`${at}\` names what this page shows to a signed-in user; if it does, the session was not known: send a fresh auth state.`;
}

function botCheckFailure(maker: string, step: Step): Failure {
  const by = maker === 'unknown' ? '' : ` of ${maker}`;
  return failure('access_denied', step, {
    instead: `The site shows a check for robots${by} instead of the page, so nothing was stored. Such checks are neither solved nor evaded: let the site admit the address of your runners, or give an \`auth\` state or header that it admits.`,
  });
}

/** What a short page says instead of what was asked for, unless it was asked for by its name or is described by the caller. */
function nothingOf({ facts, targetUrl, describesPage, verify, httpStatus }: VerdictInput): Nothing | null {
  const main = facts[0];
  if (!main || describesPage || (httpStatus ?? 200) >= 400 || (verify?.met && !verify.weak)) return null;
  if (main.nothing === 'denied') return main.nothing;
  const isError = main.saysError && !main.hasData && main.passwords.length === 0 && main.textLength <= SOFT_ERROR_CHARS;
  const named = /(?:^|[/_-])(?:40[0-9]|50[0-9]|not-?found|error)(?:[/._-]|$)/i.test(new URL(targetUrl).pathname);
  return named ? null : (main.nothing ?? (isError ? 'error' : null));
}

/**
 * Lists the injected cookies that look like a session and that the site has deleted, when no cookie of that kind is
 * left: an app that swaps a one-time cookie for a new one leaves the new one.
 */
export function deletedSessionCookies<T extends { name: string; httpOnly?: boolean; expires?: number }>(
  injected: readonly T[],
  jar: readonly T[],
  isSame: (kept: T, given: T) => boolean,
): string[] {
  // A cookie that ran out by itself during the capture was not deleted by anybody.
  const lasting = injected.filter(
    (cookie) => looksLikeSession(cookie) && (cookie.expires === undefined || cookie.expires === -1 || cookie.expires * 1000 > Date.now()),
  );
  const deleted = lasting.filter((given) => !jar.some((kept) => isSame(kept, given)));
  const anyLeft = jar.some(looksLikeSession);
  return anyLeft ? [] : deleted.map((cookie) => cookie.name);
}
