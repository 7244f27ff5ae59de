import type { DeliveredEventType, DeliveryState, WebhookEndpointView, WebhookEventType } from '#shared/webhook.ts';

/** What each event tells, in words. */
export const EVENT_WORDS = {
  'capture.succeeded': 'A capture is done and its file is stored.',
  'capture.failed': 'A capture ended without a file.',
  'capture.canceled': 'A capture was canceled before it was done.',
  'key.new_network': 'An API key was used from a network that is new to it.',
} as const satisfies Record<WebhookEventType, string>;

/** Every event that an endpoint can hear of. Named here, not read from `shared/`: its schemas would come along. */
export const EVENTS: readonly WebhookEventType[] = Object.keys(EVENT_WORDS).filter(isEvent);

/** What a new endpoint hears of unless somebody says otherwise. */
export const FIRST_EVENTS: readonly WebhookEventType[] = ['capture.succeeded', 'capture.failed'];

/** Whether a text names an event that an endpoint can hear of. */
export function isEvent(text: string): text is WebhookEventType {
  return Object.hasOwn(EVENT_WORDS, text);
}

export const STATE_WORDS = {
  pending: 'On its way',
  delivered: 'Delivered',
  failed: 'Failed',
} as const satisfies Record<DeliveryState, string>;

/** Whether a text names a state of a delivery. */
export function isDeliveryState(text: unknown): text is DeliveryState {
  return typeof text === 'string' && Object.hasOwn(STATE_WORDS, text);
}

export type EndpointState = 'enabled' | 'failing' | 'off' | 'off_failing' | 'gone';

/** What becomes of events for an endpoint: `failing` is still sent to. */
export function endpointState({ enabled, disabledReason, failingSince }: WebhookEndpointView): EndpointState {
  if (enabled) return failingSince ? 'failing' : 'enabled';
  if (disabledReason === 'gone') return 'gone';
  return disabledReason === 'failing' ? 'off_failing' : 'off';
}

/** The host of a receiver, with its port; what follows is not shown to anybody. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** The body of an event as a receiver gets it, with ids that are examples. */
export function sampleBody(event: DeliveredEventType): string {
  const data =
    event === 'key.new_network'
      ? { id: 'key_01KC3ZJ5T5C9R1M7W0Q8X2V4NB', object: 'api_key' }
      : { id: 'cap_01KC3ZJ5T5C9R1M7W0Q8X2V4NB', object: 'capture', status: event.replace('capture.', '') };
  return JSON.stringify({ id: 'evt_01KC3ZJ60RZ4F8S2D6H3T9Y1KA', type: event, timestamp: '2026-11-30T12:00:00.000Z', data }, null, 2);
}
