import { initTRPC, TRPCError } from '@trpc/server';
import { makeId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Scope } from '#shared/scopes.ts';
import { requireScope } from '../domain/access/actor.ts';
import { AppError } from '../domain/app-error.ts';
import { isDatabaseUp } from '../domain/measure-instance.ts';
import type { Ctx } from './context.ts';
import { findTextFault } from './json-body.ts';
import { problemOf, toAppError, unavailable } from './problem-response.ts';

const TRPC_STATUS: Record<number, TRPCError['code']> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
};

const t = initTRPC.context<Ctx>().create({
  isDev: false, // else error bodies carry a stack
  errorFormatter: ({ shape, error, ctx }) => {
    const problem = problemOf(toAppError(error), {
      requestId: ctx?.requestId ?? makeId('request'),
      publicUrl: ctx?.instance.publicUrl() ?? '',
    });
    return { ...shape, message: problem.detail, data: { ...shape.data, problem } };
  },
  sse: {
    ping: { enabled: true, intervalMs: LIMITS.ssePingMs },
    client: { reconnectAfterInactivityMs: LIMITS.ssePingMs * 3 },
    maxDurationMs: LIMITS.sseLifeMsMax,
  },
});

export const { router, createCallerFactory } = t;

/** Carries a refusal through tRPC with the status that belongs to it. */
export function asTrpcError(error: AppError): TRPCError {
  return new TRPCError({ code: TRPC_STATUS[error.status] ?? 'INTERNAL_SERVER_ERROR', message: error.detail, cause: error });
}

/** For anybody, known or not: signing in, setting up. */
export const open = t.procedure.use(async ({ ctx, getRawInput, next }) => {
  checkText(await getRawInput());
  const result = await next();
  if (result.ok) return result;
  throw asTrpcError(await explain(ctx, result.error));
});

/** For everybody who acts inside a workspace. Who that is stands before what they sent. */
export const inWorkspace = t.procedure.use(async ({ ctx, getRawInput, next }) => {
  try {
    const actor = await ctx.resolveActor();
    checkText(await getRawInput());
    const result = await next({ ctx: { actor } });
    if (result.ok) return result;
    throw result.error;
  } catch (error) {
    throw asTrpcError(await explain(ctx, error));
  }
});

/** For those who hold a scope: judged before the input is read. */
export function withScope(scope: Scope) {
  return inWorkspace.use(({ ctx, next }) => {
    requireScope(ctx.actor, scope);
    return next();
  });
}

/** For people who are signed in to the console. */
export const asUser = inWorkspace.use(({ ctx, next }) => {
  if (ctx.actor.kind !== 'user') throw new AppError('forbidden', 'Only a person who is signed in to the console can do this.');
  return next({ ctx: { actor: ctx.actor } });
});

/** For the owner of the machine. */
export const asOperator = inWorkspace.use(({ ctx, next }) => {
  if (ctx.actor.kind !== 'operator')
    throw new AppError('forbidden', 'Only the operator can do this: use the `sessionshot` command on the machine of the server.');
  return next({ ctx: { actor: ctx.actor } });
});

/** Carries the refusals of a stream as those of any other call: a generator runs after the guards above have returned. */
export async function* asStream<T>(ctx: Pick<Ctx, 'instance'>, source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    throw asTrpcError(await explain(ctx, error));
  }
}

/**
 * Tells what went wrong. An error without a code that we know may still mean that the database is away (a pool that
 * gives up says so in words only): then the database is asked, within a second, before the answer is "our bug".
 */
export async function explain(ctx: Pick<Ctx, 'instance'>, error: unknown): Promise<AppError> {
  const known = toAppError(error);
  if (known.code !== 'internal' || (await isDatabaseUp(ctx.instance.deps))) return known;
  return unavailable(known.cause);
}

function checkText(input: unknown): void {
  const fault = findTextFault(input);
  if (fault)
    throw new AppError('invalid_request', `${fault.path ? `\`${fault.path}\` ` : 'The input '}${fault.message}.`, { errors: [fault] });
}
