import type { DeliveryState } from '#shared/webhook.ts';
import { isDeliveryState } from './webhook-words.ts';

/** What the page of an endpoint shows: it lives in the address. `delivery`: the one whose tries are open. */
export type WebhookSearch = { state?: DeliveryState; cursor?: string; delivery?: string };

/** Reads it from an address. What is unknown or malformed is dropped. */
export function readWebhookSearch(raw: Record<string, unknown>): WebhookSearch {
  return {
    state: isDeliveryState(raw.state) ? raw.state : undefined,
    cursor: deliveryIdOf(raw.cursor),
    delivery: deliveryIdOf(raw.delivery),
  };
}

function deliveryIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z]{2,4}_[0-9A-Z]{26}$/.test(value) ? value : undefined;
}
