import type { EntityManager } from '@mikro-orm/postgresql';
import { Capture, CapturePayload, type CaptureRow } from '#server/db/captures.entities.ts';
import { databaseNow } from '#server/db/database-time.ts';
import { countAuth, type ResolvedAuth } from '#shared/auth-policy.ts';
import type { Capture as CaptureView } from '#shared/capture.ts';
import type { CaptureRequest } from '#shared/capture-request.ts';
import { type CaptureId, makeId } from '#shared/ids.ts';
import type { CapturePayload as Payload } from '#shared/sealed-payload.ts';
import { shownUrl } from '#shared/target-url.ts';
import { type Actor, seesAuthNames } from '../access/actor.ts';
import { loadAllowedDomains } from '../access/allowed-domains.ts';
import { recordAudit } from '../access/audit.ts';
import { narrowDomains } from '../access/narrow-domains.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { enqueueJob } from '../jobs/enqueue-job.ts';
import type { Sealer } from '../ports.ts';
import { type Admitted, admitRequest, requireCaptureScopes } from './capture-policy.ts';
import { toCaptureView } from './capture-view.ts';
import { findAnswer, type Idempotency, readIdempotency, takeKey } from './idempotency.ts';

/** `body` is the JSON as it was sent: what the idempotency fingerprint is made of. */
export type CreateOptions = { idempotencyKey?: string; body: unknown };
export type Created = { capture: CaptureView; replayed: boolean };
export type Creating = Pick<Deps, 'db' | 'sealer' | 'settings'>;

/**
 * Accepts a capture: policy, seal, then capture, sealed payload and job in one transaction, so that a capture which was
 * answered is also dispatched. A repeated idempotency key is answered as the first time (`replayed`). Refusals, in this
 * order: scope, key, target, domain, auth state and actions, a server without a public key, a full queue.
 */
export async function createCapture(deps: Creating, actor: Actor, request: CaptureRequest, options: CreateOptions): Promise<Created> {
  requireCaptureScopes(actor, request);
  const idempotency = readIdempotency(actor, options.idempotencyKey, options.body);
  // One transaction, sealing included: it takes a millisecond, and every transaction has to name its workspace.
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const first = idempotency && (await findAnswer(em, idempotency));
    if (first) return { capture: first, replayed: true };
    const workspace = await loadAllowedDomains(em, actor.workspaceId);
    const key = actor.kind === 'apiKey' ? actor.domains : null;
    const admitted = admitRequest(request, { workspace, key }, narrowDomains(workspace, key));
    const id = makeId('capture');
    const sealed = await requireSealer(deps).seal(toPayload(request, admitted), { captureId: id, workspaceId: actor.workspaceId });
    return await accept(em, { deps, actor, request, admitted, idempotency, id, sealed });
  });
}

type Accepting = {
  deps: Creating;
  actor: Actor;
  request: CaptureRequest;
  admitted: Admitted;
  idempotency: Idempotency | null;
  id: CaptureId;
  sealed: string;
};

async function accept(em: EntityManager, accepting: Accepting): Promise<Created> {
  const { deps, actor, request, idempotency, id, sealed } = accepting;
  const now = await databaseNow(em);
  const row = toRow(accepting, now);
  const capture = toCaptureView(
    { capture: em.create(Capture, row, { persist: false }), attempts: [], asset: null, link: null },
    { showAuthNames: seesAuthNames(actor), publicUrl: deps.settings.publicUrl() },
  );
  const first = idempotency && (await takeKey(em, idempotency, capture));
  if (first) return { capture: first, replayed: true };
  await refuseFullQueue(em, actor, deps.settings.queuedPerWorkspaceMax);
  await em.insert(Capture, row);
  await em.insert(CapturePayload, { capture: id, sealed });
  await enqueueJob(em, {
    captureId: id,
    workspaceId: actor.workspaceId,
    now,
    deadlineAt: row.deadlineAt,
    totalMs: request.timeouts.total,
    retryAfterActions: request.retryAfterActions,
    keyDomains: actor.kind === 'apiKey' ? actor.domains : null,
  });
  await recordAudit(em, actor, { action: 'capture.create', target: id });
  return { capture, replayed: false };
}

/** What is stored in clear: nothing that came in the auth state, the query, a header or an action. */
function toRow({ actor, request, admitted, id }: Accepting, now: Date) {
  return {
    id,
    workspace: actor.workspaceId,
    createdBy: actor.kind === 'apiKey' ? actor.keyId : actor.kind === 'user' ? actor.userId : 'operator',
    status: 'queued' as const,
    verdict: null,
    partial: false,
    format: request.output.format,
    url: shownUrl(admitted.target.href),
    host: admitted.target.host,
    retentionMs: request.retention,
    tags: request.tags,
    reference: request.reference ?? null,
    timings: {},
    authReceipt: toReceipt(admitted.auth),
    createdAt: now,
    queuedAt: now,
    deadlineAt: new Date(now.getTime() + request.deadline),
  };
}

function toReceipt(auth: ResolvedAuth | null): CaptureRow['authReceipt'] {
  return auth && { ...countAuth(auth), rejected: auth.rejected };
}

function toPayload(request: CaptureRequest, { target, auth }: Admitted): Payload {
  const { auth: given, ...rest } = request;
  return {
    request: { ...rest, ...(given?.verify ? { auth: { verify: given.verify } } : {}) },
    target,
    auth,
    sealedAuth: given?.sealed ?? null,
  };
}

/** The sealer; refuses with `unavailable` where the server was given no public key. */
export function requireSealer({ sealer }: Creating): Sealer {
  if (sealer) return sealer;
  throw new AppError(
    'unavailable',
    'This server has no public key to seal captures to: set SESSIONSHOT_RUNNER_PUBLIC_KEYS_FILE (made by `sessionshot runner keygen`).',
    { retryAfterSeconds: 60 },
  );
}

/** Refuses when as many captures of the workspace wait as may. Counts up to the bound only. Requests at the very same moment may pass it by as many as they are. */
export async function refuseFullQueue(em: EntityManager, actor: Actor, max: number): Promise<void> {
  const waiting = await em.execute<unknown[]>(`select 1 as waiting from job where workspace_id = ? and state = 'available' limit ?`, [
    actor.workspaceId,
    max,
  ]);
  if (waiting.length < max) return;
  throw new AppError('queue_full', `${max} captures of this workspace are waiting already: send again when some are done.`, {
    retryAfterSeconds: 10,
  });
}
