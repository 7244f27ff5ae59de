import { TRPCError } from '@trpc/server';
import type { FastifyReply } from 'fastify';
import { ZodError } from 'zod';
import type { Log } from '#shared/log.ts';
import { PROBLEMS, type Problem, type ProblemCode, problem } from '#shared/problem.ts';
import { AppError } from '../domain/app-error.ts';
import { fieldErrors } from './field-errors.ts';

/** Codes of Node and of PostgreSQL that mean "a part is down", not "we have a bug". */
const DOWN = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'REQUEST_SEND_ERROR',
  '57P01',
  '57P02',
  '57P03',
  '53300',
]);
const CAUSES_MAX = 6;
const RETRY_AFTER_SECONDS = 5;

/** What Fastify refuses before a handler runs, by its own error code. */
const FASTIFY_CODES: Record<string, { code: ProblemCode; detail: string }> = {
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid_json', detail: 'The body could not be read as JSON.' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid_json', detail: 'The body is empty: send a JSON object.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid_json', detail: 'The body is shorter or longer than its Content-Length.' },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'payload_too_large',
    detail: 'The body is larger than 1 MiB. Large storage states can be trimmed to the origins that the page needs.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported_media_type', detail: 'Send the body with `Content-Type: application/json`.' },
  FST_ERR_CTP_INVALID_TYPE: { code: 'unsupported_media_type', detail: 'Send the body with `Content-Type: application/json`.' },
};

const TRPC_CODES: Partial<Record<TRPCError['code'], { code: ProblemCode; detail: string }>> = {
  PARSE_ERROR: { code: 'invalid_json', detail: 'The input could not be read as JSON.' },
  NOT_FOUND: { code: 'not_found', detail: 'There is no such procedure.' },
  METHOD_NOT_SUPPORTED: { code: 'method_not_allowed', detail: 'Queries are read with GET, mutations sent with POST.' },
  UNSUPPORTED_MEDIA_TYPE: { code: 'unsupported_media_type', detail: 'Send the body with `Content-Type: application/json`.' },
  PAYLOAD_TOO_LARGE: { code: 'payload_too_large', detail: 'The body is too large.' },
};

/**
 * Brings anything thrown into the one form that callers see. What is not known becomes `internal` with the thrown thing
 * as its cause, so that the log can tell it and the answer cannot.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof TRPCError) return fromTrpc(error);
  if (error instanceof ZodError) return invalidRequest(error);
  const known = FASTIFY_CODES[codeOf(error) ?? ''];
  if (known) return new AppError(known.code, known.detail, { cause: error });
  if (isDown(error)) return unavailable(error);
  return new AppError('internal', 'Something went wrong on our side. Quote the request id when you report it.', { cause: error });
}

/** The answer while a part (database, storage) is down. */
export function unavailable(
  cause?: unknown,
  detail = 'A part of the instance is not available at the moment. Try again shortly.',
): AppError {
  return new AppError('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/** The problem document of a refusal; what tRPC carries in `data.problem` and REST as its body. */
export function problemOf(error: AppError, at: { requestId: string; publicUrl: string }): Problem {
  return problem(error.code, { ...at, detail: error.detail, errors: error.errors });
}

/** Answers with `application/problem+json` and the headers that go with the status. */
export function sendProblem(reply: FastifyReply, error: AppError, publicUrl: string): FastifyReply {
  if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="sessionshot"');
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  // As bytes: for text and objects the framework would add a charset, which this media type does not have.
  const body = Buffer.from(JSON.stringify(problemOf(error, { requestId: reply.request.id, publicUrl })));
  return reply.code(error.status).header('cache-control', 'no-store').type('application/problem+json').send(body);
}

/** The header by which calls of tRPC say when to try again: the longest wait of a batch. */
export function retryAfterOf(errors: readonly unknown[]): { headers?: Record<string, string> } {
  const waits = errors.flatMap((error) => toAppError(error).retryAfterSeconds ?? []);
  return waits.length > 0 ? { headers: { 'retry-after': String(Math.max(...waits)) } } : {};
}

/** Writes to the log what is our own fault, whole; refusals are no news. */
export function reportError(log: Log, error: AppError, requestId: string): void {
  if (error.code === 'internal') log.error('request failed', { requestId, code: error.code, error: error.cause ?? error });
  else if (error.status >= 500) log.warn('request refused', { requestId, code: error.code, error: error.cause ?? error });
  else if (error.message !== error.detail) log.info('request refused', { requestId, code: error.code, reason: error.message });
}

function fromTrpc(error: TRPCError): AppError {
  if (error.cause instanceof AppError) return error.cause;
  if (error.code === 'BAD_REQUEST' && error.cause instanceof ZodError) return invalidRequest(error.cause);
  const known = TRPC_CODES[error.code];
  if (known) return new AppError(known.code, known.detail, { cause: error });
  if (error.code === 'BAD_REQUEST') return new AppError('invalid_request', 'The input is not valid.', { cause: error });
  return toAppError(error.cause ?? new Error(`tRPC refused with ${error.code}`));
}

function invalidRequest(error: ZodError): AppError {
  const errors = fieldErrors(error.issues);
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see \`errors\`)` : '';
  const detail = first ? `${first.path ? `\`${first.path}\`: ` : ''}${first.message}${more}` : PROBLEMS.invalid_request.title;
  return new AppError('invalid_request', detail, { errors });
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function isDown(error: unknown): boolean {
  let at: unknown = error;
  for (let i = 0; i < CAUSES_MAX && at; i++) {
    const code = codeOf(at);
    if (code !== undefined && (DOWN.has(code) || code.startsWith('08'))) return true;
    at = at instanceof Error ? at.cause : undefined;
  }
  return false;
}
