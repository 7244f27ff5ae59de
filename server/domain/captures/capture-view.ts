import type { AssetRow, AttemptRow, CaptureRow } from '#server/db/captures.entities.ts';
import type { Capture as CaptureView } from '#shared/capture.ts';
import { FAILURES, type Failure } from '#shared/failure.ts';
import { REFERENCE_PATH } from '#shared/problem.ts';

export type Link = { url: string; expiresAt: Date };
/** What a view is made of. A capture that was just taken down has no more than what it came with. */
export type ViewedCapture = Pick<
  CaptureRow,
  'id' | 'status' | 'partial' | 'format' | 'url' | 'createdAt' | 'queuedAt' | 'timings' | 'tags'
> &
  Partial<Omit<CaptureRow, 'workspace'>>;
export type CaptureRows = { capture: ViewedCapture; attempts: readonly AttemptRow[]; asset: AssetRow | null; link: Link | null };
/** People at the console are shown how the parts of an auth state fared in numbers, programs that may read also which. Links begin with `publicUrl`. */
export type ViewOptions = { showAuthNames: boolean; publicUrl: string };

/**
 * Builds what callers see of a capture, member by member: nothing leaves the server that is not named here. `asset` is
 * null without a link, which is the case for assets that are not there or no longer.
 */
export function toCaptureView({ capture, attempts, asset, link }: CaptureRows, options: ViewOptions): CaptureView {
  return {
    id: capture.id,
    object: 'capture',
    status: capture.status,
    verdict: capture.verdict ?? null,
    partial: capture.partial,
    format: capture.format,
    attempts: [...attempts].sort((a, b) => a.number - b.number).map(toAttempt),
    url: capture.url,
    finalUrl: capture.finalUrl ?? null,
    httpStatus: capture.httpStatus ?? null,
    createdAt: capture.createdAt.toISOString(),
    startedAt: instant(capture.startedAt),
    finishedAt: instant(capture.finishedAt),
    expiresAt: instant(capture.expiresAt),
    assetExpiredAt: instant(capture.assetExpiredAt),
    heldAt: instant(capture.heldAt),
    timeline: toTimeline(capture),
    timings: capture.timings,
    asset: asset && link ? toAsset(asset, link) : null,
    auth: toReceipt(capture.authReceipt ?? null, options),
    readiness: capture.readiness ?? null,
    egress: capture.egress ?? null,
    controls: capture.controls ?? null,
    error: capture.failure ? toError(capture.failure, capture.httpStatus ?? null, options) : null,
    tags: capture.tags,
    reference: capture.reference ?? null,
  };
}

function toAttempt(attempt: AttemptRow): CaptureView['attempts'][number] {
  return {
    number: attempt.number,
    runner: attempt.runnerId ?? null,
    startedAt: attempt.startedAt.toISOString(),
    finishedAt: instant(attempt.finishedAt),
    code: attempt.code ?? null,
  };
}

function toTimeline(capture: ViewedCapture): CaptureView['timeline'] {
  const timeline: CaptureView['timeline'] = [];
  const stamp = (step: CaptureView['timeline'][number]['step'], at: Date | null | undefined, detail?: string | null) => {
    if (at) timeline.push({ step, at: at.toISOString(), ...(detail ? { detail } : {}) });
  };
  stamp('requested', capture.createdAt);
  stamp('queued', capture.queuedAt);
  stamp('processing', capture.startedAt);
  stamp('stored', capture.storedAt);
  stamp('link_issued', capture.linkIssuedAt);
  if (capture.status === 'failed') stamp('failed', capture.finishedAt, capture.failure?.step);
  if (capture.status === 'canceled') stamp('canceled', capture.finishedAt);
  return timeline;
}

function toAsset(asset: AssetRow, link: Link): NonNullable<CaptureView['asset']> {
  const { contentType, bytes, sha256 } = asset;
  return {
    url: link.url,
    expiresAt: link.expiresAt.toISOString(),
    contentType,
    bytes,
    sha256,
    width: asset.width ?? null,
    height: asset.height ?? null,
    pages: asset.pages ?? null,
  };
}

/** The receipt as an actor may see it: whole, or without any name. */
export function toReceipt(receipt: CaptureView['auth'], { showAuthNames }: Pick<ViewOptions, 'showAuthNames'>): CaptureView['auth'] {
  if (!receipt || showAuthNames) return receipt;
  const { items: _items, ...counted } = receipt;
  return {
    ...counted,
    rejected: receipt.rejected.map(() => ({
      name: '(not shown)',
      reason: 'The name and the reason are shown to API keys with captures:read only.',
    })),
  };
}

/** Statuses below 500 by which a site says "not now"; by the others it says "not so". */
const MOMENTARY = [408, 425, 429];

type ErrorView = NonNullable<CaptureView['error']>;

function toError({ code, detail, step }: Failure, httpStatus: number | null, { publicUrl }: ViewOptions): ErrorView {
  const { blame, retry, says } = FAILURES[code];
  // What the caller must change first is not retryable; what was our fault, or the site's bad moment, may go well next time.
  const isAnswer = code === 'target_http_error' && httpStatus !== null && httpStatus < 500 && !MOMENTARY.includes(httpStatus);
  const retryable = (retry !== 'never' && !isAnswer) || blame === 'service';
  return { code, message: detail || says, retryable, step, blame, docs: `${publicUrl}${REFERENCE_PATH}#${code}` };
}

function instant(date: Date | null | undefined): string | null {
  return date ? date.toISOString() : null;
}
