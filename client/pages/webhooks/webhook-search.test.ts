import { expect, test } from 'vitest';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import { WEBHOOK_EVENTS } from '#shared/webhook.ts';
import { readWebhookSearch } from './webhook-search.ts';
import { EVENTS, endpointState, hostOf, sampleBody } from './webhook-words.ts';

const ID = 'whd_01KC3ZJ5T5C9R1M7W0Q8X2V4NB';

test('an address with an unknown state or what is no id is read without them', () => {
  expect(readWebhookSearch({ state: 'lost', cursor: '<b>', delivery: ['a'], other: '1' })).toEqual({});
  expect(readWebhookSearch({ state: 'toString', delivery: ID })).toEqual({ delivery: ID });
  expect(readWebhookSearch({ state: 'failed', cursor: ID })).toEqual({ state: 'failed', cursor: ID });
});

test('the console names every event that an endpoint can hear of, with a body that fits', () => {
  expect(EVENTS).toEqual(WEBHOOK_EVENTS);
  expect(JSON.parse(sampleBody('capture.failed'))).toMatchObject({ type: 'capture.failed', data: { object: 'capture', status: 'failed' } });
});

test('an endpoint is failing while it is sent to, and says why it is not sent to', () => {
  const state = (more: Partial<WebhookEndpointView>) => endpointState({ ...ENDPOINT, ...more });
  expect(state({})).toBe('enabled');
  expect(state({ failingSince: ENDPOINT.createdAt })).toBe('failing');
  expect(state({ enabled: false, disabledReason: 'by_request', failingSince: ENDPOINT.createdAt })).toBe('off');
  expect(state({ enabled: false, disabledReason: 'failing' })).toBe('off_failing');
  expect(state({ enabled: false, disabledReason: 'gone' })).toBe('gone');
  expect(hostOf('https://example.com:8443/…')).toBe('example.com:8443');
});

const ENDPOINT: WebhookEndpointView = {
  id: 'whk_01KC3ZJ5T5C9R1M7W0Q8X2V4NB',
  object: 'webhook_endpoint',
  url: 'https://example.com/…',
  description: '',
  events: [],
  enabled: true,
  disabledAt: null,
  disabledReason: null,
  failingSince: null,
  createdAt: '2026-11-30T12:00:00.000Z',
  secretExpiresAt: null,
};
