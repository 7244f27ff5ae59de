import { tracked } from '@trpc/server';
import { ZodError, z } from 'zod';
import { captureSchema, linkSchema, STATUSES } from '#shared/capture.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import { dryRunSchema } from '#shared/dry-run.ts';
import { LIMITS } from '#shared/limits.ts';
import { strict } from '#shared/strict.ts';
import { AppError } from '../domain/app-error.ts';
import { cancelCapture } from '../domain/captures/cancel-capture.ts';
import { createCapture } from '../domain/captures/create-capture.ts';
import { deleteCapture } from '../domain/captures/delete-capture.ts';
import { dryRunCapture } from '../domain/captures/dry-run-capture.ts';
import { holdCapture, releaseCapture } from '../domain/captures/hold-capture.ts';
import { issueAssetLink } from '../domain/captures/issue-asset-link.ts';
import { listCaptures, readCapture, waitForCapture } from '../domain/captures/read-captures.ts';
import { changeSchema, watchCapture, watchWorkspace } from './capture-events.ts';
import { toAppError } from './problem-response.ts';
import { asAdmin, asStream, router, withScope } from './procedures.ts';
import { withoutFaults } from './without-faults.ts';

/** Long enough for any id of ours; whether it has the form of one is part of "not found". */
const captureId = z.string().min(1).max(100);
const byId = strict({ id: captureId });
/** Instants that PostgreSQL can hold and a capture can have. */
const instant = z.iso.datetime({ offset: true }).pipe(z.string().regex(/^[12]/, 'is not an instant at which captures were made'));

/** What captures can be listed by. `tags` must all match; `host` is exact. */
export const listInputSchema = strict({
  status: z.enum(STATUSES).optional(),
  host: z.string().min(1).max(253).optional(),
  reference: z.string().min(1).max(LIMITS.referenceCharsMax).optional(),
  held: z.boolean().optional(),
  tagKey: z.string().min(1).max(LIMITS.tagKeyCharsMax).optional(),
  tagValue: z.string().max(LIMITS.tagValueCharsMax).optional(),
  tags: z.record(z.string().min(1).max(LIMITS.tagKeyCharsMax), z.string().max(LIMITS.tagValueCharsMax)).optional(),
  createdAfter: instant.optional(),
  createdBefore: instant.optional(),
  limit: z.int().min(1).max(LIMITS.listLimitMax).optional(),
  cursor: z.string().min(1).max(200).optional(),
});

export const capturePageSchema = z.object({ data: z.array(captureSchema), nextCursor: z.string().nullable() }).meta({ id: 'CapturePage' });

/** Life of a re-issued link, in milliseconds. */
export const ttlSchema = z
  .int()
  .min(LIMITS.linkLifeMsMin)
  .max(LIMITS.linkLifeMsMax)
  .optional()
  .describe('Milliseconds; default 15 minutes.');

const read = withScope('captures:read');
const create = withScope('captures:create');
const remove = withScope('captures:delete');

