import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { useIsWide } from '#client/components/use-is-wide.ts';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import { EndpointStateLabel, EventTags } from './webhook-state.tsx';
import { hostOf } from './webhook-words.ts';

/** The endpoints as a table; as cards where a table would not fit. */
export function WebhookTable({ endpoints }: { endpoints: readonly WebhookEndpointView[] }) {
  const isWide = useIsWide();
  if (!isWide)
    return (
      <ul className="cards" aria-label="Endpoints">
        {endpoints.map((endpoint) => (
          <WebhookCard key={endpoint.id} endpoint={endpoint} />
        ))}
      </ul>
    );
  return (
    <div className="table-frame">
      <Table className="table" aria-label="Endpoints">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Endpoint</Table.Th>
            <Table.Th>Events</Table.Th>
            <Table.Th w={210}>State</Table.Th>
            <Table.Th w={130}>Created</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {endpoints.map((endpoint) => (
            <Table.Tr key={endpoint.id} className="link-row" data-off={!endpoint.enabled || undefined}>
              <Table.Td>
                <EndpointLink endpoint={endpoint} />
              </Table.Td>
              <Table.Td>
                <EventTags events={endpoint.events} />
              </Table.Td>
              <Table.Td>
                <EndpointStateLabel endpoint={endpoint} />
              </Table.Td>
              <Table.Td className="nowrap">
                <RelativeTime at={endpoint.createdAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function WebhookCard({ endpoint }: { endpoint: WebhookEndpointView }) {
  return (
    <li className="card link-row" data-off={!endpoint.enabled || undefined}>
      <EndpointLink endpoint={endpoint} />
      <EndpointStateLabel endpoint={endpoint} />
      <EventTags events={endpoint.events} />
      <p className="dimmed small">
        Created <RelativeTime at={endpoint.createdAt} />
      </p>
    </li>
  );
}

function EndpointLink({ endpoint: { id, url, description } }: { endpoint: WebhookEndpointView }) {
  return (
    <div className="webhook-name">
      <Link to="/webhooks/$webhookId" params={{ webhookId: id }} className="row-link" title={url}>
        <span className="row-host">{hostOf(url)}</span>
      </Link>
      {description && <span className="row-note break webhook-description">{description}</span>}
    </div>
  );
}
