import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { secret } from '#shared/secret.ts';
import type { ApiKeyActor, OperatorActor, RunnerActor, UserActor } from '../domain/access/actor.ts';
import { authenticateApiKey } from '../domain/access/authenticate-api-key.ts';
import { authenticateRunner, recordStrayRunner } from '../domain/access/runners.ts';
import { readSession } from '../domain/access/sessions.ts';
import { findWorkspace } from '../domain/access/workspaces.ts';
import { AppError } from '../domain/app-error.ts';
import type { Ctx, Instance } from './context.ts';
import { checkOwnHost, checkOwnOrigin, isLoopback } from './own-origin.ts';
import { sessionCookie } from './session-cookie.ts';

/** The header by which the command line names a workspace where there are several. */
const WORKSPACE_HEADER = 'x-sessionshot-workspace';

/** The key of a program: `Authorization: Bearer …` or `X-API-Key`. Two different ones are refused as invalid. */
export async function authenticateProgram(instance: Instance, request: FastifyRequest): Promise<ApiKeyActor> {
  const bearer = bearerOf(request);
  const header = request.headers['x-api-key'];
  // Another scheme without a key of ours is a malformed key, not a missing one: the caller did mean to authenticate. With
  // one it belongs to somebody else, such as a proxy that asks for a password of its own.
  // The scheme alone, as of a variable that is not set, names no key.
  const given = /^Bearer\s*$/i.test(request.headers.authorization ?? '') ? undefined : request.headers.authorization;
  const token = bearer ?? (typeof header === 'string' ? header : given);
  if (bearer !== undefined && typeof header === 'string' && bearer !== header) {
    await noteRunner(instance, request, 'api');
    throw new AppError(
      'invalid_api_key',
      'The key is malformed, unknown, revoked or expired. Make a new one in the console or with `sessionshot keys create`.',
      { internal: 'two different keys in one request' },
    );
  }
  try {
    return await authenticateApiKey(instance.deps, token, { address: request.ip, userAgent: request.headers['user-agent'] });
  } catch (error) {
    await noteRunner(instance, request, 'api');
    throw error;
  }
}

/** A runner by its token. */
export async function authenticateRunnerRequest(instance: Instance, request: FastifyRequest): Promise<RunnerActor> {
  return await authenticateRunner(instance.deps, bearerOf(request), request.ip);
}

/** The owner of the machine: from this machine only, with the token of the data folder. */
export async function authenticateOperator(instance: Instance, request: FastifyRequest): Promise<void> {
  const token = bearerOf(request);
  const { operatorToken } = instance;
  const isOperator = token !== undefined && operatorToken !== null && sameText(token, operatorToken.reveal());
  if (!isOperator) await noteRunner(instance, request, 'operator');
  if (!isLoopback(request.socket.remoteAddress ?? '') || operatorToken === null)
    throw new AppError(
      'forbidden',
      'Operator calls are answered on this machine only, by an instance that was started with a data folder.',
    );
  if (!isOperator) throw new AppError('forbidden', 'The operator token is not the one of the running instance.');
}

/** The operator as somebody who acts in one workspace: the named one, or the only one. */
export async function operatorActor(instance: Instance, request: FastifyRequest): Promise<OperatorActor> {
  const named = request.headers[WORKSPACE_HEADER];
  const workspaceId = await findWorkspace(instance.deps, typeof named === 'string' && named !== '' ? named : undefined);
  const token = instance.operatorToken?.reveal() ?? '';
  return {
    kind: 'operator',
    workspaceId,
    address: request.ip,
    fingerprintKey: secret(new Uint8Array(createHash('sha256').update(`fingerprint:${token}`).digest())),
  };
}

/** The context of a call without a cookie: a program's or an operator's. */
export function callContext(instance: Instance, request: FastifyRequest, reply: FastifyReply, resolveActor: Ctx['resolveActor']): Ctx {
  return {
    instance,
    requestId: request.id,
    address: request.ip,
    signal: hangUpSignal(instance, reply),
    resolveActor,
    session: null,
    create: { replayed: false },
  };
}

/** The context of a call from the console. Changes must come from our own pages; the session is read when first asked for. */
export async function consoleContext(instance: Instance, request: FastifyRequest, reply: FastifyReply): Promise<Ctx> {
  try {
    checkOwnHost(request.headers, instance.own);
    if (request.method !== 'GET' && request.method !== 'HEAD') checkOwnOrigin(request.headers, instance.own);
  } catch (error) {
    await noteRunner(instance, request, 'console');
    throw error;
  }
  const session = sessionCookie(request, reply, instance.own.publicUrl?.protocol === 'https:');
  const readCaller = async (): Promise<UserActor> => {
    try {
      return { ...(await readSession(instance.deps, session.read())), address: request.ip };
    } catch (error) {
      await noteRunner(instance, request, 'console');
      throw error;
    }
  };
  // One look-up for all calls of a batch.
  let reading: Promise<UserActor> | undefined;
  const resolveActor = (fresh = false) => {
    if (fresh) reading = undefined;
    reading ??= readCaller();
    return reading;
  };
  return { ...callContext(instance, request, reply, resolveActor), session };
}

/** Aborts when the caller goes away before the answer is complete, or when the process drains. */
export function hangUpSignal(instance: Instance, reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, instance.drain]);
}

/** A runner that is turned away at a door which is not its own leaves a trace: nobody but an intruder would try. */
async function noteRunner(instance: Instance, request: FastifyRequest, door: 'api' | 'console' | 'operator'): Promise<void> {
  const header = request.headers['x-api-key'];
  const tokens = new Set([bearerOf(request), typeof header === 'string' ? header : undefined]);
  for (const token of tokens) if (token !== undefined) await recordStrayRunner(instance.deps, { token, door, address: request.ip });
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
