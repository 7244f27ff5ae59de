import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ResolvedAuth } from '#shared/auth-policy.ts';
import { makeReceipt } from '#shared/auth-receipt.ts';
import { type Failure, failure } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log, LogFields } from '#shared/log.ts';
import { type Claim, type CompleteRequest, type Observed, observedSchema } from '#shared/runner-protocol.ts';
import type { CapturePayload } from '#shared/sealed-payload.ts';
import type { AttemptScope } from './attempt-scope.ts';
import type { CapturePageInput, CaptureResult } from './browser/capture-page.ts';
import type { BrowserPool, HeldLease } from './browser/launch/browser-pool.ts';
import { classifyFailure } from './classify-failure.ts';
import { type ControlPlane, LeaseLost } from './control-plane.ts';
import { type HeldJob, holdLease, type Progress } from './hold-lease.ts';
import { openPayload, type PayloadKeys } from './open-payload.ts';
import { uploadAsset } from './upload-asset.ts';

export type AttemptDeps = {
  control: ControlPlane;
  pool: Pick<BrowserPool, 'acquire'>;
  keys: PayloadKeys;
  capture: (input: CapturePageInput, scope: AttemptScope) => Promise<CaptureResult>;
  spool: string;
  log: Log;
};
/** How an attempt went, for the runner's own counting; what callers see is decided by the server. */
export type AttemptEnd = 'completed' | 'failed' | 'canceled' | 'lease_lost' | 'released' | 'unreported';

/** Why an attempt stops before its work is done. It is the reason of the scope's signal. */
export class AttemptStopped extends Error {
  override name = 'AttemptStopped';
  readonly why: 'canceled' | 'lease_lost' | 'drain' | 'deadline';
  constructor(why: AttemptStopped['why']) {
    super(`The attempt was stopped: ${why}.`);
    this.why = why;
  }
}

type Outcome =
  | { kind: 'complete'; asset: CompleteRequest['asset']; observed: Observed }
  | { kind: 'fail'; failure: Failure; observed: Observed; sideEffects: boolean };
type Attempt = { claim: Claim; progress: Progress; stop: AbortController; held: HeldJob; log: Log; spoolDir: string; startedAt: number };

// The page gets this long after its deadline to conclude by itself, because then it can say more than "time is up".
const CONCLUDE_MS = 500;

/**
 * Runs one attempt from the claim to the report: open, capture, upload, complete or fail. Never rejects. Whatever
 * happens the spool folder is removed and the lease kept alive no longer. `drain` gives the attempt back unused.
 */
export async function runAttempt(deps: AttemptDeps, claim: Claim, drain: AbortSignal): Promise<AttemptEnd> {
  const log = withFields(deps.log, {
    jobId: claim.jobId,
    captureId: claim.captureId,
    workspaceId: claim.workspaceId,
    attempt: claim.attempt,
  });
  const progress: Progress = { step: 'claimed', sideEffects: false };
  const stop = new AbortController();
  const held = holdLease({
    control: deps.control,
    claim,
    progress: () => ({ ...progress }),
    onEnd: (why) => stop.abort(new AttemptStopped(why)),
    log,
  });
  const onDrain = () => stop.abort(new AttemptStopped('drain'));
  drain.addEventListener('abort', onDrain, { once: true });
  if (drain.aborted) onDrain();
  log.info('attempt started');
  let spoolDir: string | null = null;
  try {
    spoolDir = await mkdtemp(join(deps.spool, 'attempt-'));
    const attempt: Attempt = { claim, progress, stop, held, log, spoolDir, startedAt: Date.now() };
    const outcome = await work(deps, attempt).catch((error: unknown) => failed(attempt, error));
    return await report(deps.control, attempt, outcome);
  } catch (error) {
    log.error('an attempt could not be reported; its lease will run out', { error });
    return error instanceof LeaseLost ? 'lease_lost' : 'unreported';
  } finally {
    held.end();
    drain.removeEventListener('abort', onDrain);
    if (spoolDir)
      await rm(spoolDir, { recursive: true, force: true }).catch((error: unknown) =>
        log.error('a spool folder was left behind', { error }),
      );
  }
}

