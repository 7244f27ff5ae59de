import { z } from 'zod';
import { STATUSES } from './capture.ts';
import { LIMITS } from './limits.ts';
import { strict } from './strict.ts';

/** What an endpoint can be told of. A new kind of event is a line here and a call of `recordEvent` where it happens. */
export const WEBHOOK_EVENTS = ['capture.succeeded', 'capture.failed', 'capture.canceled', 'key.new_network'] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENTS)[number];
/** Sent when somebody asks for it, to the one endpoint that he names; nobody can subscribe to it. */
export const TEST_EVENT = 'webhook.test';
export const DELIVERED_EVENTS = [...WEBHOOK_EVENTS, TEST_EVENT] as const;
export type DeliveredEventType = (typeof DELIVERED_EVENTS)[number];

/** What a webhook says by itself: that a capture is done, whichever way. */
export const DEFAULT_WEBHOOK_EVENTS = ['capture.succeeded', 'capture.failed'] as const satisfies readonly WebhookEventType[];

const CAPTURE_EVENTS = ['capture.succeeded', 'capture.failed', 'capture.canceled'] as const satisfies readonly WebhookEventType[];

/** The receiver's address as it is sent to us. Whether its host and port are allowed is for `findWebhookFault` to say. */
export const webhookUrlSchema = z.string().min(1).max(LIMITS.urlCharsMax).describe('https only. Not followed if it redirects.');

/** The webhook of one capture. Signed with the workspace's default secret. */
export const captureWebhookSchema = strict({
  url: webhookUrlSchema,
  events: z
    .array(z.enum(CAPTURE_EVENTS))
    .min(1)
    .max(CAPTURE_EVENTS.length)
    .default([...DEFAULT_WEBHOOK_EVENTS]),
});

const instant = z.iso.datetime();

export const webhookEndpointSchema = z
  .object({
    id: z.string(),
    object: z.literal('webhook_endpoint'),
    url: z.string().describe('Scheme and host; what follows them is not shown again, since it is often a secret.'),
    description: z.string(),
    events: z.array(z.enum(WEBHOOK_EVENTS)),
    enabled: z.boolean(),
    disabledAt: instant.nullable(),
    disabledReason: z.enum(['by_request', 'failing', 'gone']).nullable(),
    failingSince: instant.nullable().describe('The first failed try since the last that went well.'),
    createdAt: instant,
    secretExpiresAt: instant
      .nullable()
      .describe('Until then the secret before the present one is signed with too; null where there is one.'),
  })
  .meta({ id: 'WebhookEndpoint' });
export type WebhookEndpointView = z.infer<typeof webhookEndpointSchema>;

export const webhookAttemptSchema = z.object({
  number: z.int(),
  startedAt: instant,
  ms: z.int().nullable(),
  status: z.int().nullable().describe('The HTTP status of the answer; null where none came.'),
  error: z.string().nullable().describe('Why it failed; null where it went well or is not over.'),
  response: z.string().nullable().describe('The first 1,024 bytes of the answer.'),
});
export type WebhookAttemptView = z.infer<typeof webhookAttemptSchema>;

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export const webhookDeliverySchema = z
  .object({
    id: z.string(),
    object: z.literal('webhook_delivery'),
    eventId: z.string().describe('The `webhook-id` of every try.'),
    event: z.enum(DELIVERED_EVENTS),
    endpoint: z.string().nullable().describe('`whk_…`; null for the webhook of one capture.'),
    capture: z.string().nullable(),
    url: z.string(),
    state: z.enum(DELIVERY_STATES),
    tries: z.int(),
    createdAt: instant,
    nextTryAt: instant.nullable(),
    attempts: z.array(webhookAttemptSchema),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDeliveryView = z.infer<typeof webhookDeliverySchema>;

/** The body of every webhook: what happened to which thing. Ids alone; no link, no address, no name. */
export const webhookBodySchema = z
  .object({
    id: z.string().describe('Of the event: the same in `webhook-id`, however often it is sent.'),
    type: z.enum(DELIVERED_EVENTS),
    timestamp: instant,
    data: z.object({ id: z.string(), object: z.string(), status: z.enum(STATUSES).optional() }),
  })
  .meta({ id: 'WebhookBody' });
export type WebhookBody = z.infer<typeof webhookBodySchema>;

/** Writes a receiver's address as people may see it: paths of receivers often hold their secret. */
export function shownWebhookUrl(href: string): string {
  const { origin, pathname, search } = new URL(href);
  return pathname === '/' && search === '' ? origin : `${origin}/…`;
}
