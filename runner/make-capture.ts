import { setTimeout as wait } from 'node:timers/promises';
import type { ResolvedAuth } from '#shared/auth-policy.ts';
import { makeReceipt } from '#shared/auth-receipt.ts';
import type { Failure } from '#shared/failure.ts';
import { faultPoint } from '#shared/fault-points.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import { type Claim, type CompleteRequest, type Observed, observedSchema } from '#shared/runner-protocol.ts';
import type { CapturePayload } from '#shared/sealed-payload.ts';
import type { AttemptScope } from './attempt-scope.ts';
import type { CapturePageInput, CaptureResult } from './browser/capture-page.ts';
import type { BrowserPool, HeldLease } from './browser/launch/browser-pool.ts';
import { fitsOrdinaryTab } from './browser/visit/open-tab.ts';
import type { HeldJob, Progress } from './hold-lease.ts';
import type { KeyRing } from './key-ring.ts';
import { openPayload } from './open-payload.ts';
import type { Slots } from './slots.ts';
import { uploadAsset } from './upload-asset.ts';

/** Why an attempt stops before its work is done. It is the reason of the scope's signal. */
export class AttemptStopped extends Error {
  override name = 'AttemptStopped';
  readonly why: 'canceled' | 'lease_lost' | 'drain' | 'deadline';
  constructor(why: AttemptStopped['why']) {
    super(`The attempt was stopped: ${why}.`);
    this.why = why;
  }
}

/** What making a capture needs of its runner. */
export type MakingDeps = {
  pool: Pick<BrowserPool, 'acquire'>;
  /** Captures that may be in a browser, and results that may be on their way to the store. */
  slots: { browser: Slots; store: Slots };
  keys: KeyRing;
  capture: (input: CapturePageInput, scope: AttemptScope) => Promise<CaptureResult>;
  spool: string;
  log: Log;
};
/** What is to be reported. */
export type Outcome =
  | { kind: 'complete'; asset: CompleteRequest['asset']; observed: Observed }
  | { kind: 'fail'; failure: Failure; observed: Observed; sideEffects: boolean };
/** One claimed job under way. */
export type Attempt = {
  claim: Claim;
  /** Lets the runner claim its next job; may be called twice. */
  claimNext: () => void;
  progress: Progress;
  stop: AbortController;
  held: HeldJob;
  log: Log;
  spoolDir: string;
  startedAt: number;
  /** Aborts when the result was reported, or cannot be. */
  reported: AbortSignal;
  /** What goes on behind the report and must be over before the attempt is. */
  trailing: Promise<void>[];
};

// The page gets this long after its deadline to conclude by itself, because then it can say more than "time is up".
const CONCLUDE_MS = 500;
// Closing a page and making the next one take the processors for longer than storing and reporting what was made, and
// than the server takes to answer who waits for it.
const LINGER_MS_MAX = 250;
const ANSWER_MS = 40;

/**
 * Makes the capture of a claimed job: opens the payload, waits for a place in a browser, captures, stores. Rejects with
 * `AttemptStopped` when it was stopped, and with what went wrong unexpectedly.
 */
export async function makeCapture(deps: MakingDeps, attempt: Attempt): Promise<Outcome> {
  const { claim, claimNext, progress, stop, log, startedAt } = attempt;
  const opened = await openPayload(await deps.keys.keysFor(claim.revokedKids ?? []), {
    sealed: claim.sealed,
    captureId: claim.captureId,
    workspaceId: claim.workspaceId,
    domains: claim.limits.domains,
  });
  if (!opened.ok) {
    const auth = opened.rejected.length > 0 ? makeReceipt({ cookies: 0, origins: 0, rejected: opened.rejected }, []) : null;
    return { kind: 'fail', failure: opened.failure, observed: observedSchema.parse({ auth }), sideEffects: false };
  }
  const leave = await enter(deps, attempt);
  const deadline = Date.now() + Math.min(claim.limits.totalMs - (Date.now() - startedAt), opened.payload.request.timeouts.total);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new AttemptStopped('deadline')), Math.max(0, deadline + CONCLUDE_MS - Date.now()));
  const scope: AttemptScope = {
    deadline,
    signal: AbortSignal.any([stop.signal, late.signal]),
    log,
    onStep: (step, sideEffects = false) => {
      progress.step = step;
      progress.sideEffects ||= sideEffects;
      attempt.held.pulse(sideEffects);
      if (step === 'render') claimNext();
    },
  };
  const job: Job = { payload: opened.payload, auth: opened.auth, scope };
  const captured = await capture(deps, attempt, job)
    .catch((error: unknown) => {
      leave();
      throw error;
    })
    .finally(() => clearTimeout(timer));
  return await conclude(deps, attempt, { ...captured, scope, leave });
}

