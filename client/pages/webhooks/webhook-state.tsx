import { CircleCheck, CirclePause, CircleX, Clock, TriangleAlert } from 'lucide-react';
import { RelativeTime } from '#client/components/relative-time.tsx';
import type { DeliveryState, WebhookEndpointView } from '#shared/webhook.ts';
import { endpointState, STATE_WORDS } from './webhook-words.ts';

const states = {
  enabled: { word: 'Enabled', Icon: CircleCheck, look: 'succeeded', since: null },
  failing: { word: 'Failing', Icon: TriangleAlert, look: 'failed', since: 'since' },
  off: { word: 'Disabled', Icon: CirclePause, look: 'canceled', since: 'by request' },
  off_failing: { word: 'Disabled', Icon: CircleX, look: 'failed', since: 'nothing arrived for 5 days,' },
  gone: { word: 'Gone', Icon: CircleX, look: 'canceled', since: 'it answered 410' },
} as const;

/** Whether an endpoint hears anything, and since when or why not: never by colour alone. */
export function EndpointStateLabel({ endpoint }: { endpoint: WebhookEndpointView }) {
  const { word, Icon, look, since } = states[endpointState(endpoint)];
  return (
    <span className="key-state">
      <span className={`status status-${look}`}>
        <Icon size={14} strokeWidth={2.25} aria-hidden />
        {word}
      </span>
      {since && (
        <span className="row-note">
          {since} <RelativeTime at={endpoint.enabled ? endpoint.failingSince : endpoint.disabledAt} />
        </span>
      )}
    </span>
  );
}

const deliveries = {
  pending: { Icon: Clock, look: 'waiting' },
  delivered: { Icon: CircleCheck, look: 'succeeded' },
  failed: { Icon: CircleX, look: 'failed' },
} as const;

/** What became of a delivery, as icon and word. */
export function DeliveryStateLabel({ state }: { state: DeliveryState }) {
  const { Icon, look } = deliveries[state];
  return (
    <span className={`status status-${look}`}>
      <Icon size={14} strokeWidth={2.25} aria-hidden />
      {STATE_WORDS[state]}
    </span>
  );
}

/** The names of events. */
export function EventTags({ events }: { events: readonly string[] }) {
  return (
    <ul className="tags">
      {events.map((event) => (
        <li key={event} className="tag mono">
          {event}
        </li>
      ))}
    </ul>
  );
}
