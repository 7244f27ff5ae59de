import { failure, type Step } from '#shared/failure.ts';
import { CaptureFault } from '../capture-run.ts';
import { isSameCookie } from '../session/session.ts';
import { checkExpectations, checkVerify, isVerifyInSight } from '../visit/expectations.ts';
import type { Visit } from '../visit/visit.ts';
import { readPageFacts } from './page-facts.ts';
import { isStill } from './page-state.ts';
import { newOnPaper } from './paper-facts.ts';
import type { PageFacts } from './read-facts.ts';
import { deletedSessionCookies, type Judgement, judgePage, type VerdictInput } from './verdict.ts';
import { SHORT_PAGE_CHARS } from './wall-signs.ts';

const CHECK_MS_MAX = 5000;

/**
 * Judges the page and throws its failure, if any, with the verdict noted. `early` looks for a wall before actions run
 * and leaves the caller's own checks for later, `first` gives those a moment to become true, `again` looks once.
 */
export async function judgeVisit(visit: Visit, when: 'early' | 'first' | 'again'): Promise<void> {
  const { page, run, payload, auth, network, observed, domains, context } = visit;
  const { request, target } = payload;
  const patience = when === 'first' ? Math.min(request.timeouts.action, CHECK_MS_MAX) : 0;
  const checks = { page, run, httpStatus: network.documentStatus };
  const step = run.step() ?? 'settle';
  const stopped = run.stopped();
  if (stopped) throw new CaptureFault(stopped);

  // What was found on the page before it was redacted need not be found on what is left of it.
  const isRedacted = when === 'again' && request.redact.length > 0;
  const cookies = auth?.cookies ?? [];
  const screen = visit.known?.facts ?? [];
  const read = async () => {
    const paper = when === 'again' && visit.isPaperOther ? await readPageFacts(visit) : null;
    return { paper, facts: await factsOf(visit, when) };
  };
  // Before the address is read: a page that is told that print is over may go elsewhere.
  const [{ paper, facts }, jar] = await Promise.all([read(), cookies.length > 0 ? run.within(CHECK_MS_MAX, context.cookies()) : []]);
  const input = {
    targetUrl: target.href,
    finalUrl: page.url(),
    httpStatus: network.documentStatus(),
    expectedStatuses: request.expect.flatMap((expect) => (expect.status === undefined ? [] : [expect.status])),
    hasAuth: auth !== null,
    // Where text was blanked, the form may be all that is left of a page that was judged with it.
    facts: isRedacted ? facts.map((each) => ({ ...each, lone: null })) : facts,
    deletedCookies: deletedSessionCookies(cookies, jar, isSameCookie),
    domains,
    describesPage: request.expect.some(
      (expect) => expect.text !== undefined || (expect.selector !== undefined && expect.state !== 'detached'),
    ),
  };
  if (paper) judgePaper(visit, { ...input, facts: paper.facts.map((facts) => newOnPaper(facts, screen)) });
  // A wall by its signs is named at once; only a page without any is given time to meet the caller's check.
  const quick = judgePage({ ...input, verify: null }, step);
  const verify = request.auth?.verify;
  // Before the actions the check is asked only against a suspicion: what it looks for may come with them.
  const isAsked = when !== 'early' || quick.failure !== null;
  const asked =
    verify && isAsked ? await checkVerify(checks, isRedacted ? withoutText(verify) : verify, quick.failure ? 0 : patience) : null;
  if (asked?.met && verify?.selector !== undefined && quick.failure?.code === 'login_wall' && !isRedacted)
    asked.met = await isVerifyInSight(checks, verify.selector);
  const judged = asked ? judgePage({ ...input, finalUrl: page.url(), httpStatus: network.documentStatus(), verify: asked }, step) : quick;
  if (judged.failure || when !== 'early') observed.verdict = judged.verdict;
  if (judged.failure) throw new CaptureFault(judged.failure);
  if (when === 'early') return;
  if (visit.known?.unread && !observed.partial) throw run.fault('readiness_timeout', visit.known.unread);
  const unmet = await checkExpectations(checks, isRedacted ? request.expect.map(withoutText) : request.expect, patience);
  // A description that does not hold speaks for nothing any more.
  const plain = unmet && input.describesPage ? judgePage({ ...input, describesPage: false, verify: asked }, step) : null;
  if (plain?.failure?.code === 'login_wall') {
    observed.verdict = plain.verdict;
    throw new CaptureFault(plain.failure);
  }
  if (unmet) throw run.fault('expectation_failed', `\`${unmet.at}\` was not met.`);
}

/** Throws where the paper shows a wall or an error page that the screen did not: no check of the caller has seen it. */
function judgePaper({ run, observed }: Visit, input: Omit<VerdictInput, 'verify'>): void {
  const onlyPaper = { finalUrl: input.targetUrl, httpStatus: null, deletedCookies: [], describesPage: false, verify: null };
  const step = run.step() ?? 'render';
  const judged = judgePage({ ...input, ...onlyPaper }, step);
  const { verdict, failure } = judged.failure ? judged : judgeDenied(input.facts, step);
  if (!failure) return;
  observed.verdict = verdict;
  throw new CaptureFault(failure);
}

/** A heading that speaks of missing permission, on little paper and where the screen had none. */
function judgeDenied(facts: readonly PageFacts[], step: Step): Judgement {
  const isDenied = facts.some((each) => each.titleSaysDenied && !each.hasData && each.textLength < SHORT_PAGE_CHARS);
  return isDenied
    ? { verdict: 'denied', failure: failure('access_denied', step, 'The paper speaks of missing permission, the screen did not.') }
    : { verdict: 'unverified', failure: null };
}

/** The facts of the page as it is now: read once more after the picture only where anything has changed. */
async function factsOf(visit: Visit, when: 'early' | 'first' | 'again'): Promise<PageFacts[]> {
  const { known, undress, payload } = visit;
  const { request } = payload;
  const isSame = when === 'again' && known !== null && request.javaScriptEnabled && (await isStill(visit, known, undress !== null));
  // The caller's checks see the page as it is used, and so do ours where there is something new to see.
  if (undress && (!isSame || request.auth?.verify || request.expect.length > 0)) await undress();
  if (isSame) return known.facts;
  visit.known = await readPageFacts(visit);
  return visit.known.facts;
}

function withoutText<T extends { text?: string | undefined }>(check: T): Omit<T, 'text'> {
  const { text: _text, ...rest } = check;
  return rest;
}
