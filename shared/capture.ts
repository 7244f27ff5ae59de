import { z } from 'zod';
import { FAILURE_CODES, STEPS } from './failure.ts';
import { LIMITS } from './limits.ts';
import { FORMATS } from './output.ts';

export const STATUSES = ['queued', 'running', 'succeeded', 'failed', 'canceled'] as const;
export type CaptureStatus = (typeof STATUSES)[number];
export const FINAL_STATUSES: readonly CaptureStatus[] = ['succeeded', 'failed', 'canceled'];
export const VERDICTS = ['authenticated', 'unverified', 'login_wall', 'denied', 'error_page'] as const;
export type Verdict = (typeof VERDICTS)[number];

const instant = z.iso.datetime();
const ms = z.int().min(0).describe('milliseconds');

/** Where the time of a capture went, in milliseconds; `queue` and `total` are the server's, the others the runner's. */
export const timingsSchema = z
  .object({ queue: ms, session: ms, navigate: ms, settle: ms, actions: ms, render: ms, store: ms, total: ms })
  .partial();
/**
 * What the page was waited for: for each part when it was last seen unsettled, in milliseconds from the end of
 * navigation. Parts that were never unsettled are absent, or 0 for the first four.
 */
export const readinessSchema = z
  .object({
    settledBy: z.string().describe('`auto`, `signal`, `timeout (…)`, or the `waitUntil` that was asked for.'),
    heldBy: z.string().describe('The part that came to rest last, or the one that never did.'),
    network: ms,
    dom: ms,
    fonts: ms,
    images: ms,
    load: ms.describe('The document itself, or a refresh to another address.'),
    busy: ms.describe('`aria-busy`, skeletons, spinners.'),
    timers: ms.describe('Short timers and workers of the page.'),
    motion: ms.describe('Transitions, finite animations, canvases.'),
    frames: ms.describe('Any part of a visible frame.'),
    signal: ms.describe('The app’s own signal.'),
    scroll: ms.describe('When the scroll through a picture beyond the view was over.'),
  })
  .partial();
export const egressSchema = z.object({ hosts: z.array(z.string()), blocked: z.array(z.object({ host: z.string(), reason: z.string() })) });
/**
 * What was done to the page before the picture because the request asked for it: how often each rule applied, and what
 * was kept from being sent. Counts, places in the request and shown addresses; never what was hidden.
 */
export const controlsSchema = z
  .object({
    redaction: z.object({
      replaced: z.int().describe('Places that were replaced, over all rules.'),
      rules: z.array(z.object({ at: z.string().describe('Such as `redact[0]`.'), replaced: z.int() })),
    }),
    readOnly: z.object({
      blocked: z.array(z.object({ method: z.string(), url: z.string(), kind: z.string(), count: z.int() })),
    }),
    block: z.object({ requests: z.int(), rules: z.array(z.object({ at: z.string(), requests: z.int() })) }),
    reproducible: z.object({ fixed: z.array(z.string()).describe('What was held still, such as `clock` or `random`.') }),
  })
  .partial()
  .meta({ id: 'Controls' });
export const AUTH_ITEM_KINDS = ['cookie', 'localStorage', 'sessionStorage', 'indexedDB', 'header', 'httpCredentials'] as const;
/** `accepted` is what a dry run says: it passed every check that can be made without a browser. */
export const AUTH_ITEM_STATUSES = ['applied', 'rejected', 'deleted_by_site', 'replaced_by_site', 'never_sent', 'accepted'] as const;
/** One part of an auth state and how it fared. Names and places, never values. */
export const authItemSchema = z
  .object({
    kind: z.enum(AUTH_ITEM_KINDS),
    name: z.string(),
    at: z.string().describe('The host or the origin that it belongs to.'),
    status: z.enum(AUTH_ITEM_STATUSES),
    reason: z.string().optional(),
  })
  .meta({ id: 'AuthItem' });
export type AuthItem = z.infer<typeof authItemSchema>;
const authCountsSchema = z.partialRecord(z.enum(AUTH_ITEM_STATUSES), z.int()).meta({ id: 'AuthCounts' });
export const authReceiptSchema = z.object({
  cookies: z.int(),
  origins: z.int(),
  rejected: z.array(z.object({ name: z.string(), reason: z.string() })),
  counts: authCountsSchema.optional().describe('How the parts of the auth state fared, over all of them.'),
  items: z
    .array(authItemSchema)
    .max(LIMITS.authItemsShownMax)
    .optional()
    .describe(`Each part by its name, never its value; those that were not simply applied first, at most ${LIMITS.authItemsShownMax}.`),
  sessionReplaced: z
    .boolean()
    .optional()
    .describe('The site replaced or deleted a part that looks like the session: what was given may be spent.'),
  replacedInAttempts: z
    .array(z.int())
    .optional()
    .describe('Earlier attempts in which that was so: this one began with what they had used.'),
});
export type AuthReceipt = z.infer<typeof authReceiptSchema>;

export const assetSchema = z
  .object({
    url: z.string().describe('A signed URL: read-only, for this one blob, short-lived.'),
    expiresAt: instant.describe('When the signed URL runs out.'),
    contentType: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    pages: z.int().nullable(),
  })
  .meta({ id: 'Asset' });

export const captureErrorSchema = z.object({
  code: z.enum(FAILURE_CODES),
  message: z.string(),
  retryable: z.boolean().describe('Whether sending the same request again may help.'),
  step: z.enum(STEPS).nullable(),
  blame: z.enum(['request', 'target', 'service']),
  docs: z.string(),
});

export const attemptSchema = z.object({
  number: z.int(),
  runner: z.string().nullable(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  code: z.string().nullable(),
});
export const timelineSchema = z.array(
  z.object({
    step: z.enum(['requested', 'queued', 'processing', 'stored', 'link_issued', 'failed', 'canceled']),
    at: instant,
    detail: z.string().optional(),
  }),
);

/** A capture as callers see it. An allow-list: what is not named here never leaves the server. */
export const captureSchema = z
  .object({
    id: z.string(),
    object: z.literal('capture'),
    status: z.enum(STATUSES),
    verdict: z.enum(VERDICTS).nullable(),
    partial: z.boolean(),
    format: z.enum(FORMATS),
    attempts: z.array(attemptSchema),
    url: z.string(),
    finalUrl: z.string().nullable(),
    httpStatus: z.int().nullable(),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    expiresAt: instant.nullable().describe('When the asset is deleted.'),
    assetExpiredAt: instant.nullable(),
    heldAt: instant
      .nullable()
      .describe('Since when it is on hold: kept from deletion and from the end of its retention. Null where it is not.'),
    timeline: timelineSchema,
    timings: timingsSchema,
    asset: assetSchema.nullable(),
    auth: authReceiptSchema.nullable(),
    readiness: readinessSchema.nullable(),
    egress: egressSchema.nullable(),
    controls: controlsSchema.nullable().describe('What the controls of the request did to the page; null without any.'),
    error: captureErrorSchema.nullable(),
    tags: z.record(z.string(), z.string()),
    reference: z.string().nullable(),
  })
  .meta({ id: 'Capture' });
export type Capture = z.infer<typeof captureSchema>;

export const linkSchema = z.object({ url: z.string(), expiresAt: instant }).meta({ id: 'Link' });
