import type { EntityManager } from '@mikro-orm/postgresql';
import type { CaptureRow } from '#server/db/captures.entities.ts';
import { databaseNow } from '#server/db/database-time.ts';
import { isRefusedByDatabase } from '#server/db/refused-by-database.ts';
import { countAuth, type ResolvedAuth } from '#shared/auth-policy.ts';
import type { Capture as CaptureView } from '#shared/capture.ts';
import type { CaptureRequest } from '#shared/capture-request.ts';
import type { CaptureId, WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import { shownUrl } from '#shared/target-url.ts';
import { type Actor, seesAuthNames } from '../access/actor.ts';
import { recordAudits } from '../access/audit.ts';
import { holdPoolKeys } from '../access/pool-keys.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { groupCalls, onePer } from '../group-calls.ts';
import { enqueueJobs } from '../jobs/enqueue-job.ts';
import { countKeySlots } from './bound-key-captures.ts';
import { holdTurns, queueFull, roomInQueue } from './bound-queue.ts';
import type { Admitted } from './capture-policy.ts';
import { toCaptureView } from './capture-view.ts';
import { type AdmittedWebhook, storeWebhook } from './capture-webhook.ts';
import { giveBackKey, type Idempotency, takeKey } from './idempotency.ts';

/** A capture that is ready to be taken: admitted, and sealed to a key that was not revoked a moment ago. */
export type Accepting = {
  deps: Pick<Deps, 'db' | 'settings'>;
  actor: Actor;
  request: CaptureRequest;
  admitted: Admitted;
  webhook: AdmittedWebhook | null;
  idempotency: Idempotency | null;
  id: CaptureId;
  payload: { sealed: string; kid: string; authKid: string | null };
};
export type Created = { capture: CaptureView; replayed: boolean };
/** Made, a refusal, or `revoked` where one of its keys has been since. */
type Outcome = Created | AppError | 'revoked';

/** Of one workspace. More at once would hold the others of that workspace up for longer. */
const GROUP_MAX = 50;

/**
 * Takes a capture: capture, sealed payload and job in one transaction, so that a capture which was answered is also
 * dispatched. Those of one workspace that come at once share one, since they take their turns one after the other anyway; what is
 * refused of them is refused alone. A repeated idempotency key is answered as the first time (`replayed`). Throws the refusal
 * of a full queue, of a busy key, of a key that is used for another request; answers `revoked` where the payload must be sealed anew.
 */
export async function acceptCapture(accepting: Accepting): Promise<Created | 'revoked'> {
  const outcome = await groupOf(accepting.deps.settings)(accepting.actor.workspaceId, accepting);
  if (outcome instanceof AppError) throw outcome;
  return outcome;
}

const groupOf = onePer((_settings: Deps['settings']) =>
  groupCalls<Accepting, Outcome>(acceptGroup, {
    sizeMax: GROUP_MAX,
    bound: {
      waitingMax: LIMITS.acceptWaitingMax,
      refuse: () =>
        new AppError('overloaded', 'More captures come than can be taken down: send again in a moment.', { retryAfterSeconds: 1 }),
    },
    isUndone: (error) => error instanceof AppError || isRefusedByDatabase(error),
  }),
);

async function acceptGroup(group: readonly Accepting[]): Promise<Outcome[]> {
  const [first] = group;
  if (!first) return [];
  const { deps } = first;
  const { workspaceId } = first.actor;
  return await deps.db.inWorkspace(workspaceId).transactional(async (em) => {
    const revoked = await holdPoolKeys(
      em,
      group.flatMap(({ payload }) => [payload.kid, ...(payload.authKid === null ? [] : [payload.authKid])]),
    );
    await holdTurns(em, workspaceId);
    const now = await databaseNow(em);
    const judge = await openJudge(em, workspaceId, group);
    const taken: { accepting: Accepting; row: NewRow }[] = [];
    const outcomes: Outcome[] = [];
    for (const accepting of group) {
      const { payload } = accepting;
      if ([payload.kid, payload.authKid].some((kid) => kid !== null && revoked.has(kid))) {
        outcomes.push('revoked');
        continue;
      }
      const row = toRow(accepting, now);
      const outcome = await judge(em, accepting, toView(accepting, row));
      outcomes.push(outcome);
      if (!(outcome instanceof AppError) && !outcome.replayed) taken.push({ accepting, row });
    }
    await store(em, workspaceId, { taken, now });
    return outcomes;
  });
}

type Judge = (em: EntityManager, accepting: Accepting, capture: CaptureView) => Promise<Created | AppError>;

/** Decides one after the other who of a group is taken: replays first, then as many as there is room for. */
async function openJudge(em: EntityManager, workspaceId: WorkspaceId, group: readonly Accepting[]): Promise<Judge> {
  const max = Math.min(...group.map(({ deps }) => deps.settings.queuedPerWorkspaceMax));
  let room = await roomInQueue(em, workspaceId, { max, wanted: group.length });
  const slots = await countKeySlots(
    em,
    group.map(({ actor }) => actor),
  );
  return async (tx, { actor, idempotency }, capture) => {
    const first = idempotency && (await takeKey(tx, idempotency, capture).catch(refusalOf));
    if (first) return first instanceof AppError ? first : { capture: first, replayed: true };
    const refusal = room > 0 ? await slots.take(tx, actor) : await queueFull(tx, workspaceId, max);
    if (!refusal) room -= 1;
    else if (idempotency) await giveBackKey(tx, idempotency);
    return refusal ?? { capture, replayed: false };
  };
}

/** A key that was used otherwise refuses its request. One that is being taken has spoiled the transaction, and all it holds. */
function refusalOf(error: unknown): AppError {
  if (error instanceof AppError && error.code === 'idempotency_key_reused') return error;
  throw error;
}

async function store(
  em: EntityManager,
  workspaceId: WorkspaceId,
  { taken, now }: { taken: readonly { accepting: Accepting; row: NewRow }[]; now: Date },
): Promise<void> {
  if (taken.length === 0) return;
  await em.execute(INSERT_CAPTURES, [JSON.stringify(taken.map(({ row }) => row))]);
  await em.execute(INSERT_PAYLOADS, [JSON.stringify(taken.map(({ accepting: { id, payload } }) => ({ id, ...payload })))]);
  for (const { accepting } of taken) if (accepting.webhook) await storeWebhook(em, accepting.id, accepting.webhook);
  await enqueueJobs(em, workspaceId, {
    now,
    jobs: taken.map(({ accepting: { actor, request, id }, row }) => ({
      captureId: id,
      deadlineAt: row.deadlineAt,
      totalMs: request.timeouts.total,
      retryAfterActions: request.retryAfterActions,
      priority: request.priority,
      keyDomains: actor.kind === 'apiKey' ? actor.domains : null,
    })),
  });
  await recordAudits(
    em,
    taken.map(({ accepting: { actor, id } }) => ({ actor, record: { action: 'capture.create', target: id } })),
  );
}

type NewRow = ReturnType<typeof toRow>;

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

function toView({ deps, actor }: Accepting, row: NewRow): CaptureView {
  return toCaptureView(
    { capture: row, attempts: [], asset: null, link: null },
    { showAuthNames: seesAuthNames(actor), publicUrl: deps.settings.publicUrl() },
  );
}

// Members are named as the rows above name them. By the entities they would cost the server more than all else it does for a capture.
const INSERT_CAPTURES = `
insert into capture (id, workspace_id, created_by, status, partial, format, url, host, retention_ms, tags, reference, timings, auth_receipt,
  created_at, queued_at, deadline_at)
select id, workspace, "createdBy", status, partial, format, url, host, "retentionMs", tags, reference, timings, "authReceipt",
  "createdAt", "queuedAt", "deadlineAt"
from jsonb_to_recordset(?::jsonb) as given (id text, workspace text, "createdBy" text, status text, partial boolean, format text, url text,
  host text, "retentionMs" bigint, tags jsonb, reference text, timings jsonb, "authReceipt" jsonb,
  "createdAt" timestamptz, "queuedAt" timestamptz, "deadlineAt" timestamptz)`;
// A statement of its own: what lets a payload in is that its capture is there to be seen.
const INSERT_PAYLOADS = `
insert into capture_payload (capture_id, sealed, kid, auth_kid) select id, sealed, kid, "authKid"
from jsonb_to_recordset(?::jsonb) as given (id text, sealed text, kid text, "authKid" text)`;
