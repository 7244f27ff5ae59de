import { z } from 'zod';
import { LIMITS } from '#shared/limits.ts';
import { strict } from '#shared/strict.ts';
import { DELIVERY_STATES, WEBHOOK_EVENTS, webhookDeliverySchema, webhookEndpointSchema, webhookUrlSchema } from '#shared/webhook.ts';
import { listDeliveries, readDelivery } from '../domain/webhooks/read-deliveries.ts';
import { recoverDeliveries, resendDelivery, sendTestEvent } from '../domain/webhooks/resend-webhooks.ts';
import {
  createWebhookEndpoint,
  listWebhookEndpoints,
  readWebhookEndpoint,
  removeWebhookEndpoint,
  rotateDefaultSecret,
  rotateWebhookSecret,
  updateWebhookEndpoint,
} from '../domain/webhooks/webhook-endpoints.ts';
import { router, withScope } from './procedures.ts';

const id = z.string().min(1).max(100);
const byId = strict({ id });
const events = z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length);
const description = z.string().trim().max(LIMITS.webhookDescriptionCharsMax);
const secret = z.string().describe('`whsec_…`, shown this once.');
const limit = z.int().min(1).max(LIMITS.listLimitMax).default(LIMITS.listLimitDefault);
const cursor = z.string().min(1).max(100).optional();
const instant = z.iso.datetime({ offset: true });

const newEndpoint = {
  url: webhookUrlSchema,
  events: events.optional().describe('Default: capture.succeeded, capture.failed.'),
  description: description.optional(),
};
const change = { events: events.optional(), description: description.optional(), enabled: z.boolean().optional() };
const filter = { endpoint: id.optional(), capture: id.optional(), state: z.enum(DELIVERY_STATES).optional() };

export const newWebhookSchema = strict(newEndpoint).meta({ id: 'NewWebhookEndpoint' });
export const webhookChangeSchema = strict(change).meta({ id: 'WebhookEndpointChange' });
export const recoverSchema = strict({ since: instant.describe('From this time on; at most 30 days are kept.') }).meta({
  id: 'WebhookRecovery',
});
export const webhookListSchema = strict({ limit, cursor });
export const deliveryListSchema = strict({ ...filter, limit, cursor });
export const issuedWebhookSchema = z.object({ endpoint: webhookEndpointSchema, secret }).meta({ id: 'IssuedWebhookEndpoint' });
export const issuedSecretSchema = z.object({ secret });
export const webhookPageSchema = z.object({ data: z.array(webhookEndpointSchema), nextCursor: z.string().nullable() });
export const deliveryPageSchema = z.object({ data: z.array(webhookDeliverySchema), nextCursor: z.string().nullable() });
export const recoveredSchema = z.object({
  count: z.int().describe('Events that are sent again.'),
  isMore: z.boolean().describe(`There are more than ${LIMITS.webhookRecoverMax}: call again when these have been sent.`),
});

const manage = withScope('webhooks:manage');
/** What is asked of a change: its entry in the audit log. */
const writing = (audit: `webhook.${'create' | 'update' | 'rotate' | 'remove' | 'test' | 'resend' | 'recover'}`) =>
  manage.meta({ access: 'webhooks:manage', audit });

export const webhooksRouter = router({
  list: manage
    .input(webhookListSchema.prefault({}))
    .output(webhookPageSchema)
    .query(({ ctx, input }) => listWebhookEndpoints(ctx.instance.deps, ctx.actor, input)),

  get: manage
    .input(byId)
    .output(webhookEndpointSchema)
    .query(({ ctx, input }) => readWebhookEndpoint(ctx.instance.deps, ctx.actor, input.id)),

  create: writing('webhook.create')
    .input(newWebhookSchema)
    .output(issuedWebhookSchema)
    .mutation(({ ctx, input }) => createWebhookEndpoint(ctx.instance.deps, ctx.actor, input)),

  update: writing('webhook.update')
    .input(strict({ id, ...change }))
    .output(webhookEndpointSchema)
    .mutation(({ ctx, input: { id: named, ...changed } }) => updateWebhookEndpoint(ctx.instance.deps, ctx.actor, named, changed)),

  rotateSecret: writing('webhook.rotate')
    .input(byId)
    .output(issuedWebhookSchema)
    .mutation(({ ctx, input }) => rotateWebhookSecret(ctx.instance.deps, ctx.actor, input.id)),

  /** The secret of the webhooks that come with captures. */
  rotateDefaultSecret: writing('webhook.rotate')
    .output(issuedSecretSchema)
    .mutation(({ ctx }) => rotateDefaultSecret(ctx.instance.deps, ctx.actor)),

  remove: writing('webhook.remove')
    .input(byId)
    .output(byId)
    .mutation(({ ctx, input }) => removeWebhookEndpoint(ctx.instance.deps, ctx.actor, input.id)),

  test: writing('webhook.test')
    .input(byId)
    .output(webhookDeliverySchema)
    .mutation(({ ctx, input }) => sendTestEvent(ctx.instance.deps, ctx.actor, input.id)),

  /** Sends an endpoint what it missed. */
  recover: writing('webhook.recover')
    .input(strict({ id, since: instant }))
    .output(recoveredSchema)
    .mutation(({ ctx, input }) => recoverDeliveries(ctx.instance.deps, ctx.actor, input)),

  deliveries: manage
    .input(deliveryListSchema.prefault({}))
    .output(deliveryPageSchema)
    .query(({ ctx, input }) => listDeliveries(ctx.instance.deps, ctx.actor, input)),

  delivery: manage
    .input(byId)
    .output(webhookDeliverySchema)
    .query(({ ctx, input }) => readDelivery(ctx.instance.deps, ctx.actor, input.id)),

  resend: writing('webhook.resend')
    .input(byId)
    .output(webhookDeliverySchema)
    .mutation(({ ctx, input }) => resendDelivery(ctx.instance.deps, ctx.actor, input.id)),
});