async function work(deps: AttemptDeps, attempt: Attempt): Promise<Outcome> {
  const { claim, progress, stop, log, startedAt } = attempt;
  const opened = await openPayload(deps.keys, {
    sealed: claim.sealed,
    captureId: claim.captureId,
    workspaceId: claim.workspaceId,
    domains: claim.limits.domains,
  });
  if (!opened.ok) {
    const auth = opened.rejected.length > 0 ? makeReceipt({ cookies: 0, origins: 0, rejected: opened.rejected }, []) : null;
    return { kind: 'fail', failure: opened.failure, observed: observedSchema.parse({ auth }), sideEffects: false };
  }
  const deadline = startedAt + Math.min(claim.limits.totalMs, opened.payload.request.timeouts.total);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new AttemptStopped('deadline')), Math.max(0, deadline + CONCLUDE_MS - Date.now()));
  const scope: AttemptScope = {
    deadline,
    signal: AbortSignal.any([stop.signal, late.signal]),
    log,
    onStep: (step, sideEffects = false) => {
      progress.step = step;
      progress.sideEffects ||= sideEffects;
      attempt.held.pulse();
    },
  };
  let result: CaptureResult;
  try {
    result = await capture(deps, attempt, { payload: opened.payload, auth: opened.auth, scope });
  } finally {
    clearTimeout(timer);
  }
  if (!result.ok)
    return { kind: 'fail', failure: result.failure, observed: result.observed, sideEffects: result.sideEffects || progress.sideEffects };
  return await store(attempt, result, scope);
}

type Job = { payload: CapturePayload; auth: ResolvedAuth | null; scope: AttemptScope };

async function capture(deps: AttemptDeps, attempt: Attempt, { payload, auth, scope }: Job): Promise<CaptureResult> {
  const { claim, spoolDir } = attempt;
  const lease = await deps.pool.acquire(claim.workspaceId, claim.limits.domains, scope);
  try {
    const input: CapturePageInput = {
      lease,
      payload,
      auth,
      domains: claim.limits.domains,
      spoolDir,
      assetBytesMax: claim.limits.assetBytesMax,
    };
    return await endInTime(deps.capture(input, scope), lease, scope);
  } finally {
    await lease.release();
  }
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
  const { file, contentType, bytes, sha256, width, height, pages, observed } = result;
  const startedAt = Date.now();
  scope.onStep('store');
  // Not the scope's signal: a picture that was made in time is stored even when that takes past the deadline.
  await uploadAsset({ file, contentType, bytes, sha256 }, attempt.claim.upload, { signal: attempt.stop.signal, log: attempt.log });
  return {
    kind: 'complete',
    asset: { contentType, bytes, sha256, width, height, pages },
    observed: { ...observed, timings: { ...observed.timings, store: Date.now() - startedAt } },
  };
}

function failed(attempt: Attempt, error: unknown): Outcome {
  const { progress, log } = attempt;
  const isDeadline = error instanceof AttemptStopped && error.why === 'deadline';
  if (!(error instanceof AttemptStopped)) log.error('an attempt broke', { step: progress.step, error });
  return {
    kind: 'fail',
    failure: isDeadline ? failure('total_timeout', progress.step) : classifyFailure(error, progress.step),
    observed: observedSchema.parse({}),
    sideEffects: progress.sideEffects,
  };
}

async function report(control: ControlPlane, attempt: Attempt, outcome: Outcome): Promise<AttemptEnd> {
  const { claim, stop, held, log, startedAt } = attempt;
  const { jobId, leaseToken } = claim;
  // While heartbeats are answered the lease moves on; a server that is away gets one lease's length to come back.
  const reportFrom = Date.now();
  const until = () => Math.max(held.until(), reportFrom + LIMITS.leaseMs);
  const stopped = stop.signal.reason instanceof AttemptStopped ? stop.signal.reason.why : null;
  const ms = Date.now() - startedAt;
  if (stopped === 'lease_lost') {
    log.warn('the lease was lost: nothing is reported', { ms });
    return 'lease_lost';
  }
  if (stopped) {
    await control.release(jobId, leaseToken, until);
    log.info(stopped === 'drain' ? 'attempt given back' : 'attempt canceled', { ms });
    return stopped === 'drain' ? 'released' : 'canceled';
  }
  if (outcome.kind === 'complete') {
    await control.complete(jobId, { leaseToken, observed: outcome.observed, asset: outcome.asset }, until);
    log.info('attempt completed', { ms });
    return 'completed';
  }
  await control.fail(
    jobId,
    {
      leaseToken,
      observed: outcome.observed,
      failure: { ...outcome.failure, detail: outcome.failure.detail.slice(0, 1000) },
      sideEffects: outcome.sideEffects,
    },
    until,
  );
  log.info('attempt failed', { ms, code: outcome.failure.code, ...(outcome.failure.step ? { step: outcome.failure.step } : {}) });
  return 'failed';
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}

function withFields(log: Log, fields: LogFields): Log {
  const at =
    (level: keyof Log) =>
    (message: string, more: LogFields = {}) =>
      log[level](message, { ...fields, ...more });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
