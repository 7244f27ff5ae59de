import { z } from 'zod';
import { captureSchema, linkSchema } from '#shared/capture.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import { dryRunSchema } from '#shared/dry-run.ts';
import { strict } from '#shared/strict.ts';
import { capturePageSchema, ttlSchema } from './captures.router.ts';
import { listQuerySchema } from './rest-list-query.ts';
import { problems } from './rest-problems.ts';
import { jwksSchema } from './system.router.ts';

/**
 * What the routes of the REST API take and answer, as the document tells it. Types of the handlers come from here; what
 * is sent is judged by the procedures, with the same schemas.
 */
const params = z.object({ id: z.string().describe('`cap_…`') });
/** The body of a request for a new link; it may be left out. */
export const linkRequestSchema = strict({ ttl: ttlSchema }).meta({ id: 'LinkRequest' });
const security: Record<string, string[]>[] = [{ bearer: [] }, { apiKey: [] }];
const tags = ['captures'];
const everyCall = [
  'missing_api_key',
  'invalid_api_key',
  'insufficient_scope',
  'address_not_allowed',
  'rate_limited',
  'internal',
  'unavailable',
] as const;

export const createCaptureSchema = {
  tags,
  security,
  operationId: 'createCapture',
  summary: 'Create a capture',
  description:
    'Accepts a capture and answers with its id at once. `Prefer: wait=SECONDS` (at most 60) waits for the result. With `dryRun: true` everything is checked and nothing is made.',
  headers: z.object({
    'idempotency-key': z
      .string()
      .optional()
      .describe('1–255 visible ASCII characters. For 24 hours the same key with the same body answers as the first did.'),
    prefer: z
      .string()
      .optional()
      .describe(
        '`wait=SECONDS`, a whole number: answer 200 with the finished capture if it finishes in time, else 202. Anything else is passed over.',
      ),
  }),
  body: captureRequestSchema,
  response: {
    200: z
      .union([captureSchema, dryRunSchema])
      .describe('Finished within the time of `Prefer: wait`; or, with `dryRun: true`, what is known without a browser.'),
    202: captureSchema.describe('Accepted. `Location` names the capture.'),
    ...problems(everyCall, [
      'invalid_json',
      'invalid_idempotency_key',
      'domain_not_allowed',
      'payload_too_large',
      'request_timeout',
      'unsupported_media_type',
      'invalid_request',
      'invalid_target_url',
      'idempotency_key_reused',
      'idempotency_in_progress',
      'queue_full',
      'quota_exceeded',
      'overloaded',
    ]),
  },
};

export const listCapturesSchema = {
  tags,
  security,
  operationId: 'listCaptures',
  summary: 'List captures',
  description: 'Newest first. Any number of `tag.KEY=VALUE` parameters; all must match.',
  querystring: listQuerySchema,
  response: { 200: capturePageSchema, ...problems(everyCall, ['invalid_request']) },
};

export const getCaptureSchema = {
  tags,
  security,
  operationId: 'getCapture',
  summary: 'Read a capture',
  description: 'The signed URL in `asset.url` is made anew at each reading.',
  params,
  response: { 200: captureSchema, ...problems(everyCall, ['not_found']) },
};

export const issueLinkSchema = {
  tags,
  security,
  operationId: 'issueLink',
  summary: 'Issue a new signed link',
  description: 'Older links run out by themselves.',
  params,
  body: linkRequestSchema.optional(),
  response: {
    201: linkSchema,
    ...problems(everyCall, ['invalid_json', 'invalid_request', 'not_found', 'conflict', 'unsupported_media_type']),
  },
};

export const cancelCaptureSchema = {
  tags,
  security,
  operationId: 'cancelCapture',
  summary: 'Cancel a capture',
  description: 'Queued: it never runs. Running: it is stopped within 2 s. Finished: 409.',
  params,
  response: { 200: captureSchema, ...problems(everyCall, ['not_found', 'conflict']) },
};

export const deleteCaptureSchema = {
  tags,
  security,
  operationId: 'deleteCapture',
  summary: 'Delete a capture',
  description: 'Asset and payload are gone from storage before the answer.',
  params,
  response: { 204: z.null().describe('Deleted.'), ...problems(everyCall, ['not_found', 'conflict']) },
};

export const getRunnerKeysSchema = {
  tags: ['keys'],
  operationId: 'getRunnerKeys',
  summary: 'Public keys of the runners',
  description: 'A JWKS: what `auth.sealed` is sealed to (`ECDH-ES`, X25519, `A256GCM`).',
  response: { 200: jwksSchema, ...problems(['internal', 'unavailable'], []) },
};
