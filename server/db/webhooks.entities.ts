import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { CaptureId, WebhookDeliveryId, WebhookEndpointId, WebhookEventId, WebhookSecretId } from '#shared/ids.ts';
import { DELIVERY_STATES, type DeliveredEventType, type WebhookBody, type WebhookEventType } from '#shared/webhook.ts';
import { Workspace } from './access.entities.ts';
import { Capture } from './captures.entities.ts';
import { ofCapture, ofWorkspace } from './policies.ts';

/** Where a workspace wants to hear of events. The address is sealed: its path is often a secret. `shownUrl` is none. */
export const WebhookEndpoint = defineEntity({
  name: 'WebhookEndpoint',
  tableName: 'webhook_endpoint',
  ...ofWorkspace(),
  indexes: [{ properties: ['workspace', 'id'], name: 'webhook_endpoint_list' }],
  properties: {
    id: p.text().$type<WebhookEndpointId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    sealedUrl: p.text().hidden(),
    shownUrl: p.text(),
    host: p.text(),
    description: p.text(),
    events: p.json<WebhookEventType[]>(),
    createdAt: p.datetime(),
    failingSince: p.datetime().nullable(),
    disabledAt: p.datetime().nullable(),
    disabledReason: p.enum(['by_request', 'failing', 'gone'] as const).nullable(),
  },
});

/**
 * What is signed with: for an endpoint, or (without one) for the webhooks of single captures. Sealed by the server's own key.
 * The newest is the one that counts; one before it is signed with too until it expires.
 */
export const WebhookSecret = defineEntity({
  name: 'WebhookSecret',
  tableName: 'webhook_secret',
  ...ofWorkspace(),
  indexes: [{ properties: ['workspace', 'endpoint'], name: 'webhook_secret_of' }],
  properties: {
    id: p.text().$type<WebhookSecretId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    endpoint: () => p.manyToOne(WebhookEndpoint).ref().nullable().deleteRule('cascade'),
    sealed: p.text().hidden(),
    createdAt: p.datetime(),
    expiresAt: p.datetime().nullable(),
  },
});

/** The webhook that a capture was asked for with; gone when its event is recorded. */
export const CaptureWebhook = defineEntity({
  name: 'CaptureWebhook',
  tableName: 'capture_webhook',
  ...ofCapture(),
  properties: {
    capture: () => p.oneToOne(Capture).ref().primary().deleteRule('cascade'),
    sealedUrl: p.text().hidden(),
    shownUrl: p.text(),
    host: p.text(),
    events: p.json<WebhookEventType[]>(),
  },
});

/** What happened. Its id is the `webhook-id` of every try. The body is kept as it is sent: a repeat is the same, byte for byte. */
export const WebhookEvent = defineEntity({
  name: 'WebhookEvent',
  tableName: 'webhook_event',
  ...ofWorkspace(),
  indexes: [
    { properties: ['workspace', 'id'], name: 'webhook_event_list' },
    { properties: ['createdAt'], name: 'webhook_event_age' },
  ],
  properties: {
    id: p.text().$type<WebhookEventId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    // Text: a new kind of event needs no migration.
    type: p.text().$type<DeliveredEventType>(),
    captureId: p.text().$type<CaptureId>().nullable(),
    // json, not jsonb, which sorts members.
    body: p.json<WebhookBody>().columnType('json'),
    createdAt: p.datetime(),
  },
});

/**
 * One event for one receiver: an endpoint, or the address of a capture's own webhook. `tries` counts all that were begun,
 * `triesBefore` those before it was last sent again by hand. While a try runs `leaseUntil` is set, and `nextTryAt` is
 * the same instant: when its server was killed the next one is due then.
 */
export const WebhookDelivery = defineEntity({
  name: 'WebhookDelivery',
  tableName: 'webhook_delivery',
  ...ofWorkspace(),
  indexes: [
    { properties: ['state', 'workspace', 'host', 'nextTryAt'], name: 'webhook_delivery_due' },
    { properties: ['leaseUntil'], name: 'webhook_delivery_leases' },
    { properties: ['workspace', 'id'], name: 'webhook_delivery_list' },
    { properties: ['endpoint', 'state'], name: 'webhook_delivery_of_endpoint' },
  ],
  uniques: [{ properties: ['event', 'endpoint'], name: 'webhook_delivery_once' }],
  properties: {
    id: p.text().$type<WebhookDeliveryId>().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    event: () => p.manyToOne(WebhookEvent).ref().deleteRule('cascade'),
    endpoint: () => p.manyToOne(WebhookEndpoint).ref().nullable().deleteRule('cascade'),
    sealedUrl: p.text().nullable().hidden(),
    shownUrl: p.text(),
    host: p.text(),
    state: p.enum(DELIVERY_STATES),
    tries: p.integer().default(0),
    triesBefore: p.integer().default(0),
    nextTryAt: p.datetime(),
    leaseUntil: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});

/** One HTTP try. `finishedAt` is null while it runs, and for ever where its server was killed. */
export const WebhookAttempt = defineEntity({
  name: 'WebhookAttempt',
  tableName: 'webhook_attempt',
  ...ofWorkspace(),
  properties: {
    delivery: () => p.manyToOne(WebhookDelivery).ref().primary().deleteRule('cascade'),
    number: p.integer().primary(),
    workspace: () => p.manyToOne(Workspace).ref().deleteRule('cascade'),
    startedAt: p.datetime(),
    finishedAt: p.datetime().nullable(),
    status: p.integer().nullable(),
    error: p.text().nullable(),
    response: p.text().nullable().hidden(),
  },
});

export type WebhookEndpointRow = InferEntity<typeof WebhookEndpoint>;
