import { z } from 'zod';
import { LIMITS } from '#shared/limits.ts';
import { DELIVERY_STATES, webhookDeliverySchema, webhookEndpointSchema } from '#shared/webhook.ts';
import { problems } from './rest-problems.ts';
import {
  deliveryPageSchema,
  issuedSecretSchema,
  issuedWebhookSchema,
  newWebhookSchema,
  recoveredSchema,
  recoverSchema,
  webhookChangeSchema,
  webhookPageSchema,
} from './webhooks.router.ts';

/** What the routes of webhooks take and answer, as the document tells it. What is sent is judged by the procedures. */
const security: Record<string, string[]>[] = [{ bearer: [] }, { apiKey: [] }];
const tags = ['webhooks'];
const endpointId = z.object({ id: z.string().describe('`whk_…`') });
const deliveryId = z.object({ id: z.string().describe('`whd_…`') });
const page = {
  limit: z.int().min(1).max(LIMITS.listLimitMax).optional().describe(`Default ${LIMITS.listLimitDefault}.`),
  cursor: z.string().optional().describe('`nextCursor` of the page before.'),
};
const everyCall = [
  'missing_api_key',
  'invalid_api_key',
  'insufficient_scope',
  'address_not_allowed',
  'rate_limited',
  'internal',
  'unavailable',
] as const;
const body = ['invalid_json', 'payload_too_large', 'request_timeout', 'unsupported_media_type', 'invalid_request'] as const;
/** Of calls that take no body and may be sent one: JSON it must be all the same. */
const stray = ['invalid_json', 'payload_too_large', 'request_timeout', 'unsupported_media_type'] as const;

export const createWebhookSchema = {
  tags,
  security,
  operationId: 'createWebhook',
  summary: 'Add a webhook endpoint',
  description: 'Needs the scope `webhooks:manage`, as do all of these. The secret is shown this once.',
  body: newWebhookSchema,
  response: { 201: issuedWebhookSchema, ...problems(everyCall, [...body, 'conflict']) },
};
export const listWebhooksSchema = {
  tags,
  security,
  operationId: 'listWebhooks',
  summary: 'List webhook endpoints',
  description: 'Newest first.',
  querystring: z.object(page),
  response: { 200: webhookPageSchema, ...problems(everyCall, ['invalid_request']) },
};
export const getWebhookSchema = {
  tags,
  security,
  operationId: 'getWebhook',
  summary: 'Read a webhook endpoint',
  params: endpointId,
  response: { 200: webhookEndpointSchema, ...problems(everyCall, ['not_found']) },
};
export const updateWebhookSchema = {
  tags,
  security,
  operationId: 'updateWebhook',
  summary: 'Change a webhook endpoint',
  description: 'Its events, its description, or whether it is enabled. Disabling gives up what is still to be sent to it.',
  params: endpointId,
  body: webhookChangeSchema,
  response: { 200: webhookEndpointSchema, ...problems(everyCall, [...body, 'not_found']) },
};
export const deleteWebhookSchema = {
  tags,
  security,
  operationId: 'deleteWebhook',
  summary: 'Remove a webhook endpoint',
  params: endpointId,
  response: { 204: z.null().describe('It is gone, with all that was to be sent to it.'), ...problems(everyCall, [...stray, 'not_found']) },
};
export const rotateWebhookSchema = {
  tags,
  security,
  operationId: 'rotateWebhookSecret',
  summary: 'Make a new secret for a webhook endpoint',
  description: 'Shown this once. For 24 hours everything is signed with the secret before as well.',
  params: endpointId,
  response: { 201: issuedWebhookSchema, ...problems(everyCall, [...stray, 'not_found']) },
};
export const rotateDefaultSecretSchema = {
  tags,
  security,
  operationId: 'rotateDefaultWebhookSecret',
  summary: 'Make a new default secret of the workspace',
  description:
    'The webhooks that come with captures (`webhook` in a request) are signed with it. Shown this once. For 24 hours everything is signed with the secret before as well.',
  response: { 201: issuedSecretSchema, ...problems(everyCall, stray) },
};
export const testWebhookSchema = {
  tags,
  security,
  operationId: 'testWebhook',
  summary: 'Send a test event',
  params: endpointId,
  response: { 202: webhookDeliverySchema, ...problems(everyCall, [...stray, 'not_found', 'conflict']) },
};
export const recoverWebhookSchema = {
  tags,
  security,
  operationId: 'recoverWebhook',
  summary: 'Send what was missed since a date',
  description: 'The events that the endpoint wants and that neither arrived nor are on their way, the oldest first.',
  params: endpointId,
  body: recoverSchema,
  response: { 202: recoveredSchema, ...problems(everyCall, [...body, 'not_found', 'conflict']) },
};
export const listDeliveriesSchema = {
  tags,
  security,
  operationId: 'listWebhookDeliveries',
  summary: 'List deliveries',
  description: 'Newest first, each with its tries. Those of endpoints and those of the webhooks of single captures.',
  querystring: z.object({
    endpoint: z.string().optional().describe('`whk_…`'),
    capture: z.string().optional().describe('`cap_…`'),
    state: z.enum(DELIVERY_STATES).optional(),
    ...page,
  }),
  response: { 200: deliveryPageSchema, ...problems(everyCall, ['invalid_request']) },
};
export const getDeliverySchema = {
  tags,
  security,
  operationId: 'getWebhookDelivery',
  summary: 'Read a delivery',
  params: deliveryId,
  response: { 200: webhookDeliverySchema, ...problems(everyCall, ['not_found']) },
};
export const resendDeliverySchema = {
  tags,
  security,
  operationId: 'resendWebhookDelivery',
  summary: 'Send an event again',
  description: 'With the same id and body, whatever became of it before.',
  params: deliveryId,
  response: { 202: webhookDeliverySchema, ...problems(everyCall, [...stray, 'not_found', 'conflict']) },
};
