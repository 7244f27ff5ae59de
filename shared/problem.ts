import { z } from 'zod';

/** Every code a refused API call can carry, with its HTTP status and title (`rest-api.md`, RFC 9457). */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'The request is not well-formed HTTP' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  invalid_idempotency_key: { status: 400, title: 'The Idempotency-Key is malformed' },
  missing_api_key: { status: 401, title: 'An API key is needed' },
  invalid_api_key: { status: 401, title: 'The API key is not valid' },
  second_factor_needed: { status: 401, title: 'A code of your authenticator app is needed' },
  not_signed_in: { status: 401, title: 'Sign in to the console first' },
  insufficient_scope: { status: 403, title: 'The API key lacks a scope' },
  address_not_allowed: { status: 403, title: 'The API key may not be used from this address' },
  domain_not_allowed: { status: 403, title: 'The host is not an allowed domain' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  conflict: { status: 409, title: 'The request does not fit the present state' },
  idempotency_in_progress: { status: 409, title: 'A request with this Idempotency-Key is in progress' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Send application/json' },
  invalid_request: { status: 422, title: 'The request is not valid' },
  invalid_target_url: { status: 422, title: 'The target URL is refused' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used with another body' },
  rate_limited: { status: 429, title: 'Too many requests' },
  queue_full: { status: 429, title: 'Too many captures are waiting' },
  quota_exceeded: { status: 429, title: 'The quota is used up' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  overloaded: { status: 503, title: 'The instance is at its bound' },
  unavailable: { status: 503, title: 'A part of the instance is not available' },
} as const satisfies Record<string, { status: number; title: string }>;

/** Where an instance tells about its codes: the reference has an anchor for each, of problems and of failures. */
export const REFERENCE_PATH = '/api/docs';

export type ProblemCode = keyof typeof PROBLEMS;
export type FieldError = { path: string; message: string };

/** An RFC 9457 problem document as every API error carries it. */
export const problemSchema = z
  .object({
    type: z.string().describe('Where the reference of this instance tells about the problem; the fragment is the code.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

/**
 * Builds the problem document for a code. `detail` must name the remedy and hold no secret. `publicUrl` is the instance's
 * own; where it is empty `type` is a relative reference, which is resolved against the URL that was called.
 */
export function problem(
  code: ProblemCode,
  { detail, errors, requestId, publicUrl }: { detail: string; errors?: FieldError[] | undefined; requestId: string; publicUrl: string },
): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: `${publicUrl}${REFERENCE_PATH}#${code}`, title, status, detail, code, requestId, ...(errors ? { errors } : {}) };
}
