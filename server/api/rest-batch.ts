import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { CaptureRequestInput } from '#shared/capture-request.ts';
import { LIMITS } from '#shared/limits.ts';
import { requireScope } from '../domain/access/actor.ts';
import { AppError } from '../domain/app-error.ts';
import type { Ctx } from './context.ts';
import { problemOf, reportError } from './problem-response.ts';
import { explain } from './procedures.ts';
import { type BatchResult, batchRequestSchema, createBatchSchema } from './rest-batch-schema.ts';
import { hasBody } from './rest-captures.ts';
import { restContext } from './rest-context.ts';
import { createCaller } from './router.ts';

/** Several captures by one call. Every item goes through the procedure that makes one, with a context of its own. */
export const restBatch: FastifyPluginAsyncZod = async (app) => {
  app.post('/captures/batch', { schema: createBatchSchema }, async (request, reply) => {
    const ctx = restContext(request);
    // Who may make none is told so once, and not by every item.
    requireScope(await ctx.resolveActor(), 'captures:create');
    if (!hasBody(request)) throw new AppError('invalid_json', 'The body is empty: send a JSON object.');
    const { defaults, items } = batchRequestSchema.parse(request.body);
    const key = keyOf(request.headers['idempotency-key']);
    const results: BatchResult[] = [];
    let waitSeconds = 0;
    let full: Made | null = null;
    // One after the other: they are accepted in their order, and one call takes one connection.
    for (const [index, item] of items.entries()) {
      // What found the queue full speaks for those after it, unless they may be replays of an earlier call.
      const made: Made = full && key === undefined ? full : await createItem(ctx, { defaults, item }, key && `${key}#${index}`);
      if (FULL.includes(made.result.problem?.code ?? '')) full = made;
      const { result, retryAfterSeconds = 0 } = made;
      results.push(result);
      waitSeconds = Math.max(waitSeconds, retryAfterSeconds);
    }
    if (waitSeconds > 0) reply.header('retry-after', String(waitSeconds));
    const accepted = results.filter(({ capture }) => capture !== null).length;
    return await reply.code(202).send({ object: 'batch', accepted, refused: results.length - accepted, items: results });
  });
};

type Made = { result: BatchResult; retryAfterSeconds?: number | undefined };
const FULL = ['queue_full', 'quota_exceeded'];

async function createItem(ctx: Ctx, { defaults, item }: { defaults: unknown; item: unknown }, idempotencyKey?: string): Promise<Made> {
  const own: Ctx = { ...ctx, create: { idempotencyKey, replayed: false } };
  try {
    // Not known to be one: the procedure judges it, and keeps it as it was sent.
    const capture = await createCaller(own).captures.create(merge(defaults, item) as CaptureRequestInput);
    return { result: { status: 202, replayed: own.create.replayed, capture, problem: null } };
  } catch (error) {
    const refusal = await explain(ctx, error);
    reportError(ctx.instance.deps.log, refusal, ctx.requestId);
    const problem = problemOf(refusal, { requestId: ctx.requestId, publicUrl: ctx.instance.publicUrl() });
    return {
      result: { status: refusal.status, replayed: false, capture: null, problem },
      retryAfterSeconds: refusal.retryAfterSeconds,
    };
  }
}

/** Room is left for the number of an item, so that no item is refused for a key that others of its batch may have. */
function keyOf(header: string | undefined): string | undefined {
  const charsMax = LIMITS.idempotencyKeyCharsMax - LIMITS.batchKeyCharsReserved;
  if (header === undefined || (/^[\x21-\x7e]+$/.test(header) && header.length <= charsMax)) return header;
  throw new AppError('invalid_idempotency_key', `Give 1 to ${charsMax} visible ASCII characters for a batch, for example a UUID.`);
}

/** Lays an item over the defaults: objects member by member, everything else in place of what was there. Neither is changed. */
export function merge(under: unknown, over: unknown): unknown {
  if (!isObject(under) || !isObject(over)) return over;
  const names = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...names].map((name) => [name, Object.hasOwn(over, name) ? merge(under[name], over[name]) : under[name]]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