export const capturesRouter = router({
  create: create
    .meta({ access: 'captures:create', hasTarget: true, audit: 'capture.create' })
    // The body as it was sent: a repeated key must come with the same one, and defaults may change between versions.
    .use(async ({ getRawInput, next }) => next({ ctx: { body: await getRawInput() } }))
    .input(captureRequestSchema)
    .output(captureSchema)
    .mutation(async ({ ctx, input }) => {
      if (input.dryRun) throw new AppError('invalid_request', 'A dry run makes no capture: call `captures.dryRun`.');
      const result = await createCapture(ctx.instance.deps, ctx.actor, input, {
        idempotencyKey: ctx.create.idempotencyKey,
        body: ctx.body,
      });
      ctx.create.replayed = result.replayed;
      if (!result.replayed) ctx.create.madeId = result.capture.id;
      return result.capture;
    }),

  /** Checks a request as `create` would, and makes nothing of it. */
  dryRun: create
    .meta({ access: 'captures:create', hasTarget: true, audit: null })
    .use(async ({ ctx, getRawInput, next }) => {
      const body = await getRawInput();
      const result = await next({ ctx: { body } });
      if (result.ok || !(result.error.cause instanceof ZodError)) return result;
      const fault = toAppError(result.error);
      // What the schema refuses hides all other faults: they are looked for in what is left without it.
      const { request, errors } = withoutFaults(body);
      const late = errors.length > 0 ? [new AppError('invalid_request', fault.detail, { errors })] : [];
      if (request) await dryRunCapture(ctx.instance.deps, ctx.actor, request, { body, known: [fault, ...late] });
      return result;
    })
    .input(captureRequestSchema)
    .output(dryRunSchema)
    .mutation(({ ctx, input }) =>
      dryRunCapture(ctx.instance.deps, ctx.actor, input, { idempotencyKey: ctx.create.idempotencyKey, body: ctx.body }),
    ),

  get: read
    .input(byId)
    .output(captureSchema)
    .query(({ ctx, input }) => readCapture(ctx.instance.deps, ctx.actor, input.id)),

  /** Answers when the capture is final, after `seconds`, or when the caller hangs up: whatever comes first. */
  wait: read
    .input(strict({ id: captureId, seconds: z.int().min(0).max(LIMITS.preferWaitSecondsMax) }))
    .output(captureSchema)
    .query(({ ctx, input }) => {
      const isNew = ctx.create.madeId === input.id;
      return waitForCapture(ctx.instance.deps, ctx.actor, input.id, {
        ms: input.seconds * 1000,
        signal: ctx.signal,
        isNew,
        stillThere: () => ctx.resolveActor(true),
      });
    }),

  list: read
    .input(listInputSchema.default({}))
    .output(capturePageSchema)
    .query(async ({ ctx, input }) => {
      const { tagKey, tagValue, tags, ...rest } = input;
      const byTag = tagKey === undefined ? {} : { [tagKey]: tagValue ?? '' };
      return await listCaptures(ctx.instance.deps, ctx.actor, {
        ...rest,
        tags: { ...tags, ...byTag },
        // The console lists without links: it asks for one where a person wants to see the result.
        withLinks: ctx.actor.kind !== 'user',
      });
    }),

  issueLink: read
    .meta({ access: 'captures:read', audit: 'capture.link' })
    .input(strict({ id: captureId, ttl: ttlSchema }))
    .output(linkSchema)
    .mutation(({ ctx, input }) => issueAssetLink(ctx.instance.deps, ctx.actor, input.id, input.ttl)),

  cancel: create
    .meta({ access: 'captures:create', audit: 'capture.cancel' })
    .input(byId)
    .output(captureSchema)
    .mutation(({ ctx, input }) => cancelCapture(ctx.instance.deps, ctx.actor, input.id)),

  remove: remove
    .meta({ access: 'captures:delete', audit: 'capture.delete' })
    .input(byId)
    .output(byId)
    .mutation(async ({ ctx, input }) => {
      await deleteCapture(ctx.instance.deps, ctx.actor, input.id);
      return input;
    }),

  /** Keeps it from deletion and from the end of its retention, until `release`. */
  hold: asAdmin
    .meta({ access: 'admin', audit: 'capture.hold' })
    .input(byId)
    .output(captureSchema)
    .mutation(({ ctx, input }) => holdCapture(ctx.instance.deps, ctx.actor, input.id)),

  release: asAdmin
    .meta({ access: 'admin', audit: 'capture.release' })
    .input(byId)
    .output(captureSchema)
    .mutation(({ ctx, input }) => releaseCapture(ctx.instance.deps, ctx.actor, input.id)),

  /** Every change of a capture of this workspace: enough to refresh what is on the screen. */
  onChange: read.input(strict({ lastEventId: z.string().max(100).nullish() }).default({})).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const watching = { ctx, actor: ctx.actor, signal: signal ?? ctx.signal };
    for await (const change of asStream(ctx, watchWorkspace(watching, input.lastEventId != null)))
      yield tracked(`${Date.now()}-${change.id}`, changeSchema.parse(change));
  }),

  /** One capture as it goes on, until it is final. */
  watch: read.input(strict({ id: captureId, lastEventId: z.string().max(100).nullish() })).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const watching = { ctx, actor: ctx.actor, signal: signal ?? ctx.signal };
    for await (const capture of asStream(ctx, watchCapture(watching, input.id)))
      yield tracked(`${Date.now()}-${capture.id}`, captureSchema.parse(capture));
  }),
});
