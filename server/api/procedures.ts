import { initTRPC, TRPCError } from '@trpc/server';
import type { AuditAction } from '#shared/audit-actions.ts';
import { makeId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Scope } from '#shared/scopes.ts';
import { type Actor, requireAdmin, requireScope } from '../domain/access/actor.ts';
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

/**
 * Whom a procedure is for. `anyone`: known or not. `member`: whoever acts in the workspace, programs included. `user`: a
 * person signed in to the console. `admin`: its owners and admins, and the operator. `operator`: the owner of the machine.
 * A scope: programs that hold it, people whose role has it.
 */
export type Access = 'anyone' | 'member' | 'user' | 'admin' | 'operator' | Scope;

/** What a procedure declares of itself; the guards below hold callers to it, and tests/security walks and tries all of it. */
export type Meta = {
  access: Access;
  /** Its `url` is a target: what is wrong with that text is `invalid_target_url`. */
  hasTarget?: true;
  /** What a mutation that succeeds leaves in the audit log; null for one that changes nothing. Every mutation says it. */
  audit?: AuditAction | null;
};

const t = initTRPC
  .context<Ctx>()
  .meta<Meta>()
  .create({
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
export const open = t.procedure.meta({ access: 'anyone' }).use(async ({ ctx, meta, getRawInput, next }) => {
  checkText(await getRawInput(), meta);
  const result = await next();
  if (result.ok) return result;
  throw asTrpcError(await explain(ctx, result.error));
});

/** Who calls stands before what they may, and that before what they sent. Without a declaration nobody may. */
const guarded = t.procedure.use(async ({ ctx, meta, path, getRawInput, next }) => {
  try {
    const actor = await ctx.resolveActor();
    requireAccess(actor, meta?.access ?? refuseUndeclared(path));
    checkText(await getRawInput(), meta);
    const result = await next({ ctx: { actor } });
    if (result.ok) return result;
    throw result.error;
  } catch (error) {
    throw asTrpcError(await explain(ctx, error));
  }
});

/** For everybody who acts inside a workspace. */
export const asMember = guarded.meta({ access: 'member' });

/** For those who administer a workspace: owners, admins, and the operator. */
export const asAdmin = guarded.meta({ access: 'admin' });

/** For those who hold a scope. */
export function withScope(scope: Scope) {
  return guarded.meta({ access: scope });
}

/** For people who are signed in to the console. */
export const asUser = guarded.meta({ access: 'user' }).use(({ ctx, next }) => next({ ctx: { actor: requireUser(ctx.actor) } }));

/** For the owner of the machine. */
export const asOperator = guarded.meta({ access: 'operator' }).use(({ ctx, next }) => next({ ctx: { actor: requireOperator(ctx.actor) } }));

function requireAccess(actor: Actor, access: Access): void {
  if (access === 'user') requireUser(actor);
  else if (access === 'operator') requireOperator(actor);
  else if (access === 'admin') requireAdmin(actor);
  else if (access !== 'anyone' && access !== 'member') requireScope(actor, access);
}

function requireUser(actor: Actor) {
  if (actor.kind === 'user') return actor;
  throw new AppError('forbidden', 'Only a person who is signed in to the console can do this.');
}

function requireOperator(actor: Actor) {
  if (actor.kind === 'operator') return actor;
  throw new AppError('forbidden', 'Only the operator can do this: use the `sessionshot` command on the machine of the server.');
}

function refuseUndeclared(path: string): never {
  throw new Error(`${path} does not declare whom it is for`);
}

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

function checkText(input: unknown, meta: Meta | undefined): void {
  const fault = findTextFault(input, meta?.hasTarget ? 'url' : undefined);
  if (fault)
    throw new AppError('invalid_request', `${fault.path ? `\`${fault.path}\` ` : 'The input '}${fault.message}.`, { errors: [fault] });
}
