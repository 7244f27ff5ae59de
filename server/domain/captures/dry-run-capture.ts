import { firstReceipt } from '#shared/auth-receipt.ts';
import { type CaptureRequest, needsScriptScope } from '#shared/capture-request.ts';
import type { DryRun } from '#shared/dry-run.ts';
import { shownUrl } from '#shared/target-url.ts';
import { type Actor, seesAuthNames } from '../access/actor.ts';
import { loadAllowedDomains } from '../access/allowed-domains.ts';
import { narrowDomains } from '../access/narrow-domains.ts';
import { admitRequest, requireCaptureScopes } from './capture-policy.ts';
import { toReceipt } from './capture-view.ts';
import { type CreateOptions, type Creating, refuseFullQueue, requireSealer } from './create-capture.ts';
import { findWarnings } from './find-warnings.ts';
import { readIdempotency } from './idempotency.ts';

/**
 * Says what `createCapture` would do with a request, and does nothing of it: no capture, no job, no idempotency record.
 * What that one would refuse is refused here in the same order and words. A key is judged by its form alone: its
 * fingerprint would never be that of the real request, which says `dryRun: false`.
 */
export async function dryRunCapture(deps: Creating, actor: Actor, request: CaptureRequest, options: CreateOptions): Promise<DryRun> {
  requireCaptureScopes(actor, request);
  readIdempotency(actor, options.idempotencyKey, options.body);
  const em = deps.db.inWorkspace(actor.workspaceId);
  const workspace = await loadAllowedDomains(em, actor.workspaceId);
  const key = actor.kind === 'apiKey' ? actor.domains : null;
  const admitted = admitRequest(request, { workspace, key }, narrowDomains(workspace, key));
  requireSealer(deps);
  await refuseFullQueue(em, actor, deps.settings.queuedPerWorkspaceMax);
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
