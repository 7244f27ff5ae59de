import type { EntityManager } from '@mikro-orm/postgresql';
import { Job } from '#server/db/captures.entities.ts';
import { isLockTimeout } from '#server/db/lock-timeout.ts';
import { notify } from '#server/db/notifications.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import type { EgressMode } from '#shared/console.ts';
import { failure } from '#shared/failure.ts';
import type { CaptureId, JobId, WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { CONTENT_TYPES, type Format } from '#shared/output.ts';
import type { Claim, ClaimRequest } from '#shared/runner-protocol.ts';
import { readKid } from '#shared/sealed-payload.ts';
import { steadyNow } from '#shared/steady-now.ts';
import type { RunnerActor } from '../access/actor.ts';
import { loadAllowedDomains, loadPartHosts } from '../access/allowed-domains.ts';
import { recordingSql, recordingValues } from '../access/audit.ts';
import { narrowDomains } from '../access/narrow-domains.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { blobName } from './blob-name.ts';
import { endJob } from './end-under-key.ts';
import { makeLeaseToken } from './lease-token.ts';
import { releaseJob } from './release-job.ts';
import { settleJob } from './settle-job.ts';

/** How long a waiting runner goes by events alone before it looks for itself: an event can be missed. */
const LOOK_MS = 5_000;
const LOCK_WAIT_MS_MAX = 2_000;

type Ready = Pick<Deps, 'db' | 'blobs' | 'events' | 'log'>;

/**
 * Leases a job to a runner: the one it named, or the one whose turn it is, waited for up to `waitMs`. With `isHint` a name
 * says only that something waits: whose turn it is comes first, and the named one where nothing else is due.
 * Answers null when there is none. The attempt is counted here, so that a runner that dies cannot hide it.
 */
export async function claimJob(deps: Ready, runner: RunnerActor, request: ClaimRequest, signal?: AbortSignal): Promise<Claim | null> {
  const endsAt = steadyNow() + Math.min(request.waitMs ?? 0, LIMITS.claimWaitMsMax);
  for (;;) {
    const stop = new AbortController();
    // Listening begins before looking: a job committed in between would otherwise be waited past.
    const woken = deps.events.next(
      (event) => event.kind === 'job',
      LOOK_MS,
      AbortSignal.any(signal ? [stop.signal, signal] : [stop.signal]),
    );
    try {
      const claim = await claimOnce(deps, runner, request);
      if (claim && signal?.aborted) return await giveBack(deps, runner, claim);
      const left = endsAt - steadyNow();
      if (claim || left <= 0 || signal?.aborted) return claim;
      const timer = setTimeout(() => stop.abort(), left);
      await woken.finally(() => clearTimeout(timer));
    } finally {
      stop.abort();
    }
  }
}

/** A claim whose asker has hung up would stay leased until its lease ended, and count as a death. */
async function giveBack(deps: Ready, runner: RunnerActor, claim: Claim): Promise<null> {
  await releaseJob(deps, runner, claim.jobId, { leaseToken: claim.leaseToken });
  return null;
}

async function claimOnce(deps: Ready, runner: RunnerActor, { jobId, isHint, strictEgress = false }: ClaimRequest): Promise<Claim | null> {
  return await deps.db.acrossWorkspaces().transactional(async (em) => {
    const lease = makeLeaseToken();
    if (jobId) await em.execute(`set local lock_timeout = ${LOCK_WAIT_MS_MAX}`);
    const values = [strictEgress, runner.runnerId, lease.hash, LIMITS.leaseMs, ...recordingValues(runner)];
    const take = async (sql: string, before: unknown[] = []) =>
      (await em.execute<ClaimedRow[]>(sql, [...before, ...values]).catch(explainLock))[0];
    const row =
      (!jobId || isHint ? await take(CLAIM_NEXT, [strictEgress]) : undefined) ?? (jobId ? await take(CLAIM_NAMED, [jobId]) : undefined);
    if (!row) return null;
    if (row.sealed === null) return await failUnreadable(em, row);
    if (needsRevoked(row, row.sealed)) return await refuseRevoked(em, row);
    const workspace = await loadAllowedDomains(em, row.workspace_id);
    const contentType = CONTENT_TYPES[row.format];
    const name = blobName(
      { workspaceId: row.workspace_id, captureId: row.capture_id, createdAt: new Date(row.created_ms) },
      row.attempt,
      row.format,
    );
    // Inside the transaction: when no grant can be made, the claim is undone with it.
    const grant = await deps.blobs.grantUpload(name, contentType, row.total_ms + LIMITS.uploadGraceMs);
    // What was only passed by was held for a moment: who came for it meanwhile has seen nothing, and waits for a word.
    const passed = row.passed_id === null ? [] : [{ kind: 'job' as const, jobId: row.passed_id }];
    await notify(em, { kind: 'capture', captureId: row.capture_id, workspaceId: row.workspace_id, isFinal: false }, ...passed);
    return {
      jobId: row.id,
      captureId: row.capture_id,
      workspaceId: row.workspace_id,
      attempt: row.attempt,
      leaseToken: lease.token,
      leaseMs: LIMITS.leaseMs,
      sealed: row.sealed,
      ...(row.revoked_kids.length > 0 ? { revokedKids: row.revoked_kids } : {}),
      ...(row.process_deaths > 0 ? { alone: true as const } : {}),
      upload: { url: grant.url, headers: grant.headers, expiresAt: grant.expiresAt.toISOString() },
      limits: {
        totalMs: Math.max(1, Math.floor(Math.min(row.total_ms, row.left_ms))),
        assetBytesMax: LIMITS.assetBytesMax,
        domains: narrowDomains(workspace, row.key_domains),
        parts: row.egress_mode === 'strict' ? await loadPartHosts(em, row.workspace_id) : null,
      },
    };
  });
}

/** "Nothing to do" would be wrong: the runner would drop a doorbell that nobody rings again for minutes. */
function explainLock(cause: unknown): never {
  if (!isLockTimeout(cause)) throw cause;
  throw new AppError('unavailable', 'The job is being changed by somebody else: claim it again in a moment.', {
    cause,
    retryAfterSeconds: 1,
  });
}

/** A job without its payload can never run; left where it is, it would be claimed for ever. */
async function failUnreadable(em: EntityManager, row: ClaimedRow): Promise<null> {
  const job = await em.findOneOrFail(Job, { id: row.id });
  await settleJob(
    em,
    job,
    { status: 'failed', failure: failure('payload_unreadable', 'claimed'), observed: null },
    { outcome: 'failed', code: 'payload_unreadable' },
  );
  return null;
}

/** The header too: a server of before wrote no ids beside the payload. */
function needsRevoked({ kid, auth_kid: authKid, revoked_kids: revoked }: ClaimedRow, sealed: string): boolean {
  return revoked.length > 0 && [kid, authKid, readKid(sealed)].some((needed) => needed !== null && revoked.includes(needed));
}

/** Whatever way it came here after the revocation, it ends here. */
async function refuseRevoked(em: EntityManager, row: ClaimedRow): Promise<null> {
  await endJob(em, await em.findOneOrFail(Job, { id: row.id }), { kind: 'server' }, 'revoked');
  return null;
}

type ClaimedRow = {
  id: JobId;
  capture_id: CaptureId;
  workspace_id: WorkspaceId;
  attempt: number;
  process_deaths: number;
  total_ms: number;
  left_ms: number;
  created_ms: number;
  format: Format;
  key_domains: AllowedDomain[] | null;
  egress_mode: EgressMode;
  sealed: string | null;
  kid: string | null;
  auth_kid: string | null;
  revoked_kids: string[];
  passed_id: JobId | null;
};

// A runner that knows no strict egress would let a strict workspace's page out to every host, so it is not given the job.
const DUE = `state = 'available' and available_at <= now() and deadline_at > now() and not cancel_requested
  and (?::boolean or exists (select 1 from workspace where id = job.workspace_id and egress_mode = 'standard'))`;

/**
 * One statement: the row is locked by `due`, and an update of the same row by anybody else waits or is skipped, so two
 * runners cannot both see it as available. Lease, attempt, status and the entry that says which runner was given the
 * payload come together or not at all. All times are the database's own. Parameters: [the job, or whether the runner knows
 * strict egress], that, runner, hash of the lease token, life of the lease in milliseconds, those of the entry.
 */
const claimSql = (due: string, before = '', passed = 'null') => `
with ${before} due as (${due}),
claimed as (
  update job set state = 'leased', attempt = attempt + 1, runner_id = ?, lease_token_hash = ?,
    lease_until = now() + ? * interval '1 millisecond', step = 'claimed', announcing_until = null
  from due where job.id = due.id
  returning job.*
),
started as (
  update capture set status = 'running', started_at = coalesce(started_at, now())
  from claimed where capture.id = claimed.capture_id
),
tried as (
  insert into attempt (capture_id, number, runner_id, started_at, lease_token_hash)
  select capture_id, attempt, runner_id, now(), lease_token_hash from claimed
),
opened as (
  select claimed.workspace_id, claimed.runner_id as actor_id, claimed.capture_id as target, 'attempt ' || claimed.attempt as detail
  from claimed join capture_payload on capture_payload.capture_id = claimed.capture_id
  where not exists (select 1 from revoked_pool_key where kid in (capture_payload.kid, capture_payload.auth_kid))
),
${recordingSql({ action: 'payload.open', actorKind: 'runner', from: 'opened' })}
select claimed.id, claimed.capture_id, claimed.workspace_id, claimed.attempt, claimed.process_deaths, claimed.total_ms, claimed.key_domains,
  (extract(epoch from claimed.deadline_at - now()) * 1000)::float8 as left_ms,
  (extract(epoch from capture.created_at) * 1000)::float8 as created_ms,
  capture.format, workspace.egress_mode, capture_payload.sealed, capture_payload.kid, capture_payload.auth_kid,
  (select coalesce(jsonb_agg(kid order by revoked_at desc), '[]') from revoked_pool_key) as revoked_kids, ${passed} as passed_id
from claimed join capture on capture.id = claimed.capture_id join workspace on workspace.id = claimed.workspace_id
left join capture_payload on capture_payload.capture_id = claimed.capture_id`;

/** Of the turns of a workspace, one of so many is for whoever has waited longest, whatever goes before it by its priority. */
const TURNS_OF_ALL = 8;

// Whose turn it is says which workspace it is; what goes first in that one takes it, and the two change places.
const CLAIM_NEXT = claimSql(
  `select coalesce((select id from urgent), (select id from front)) as id`,
  `
front as (
  select id, workspace_id, priority, turn from job where ${DUE} order by turn, available_at, id limit 1 for update skip locked
),
urgent as (
  select job.id, job.turn from job, front
  where ${DUE} and job.workspace_id = front.workspace_id and job.priority < front.priority and front.turn % ${TURNS_OF_ALL} <> 0
  order by job.priority, job.turn limit 1 for update of job skip locked
),
passed as (
  update job set turn = urgent.turn from front, urgent where job.id = front.id
  returning job.id
),`,
  '(select id from passed)',
);
// Not "skip locked": the dispatcher may be marking this very row as announced, and a doorbell that skips it is lost.
const CLAIM_NAMED = claimSql(`select id from job where id = ? and ${DUE} for update`);
