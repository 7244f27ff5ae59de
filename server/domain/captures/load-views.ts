import type { EntityManager } from '@mikro-orm/postgresql';
import { Asset, type AssetRow, Attempt, type CaptureRow } from '#server/db/captures.entities.ts';
import type { Capture as CaptureView } from '#shared/capture.ts';
import { type Actor, seesAuthNames } from '../access/actor.ts';
import { type AuditRecord, recordAudits } from '../access/audit.ts';
import type { Deps } from '../deps.ts';
import type { SignedLink } from '../ports.ts';
import { toCaptureView } from './capture-view.ts';

export type Linking = Pick<Deps, 'blobs' | 'clock' | 'settings'>;

/** A capture, and who is shown it. */
export type Shown = { actor: Actor; capture: CaptureRow };

/**
 * Builds the views of captures in their order, with freshly signed links, each recorded, unless `withLinks` is false. Inside
 * the caller's transaction: a link is shown if and only if it is recorded.
 */
export async function loadViews(
  em: EntityManager,
  deps: Linking,
  { shown, withLinks }: { shown: readonly Shown[]; withLinks: boolean },
): Promise<CaptureView[]> {
  // A capture that never began has no attempts, and one that was never stored no asset: those who poll ask about such.
  const started = shown.filter(({ capture }) => capture.startedAt).map(({ capture }) => capture.id);
  const stored = shown.filter(({ capture }) => capture.storedAt).map(({ capture }) => capture.id);
  const attempts = started.length > 0 ? await em.find(Attempt, { capture: { $in: [...new Set(started)] } }) : [];
  const found = stored.length > 0 ? await em.find(Asset, { capture: { $in: [...new Set(stored)] } }) : [];
  const assets = new Map(found.map((asset) => [asset.capture.id, asset]));
  const views: CaptureView[] = [];
  const issued: { actor: Actor; record: AuditRecord }[] = [];
  for (const { actor, capture } of shown) {
    const asset = assets.get(capture.id) ?? null;
    const link = asset && withLinks ? await signLink(deps, { capture, asset, lifeMs: deps.settings.linkLifeMs }) : null;
    if (link) {
      stampLink(capture, deps.clock.now());
      issued.push({ actor, record: { action: 'capture.link', target: capture.id } });
    }
    views.push(
      toCaptureView(
        { capture, attempts: attempts.filter((attempt) => attempt.capture.id === capture.id), asset, link },
        { showAuthNames: seesAuthNames(actor), publicUrl: deps.settings.publicUrl() },
      ),
    );
  }
  await recordAudits(em, issued);
  return views;
}

/** Signs a link that never outlives the asset; null for an asset whose time is over but that was not removed yet. One on hold has no such time. */
export async function signLink(
  deps: Linking,
  { capture, asset, lifeMs }: { capture: CaptureRow; asset: AssetRow; lifeMs: number },
): Promise<SignedLink | null> {
  const retainedMs = capture.expiresAt ? capture.expiresAt.getTime() - deps.clock.now().getTime() : 0;
  const keptMs = capture.heldAt ? lifeMs : retainedMs;
  if (keptMs <= 0) return null;
  const extension = asset.blobName.slice(asset.blobName.lastIndexOf('.') + 1);
  return await deps.blobs.issueLink(asset.blobName, {
    lifeMs: Math.min(lifeMs, keptMs),
    contentType: asset.contentType,
    fileName: `${capture.id}.${extension}`,
  });
}

/** Remembers when the first link was made: the last step of the timeline. Written when the caller's transaction ends. */
export function stampLink(capture: CaptureRow, now: Date): void {
  capture.linkIssuedAt ??= now;
}
