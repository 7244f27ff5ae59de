import type { CaptureRequest } from '#shared/capture-request.ts';
import { faultPoint } from '#shared/fault-points.ts';
import { makeId, type WorkspaceId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { CapturePayload as Payload } from '#shared/sealed-payload.ts';
import type { Actor } from '../access/actor.ts';
import { loadAllowedDomains } from '../access/allowed-domains.ts';
import { narrowDomains } from '../access/narrow-domains.ts';
import { findRevokedKids } from '../access/pool-keys.ts';
import { AppError } from '../app-error.ts';
import type { Deps } from '../deps.ts';
import { groupCalls, onePer } from '../group-calls.ts';
import { acceptCapture, type Created } from './accept-captures.ts';
import { type Admitted, admitRequest, requireCaptureScopes } from './capture-policy.ts';
import { admitWebhook } from './capture-webhook.ts';
import { chooseKey, kidsOf, requireSealer } from './choose-pool-key.ts';
import { findAnswers, type Idempotency, readIdempotency } from './idempotency.ts';

/** `body` is the JSON as it was sent: what the idempotency fingerprint is made of. */
export type CreateOptions = { idempotencyKey?: string; body: unknown };
export type Creating = Pick<Deps, 'db' | 'sealer' | 'vault' | 'settings'>;

/** A key that is revoked between the sealing and the taking is no reason to refuse, and no reason to go on for ever. */
const SEALED_MAX = 3;

/**
 * Accepts a capture: policy, seal, then capture, sealed payload and job in one transaction, so that a capture which was
 * answered is also dispatched. A repeated idempotency key is answered as the first time (`replayed`). Refusals, in this
 * order: scope, key, target, domain, auth state and actions, webhook, a revoked pool key, a server without a public key, a full
 * queue, a busy API key.
 */
export async function createCapture(deps: Creating, actor: Actor, request: CaptureRequest, options: CreateOptions): Promise<Created> {
  requireCaptureScopes(actor, request);
  const { workspaceId } = actor;
  const idempotency = readIdempotency(actor, options.idempotencyKey, options.body);
  for (let sealed = 0; sealed < SEALED_MAX; sealed++) {
    const kids = deps.sealer ? await kidsOf(deps.sealer, request) : [];
    const ground = await groundOf(deps.db)(workspaceId, { idempotency, kids });
    if (ground.first instanceof AppError) throw ground.first;
    if (ground.first) return { capture: ground.first, replayed: true };
    const key = actor.kind === 'apiKey' ? actor.domains : null;
    const admitted = admitRequest(request, { workspace: ground.domains, key }, narrowDomains(ground.domains, key));
    const webhook = await admitWebhook(deps.db.inWorkspace(workspaceId), deps, { actor, request });
    const { key: poolKey, authKid } = chooseKey(await requireSealer(deps).keys(), ground.revoked, request);
    const id = makeId('capture');
    const payload = await poolKey.seal(toPayload(request, admitted), { captureId: id, workspaceId });
    const created = await acceptCapture({
      ...{ deps, actor, request, admitted, webhook, idempotency, id },
      payload: { sealed: payload, kid: poolKey.kid, authKid },
    });
    if (created === 'revoked') continue;
    await faultPoint('after_commit');
    return created;
  }
  throw new AppError('unavailable', 'The keys that captures are sealed to change all the time: send again in a moment.', {
    retryAfterSeconds: 5,
  });
}

type Asked = { idempotency: Idempotency | null; kids: readonly string[] };
/** What a request is judged by, read after it came. `first`: how its idempotency key was answered before, or why it may not be used. */
type Ground = {
  domains: Awaited<ReturnType<typeof loadAllowedDomains>>;
  revoked: ReadonlySet<string>;
  first: Created['capture'] | AppError | null;
};

const GROUP_MAX = 200;

/** Those of one workspace that come while it is being read are judged by the next reading, all of them by the same. */
const groundOf = onePer((db: Deps['db']) => {
  const read = async (asked: readonly Asked[], workspaceId: WorkspaceId): Promise<Ground[]> => {
    return await db.inWorkspace(workspaceId).transactional(async (em) => {
      const answers = await findAnswers(
        em,
        asked.map(({ idempotency }) => idempotency),
      );
      const domains = await loadAllowedDomains(em, workspaceId);
      const revoked = await findRevokedKids(em, [...new Set(asked.flatMap(({ kids }) => kids))]);
      return answers.map((first) => ({ domains, revoked, first }));
    });
  };
  const refuse = () =>
    new AppError('overloaded', 'More captures come than can be judged: send again in a moment.', { retryAfterSeconds: 1 });
  return groupCalls(read, { sizeMax: GROUP_MAX, bound: { waitingMax: LIMITS.acceptWaitingMax, refuse } });
});

function toPayload(request: CaptureRequest, { target, auth }: Admitted): Payload {
  // Runners have no use for the webhook: the server sends it.
  const { auth: given, webhook: _webhook, ...rest } = request;
  return {
    request: { ...rest, ...(given?.verify ? { auth: { verify: given.verify } } : {}) },
    target,
    auth,
    sealedAuth: given?.sealed ?? null,
  };
}