type Job = { payload: CapturePayload; auth: ResolvedAuth | null; scope: AttemptScope };
type Captured = { result: CaptureResult; lease: HeldLease };

/**
 * Waits for a place in a browser. With the next job in hand early that is a moment; a job that would wait for long is
 * given back, because another runner may be idle.
 */
async function enter({ slots }: MakingDeps, { stop }: Attempt): Promise<() => void> {
  const limit = AbortSignal.timeout(LIMITS.claimAheadMsMax);
  const leave = await slots.browser.take(AbortSignal.any([stop.signal, limit]));
  if (leave) return leave;
  stop.signal.throwIfAborted();
  stop.abort(new AttemptStopped('drain'));
  throw stop.signal.reason;
}

async function capture(deps: MakingDeps, attempt: Attempt, { payload, auth, scope }: Job): Promise<Captured> {
  const { claim, spoolDir } = attempt;
  const { domains, parts, assetBytesMax } = claim.limits;
  const tab = fitsOrdinaryTab({ request: payload.request, auth });
  const lease = await deps.pool.acquire({ workspaceId: claim.workspaceId, domains, parts, tab }, scope);
  try {
    const result = await endInTime(deps.capture({ lease, payload, auth, domains, spoolDir, assetBytesMax }, scope), lease, scope);
    return { result, lease };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

/** Stores the result, and gives the browser back meanwhile where the next one waits for it. */
async function conclude(
  deps: MakingDeps,
  attempt: Attempt,
  { result, lease, scope, leave }: Captured & { scope: AttemptScope; leave: () => void },
): Promise<Outcome> {
  const released = giveBack(deps, attempt, lease);
  attempt.trailing.push(released);
  // A store that is slow holds the browser after all: results must not pile up.
  const stored = await deps.slots.store.take(attempt.stop.signal);
  void released.finally(leave);
  try {
    if (!result.ok) {
      const sideEffects = result.sideEffects || attempt.progress.sideEffects;
      return { kind: 'fail', failure: result.failure, observed: result.observed, sideEffects };
    }
    return await store(attempt, result, scope);
  } finally {
    stored?.();
  }
}

/** The page is closed after the report, for that is what somebody waits for, or as soon as somebody waits for the browser. */
async function giveBack({ slots }: MakingDeps, { reported }: Attempt, lease: HeldLease): Promise<void> {
  await slots.browser.wanted(AbortSignal.any([reported, AbortSignal.timeout(LINGER_MS_MAX)]));
  await slots.browser.wanted(AbortSignal.timeout(ANSWER_MS));
  await lease.release();
}

/** A page that does not let go within `LIMITS.abortGraceMs` of the stop loses its browser: the slot must be free again. */
async function endInTime(work: Promise<CaptureResult>, lease: HeldLease, scope: AttemptScope): Promise<CaptureResult> {
  const done = new AbortController();
  const stuck = (async (): Promise<CaptureResult> => {
    await aborted(AbortSignal.any([scope.signal, done.signal]));
    await wait(LIMITS.abortGraceMs, undefined, { signal: done.signal });
    scope.log.warn('a page did not let go and loses its browser');
    await lease.kill();
    throw scope.signal.reason;
  })();
  stuck.catch(() => undefined); // the loser of the race below; the winner's result is the one that counts
  try {
    return await Promise.race([work, stuck]);
  } finally {
    done.abort();
    work.catch(() => undefined); // a capture that lost its browser rejects after nobody waits for it any more
  }
}

async function store(attempt: Attempt, result: Extract<CaptureResult, { ok: true }>, scope: AttemptScope): Promise<Outcome> {
  const { file, contentType, bytes, sha256, md5, width, height, pages, observed } = result;
  const startedAt = Date.now();
  scope.onStep('store');
  // Not the scope's signal: a picture that was made in time is stored even when that takes past the deadline.
  await uploadAsset({ file, contentType, bytes, md5 }, attempt.claim.upload, { signal: attempt.stop.signal, log: attempt.log });
  await faultPoint('after_upload');
  return {
    kind: 'complete',
    asset: { contentType, bytes, sha256, width, height, pages },
    observed: { ...observed, timings: { ...observed.timings, store: Date.now() - startedAt } },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
