import { matchAllowedDomain } from '#shared/allowed-domain.ts';
import { firstReceipt } from '#shared/auth-receipt.ts';
import { type CaptureRequest, needsScriptScope } from '#shared/capture-request.ts';
import type { DryRun } from '#shared/dry-run.ts';
import { parseTargetUrl, shownUrl } from '#shared/target-url.ts';
import { type Actor, seesAuthNames } from '../access/actor.ts';
import { loadAllowedDomains } from '../access/allowed-domains.ts';
import { narrowDomains } from '../access/narrow-domains.ts';
import type { AppError } from '../app-error.ts';
import { collectFaults } from './all-faults.ts';
import { countKeySlots } from './bound-key-captures.ts';
import { queueFull, roomInQueue } from './bound-queue.ts';
import { admitRequest, requireCaptureScopes } from './capture-policy.ts';
import { toReceipt } from './capture-view.ts';
import { admitWebhook } from './capture-webhook.ts';
import { choosePoolKey } from './choose-pool-key.ts';
import type { CreateOptions, Creating } from './create-capture.ts';
import { findWarnings } from './find-warnings.ts';
import { readIdempotency } from './idempotency.ts';

/**
 * Says what `createCapture` would do with a request, and does nothing of it: no capture, no job, no idempotency record.
 * What that one would refuse is refused here with the same status and words, and `errors` has the faults of every kind.
 * `known` are those of its schema: then the request is what is left of it without them, and is refused. A key is judged by its form alone: its
 * fingerprint would never be that of the real request, which says `dryRun: false`.
 */
export async function dryRunCapture(
  deps: Creating,
  actor: Actor,
  request: CaptureRequest,
  { known = [], ...options }: CreateOptions & { known?: readonly AppError[] },
): Promise<DryRun> {
  const faults = collectFaults(known);
  if (known.length === 0) {
    requireCaptureScopes(actor, request);
    readIdempotency(actor, options.idempotencyKey, options.body);
  }
  const em = deps.db.inWorkspace(actor.workspaceId);
  const workspace = await loadAllowedDomains(em, actor.workspaceId);
  const key = actor.kind === 'apiKey' ? actor.domains : null;
  const narrowed = narrowDomains(workspace, key);
  const admitted = await faults.check(() => admitRequest(request, { workspace, key }, narrowed));
  const target = parseTargetUrl(request.url);
  // As if the target were allowed: what else is wrong does not wait for that to be mended.
  if (!admitted && target.ok && !matchAllowedDomain(narrowed, target.target.host, target.target.port)) {
    const { host, port } = target.target;
    await faults.check(() => admitRequest(request, { workspace, key }, [...narrowed, { host, port, isPrivate: false }]));
  }
  await faults.check(() => admitWebhook(em, deps, { actor, request }));
  await faults.check(() => choosePoolKey(em, deps, request));
  faults.throwAny();
  if (!admitted) throw new Error('a request that was not admitted has a fault');
  const max = deps.settings.queuedPerWorkspaceMax;
  const hasRoom = (await roomInQueue(em, actor.workspaceId, { max, wanted: 1 })) > 0;
  const refusal = hasRoom ? await (await countKeySlots(em, [actor])).take(em, actor) : await queueFull(em, actor.workspaceId, max);
  if (refusal) throw refusal;
  const showAuthNames = seesAuthNames(actor);
  return {
    object: 'dry_run',
    ok: true,
    url: shownUrl(admitted.target.href),
    auth: toReceipt(admitted.auth && firstReceipt(admitted.auth, 'accepted'), { showAuthNames }),
    warnings: findWarnings(request, admitted, { showNames: showAuthNames, now: Date.now() }),
    needs: ['captures:create', ...(needsScriptScope(request) ? ['captures:script' as const] : [])],
  };
}
