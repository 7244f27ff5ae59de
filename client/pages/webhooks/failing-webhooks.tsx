import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ShieldAlert } from 'lucide-react';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { count } from '#client/format.ts';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import { endpointList } from './list-endpoints.ts';
import { endpointState, hostOf } from './webhook-words.ts';

/** The same for pages that have not read the endpoints; nothing while they are not known. */
export function FailingWebhooksAlarm() {
  const endpoints = useQuery(endpointList);
  return endpoints.data ? <FailingWebhooks endpoints={endpoints.data.data} /> : null;
}

/** Says which endpoints do not get what they should, until something arrives, or somebody enables or deletes them. */
export function FailingWebhooks({ endpoints }: { endpoints: readonly WebhookEndpointView[] }) {
  const failing = endpoints.filter((endpoint) => ['failing', 'off_failing'].includes(endpointState(endpoint)));
  if (failing.length === 0) return null;
  return (
    <section className="alarm" aria-labelledby="failing-webhooks-title">
      <h2 id="failing-webhooks-title">
        <ShieldAlert size={18} aria-hidden />
        {failing.length === 1 ? 'A webhook endpoint is failing' : `${count(failing.length, 'webhook endpoint')} are failing`}
      </h2>
      <ul className="alarm-list" aria-label="Failing endpoints">
        {failing.map((endpoint) => (
          <li key={endpoint.id} className="alarm-row">
            <div className="entry-text">
              <Link to="/webhooks/$webhookId" params={{ webhookId: endpoint.id }} className="entry-name alarm-link">
                {hostOf(endpoint.url)}
              </Link>
              <span className="alarm-note">
                {endpoint.enabled ? (
                  <>
                    No event has arrived since the first failed try, <RelativeTime at={endpoint.failingSince} />. What waits is tried again.
                  </>
                ) : (
                  <>
                    Disabled <RelativeTime at={endpoint.disabledAt} />, since nothing arrived for 5 days. Enable it, then send what it
                    missed.
                  </>
                )}
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
