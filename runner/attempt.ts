import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '#shared/failure.ts';
import { faultPoint } from '#shared/fault-points.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log, LogFields } from '#shared/log.ts';
import { type Claim, observedSchema } from '#shared/runner-protocol.ts';
import { steadyNow } from '#shared/steady-now.ts';
import { classifyFailure } from './classify-failure.ts';
import { type ControlPlane, LeaseLost } from './control-plane.ts';
import { holdLease, type Progress } from './hold-lease.ts';
import { type Attempt, AttemptStopped, type MakingDeps, makeCapture, type Outcome } from './make-capture.ts';

export type AttemptDeps = MakingDeps & { control: ControlPlane };
/** How an attempt went, for the runner's own counting; what callers see is decided by the server. */
export type AttemptEnd = 'completed' | 'failed' | 'canceled' | 'lease_lost' | 'released' | 'unreported';

/**
 * What the run loop gives an attempt: the signal to give it back, the way to let the next one be claimed, and the way to
 * wait until no other attempt runs here; that answers false when it cannot be alone.
 */
export type Surroundings = { drain: AbortSignal; claimNext: () => void; beAlone: (signal: AbortSignal) => Promise<boolean> };

/**
 * Runs one attempt from the claim to the report: open, capture, upload, complete or fail. Never rejects. Whatever
 * happens the spool folder is removed and the lease kept alive no longer. `drain` gives the attempt back unused.
 * `claimNext` is called when the picture is being made: the next job is then in hand when the browser is free, and the
 * upload of this one keeps nobody waiting.
 */
export async function runAttempt(deps: AttemptDeps, claim: Claim, { drain, claimNext, beAlone }: Surroundings): Promise<AttemptEnd> {
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
  const trailing: Promise<void>[] = [];
  const reported = new AbortController();
  try {
    // Given back unused where another one is alone already: together neither would be.
    if (claim.alone && !(await beAlone(AbortSignal.any([stop.signal, AbortSignal.timeout(LIMITS.aloneWaitMsMax)])))) onDrain();
    spoolDir = await mkdtemp(join(deps.spool, 'attempt-'));
    const attempt: Attempt = {
      claim,
      claimNext,
      progress,
      stop,
      held,
      log,
      spoolDir,
      startedAt: Date.now(),
      reported: reported.signal,
      trailing,
    };
    const outcome = await makeCapture(deps, attempt).catch((error: unknown) => failed(attempt, error));
    return await report(deps.control, attempt, outcome);
  } catch (error) {
    log.error('an attempt could not be reported; its lease will run out', { error });
    return error instanceof LeaseLost ? 'lease_lost' : 'unreported';
  } finally {
    held.end();
    reported.abort();
    await Promise.all(trailing);
    drain.removeEventListener('abort', onDrain);
    if (spoolDir)
      await rm(spoolDir, { recursive: true, force: true }).catch((error: unknown) =>
        log.error('a spool folder was left behind', { error }),
      );
  }
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
  const reportFrom = steadyNow();
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
    await faultPoint('before_finish');
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

function withFields(log: Log, fields: LogFields): Log {
  const at =
    (level: keyof Log) =>
    (message: string, more: LogFields = {}) =>
      log[level](message, { ...fields, ...more });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
