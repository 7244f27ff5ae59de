import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { useIsWide } from '#client/components/use-is-wide.ts';
import { count } from '#client/format.ts';
import type { WebhookDeliveryView } from '#shared/webhook.ts';
import type { WebhookSearch } from './webhook-search.ts';
import { DeliveryStateLabel } from './webhook-state.tsx';

type TableProps = { id: string; deliveries: readonly WebhookDeliveryView[]; search: WebhookSearch; isStale: boolean };
type DeliveryProps = { id: string; delivery: WebhookDeliveryView; search: WebhookSearch };

/** Deliveries as a table; as cards where a table would not fit. Each leads to its tries. */
export function DeliveryTable({ id, deliveries, search, isStale }: TableProps) {
  const isWide = useIsWide();
  if (!isWide)
    return (
      <ul className="cards" data-stale={isStale || undefined} aria-label="Deliveries">
        {deliveries.map((delivery) => (
          <li key={delivery.id} className="card link-row">
            <div className="card-line">
              <DeliveryLink id={id} delivery={delivery} search={search} />
              <DeliveryStateLabel state={delivery.state} />
            </div>
            <p className="dimmed small">
              {count(delivery.tries, 'try', 'tries')} · {lastCode(delivery)} · <RelativeTime at={delivery.createdAt} />
              {delivery.nextTryAt && (
                <>
                  {' '}
                  · next <RelativeTime at={delivery.nextTryAt} />
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
    );
  return (
    <div className="table-frame" data-stale={isStale || undefined}>
      <Table className="table" aria-label="Deliveries">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={130}>State</Table.Th>
            <Table.Th>Event</Table.Th>
            <Table.Th w={70}>Tries</Table.Th>
            <Table.Th w={130}>Last answer</Table.Th>
            <Table.Th w={130}>Next try</Table.Th>
            <Table.Th w={130}>Created</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {deliveries.map((delivery) => (
            <Table.Tr key={delivery.id} className="link-row">
              <Table.Td>
                <DeliveryStateLabel state={delivery.state} />
              </Table.Td>
              <Table.Td>
                <DeliveryLink id={id} delivery={delivery} search={search} />
                <span className="row-note mono break">{delivery.capture ?? delivery.eventId}</span>
              </Table.Td>
              <Table.Td>{delivery.tries}</Table.Td>
              <Table.Td>{lastCode(delivery)}</Table.Td>
              <Table.Td className="nowrap">
                <RelativeTime at={delivery.nextTryAt} />
              </Table.Td>
              <Table.Td className="nowrap">
                <RelativeTime at={delivery.createdAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function DeliveryLink({ id, delivery, search }: DeliveryProps) {
  return (
    <Link
      to="/webhooks/$webhookId"
      params={{ webhookId: id }}
      search={{ ...search, delivery: delivery.id }}
      state={(now) => now}
      resetScroll={false}
      className="row-link"
    >
      <span className="row-host">{delivery.event}</span>
    </Link>
  );
}

/** How the last try ended: the status of its answer, or that none came. */
function lastCode({ attempts }: WebhookDeliveryView): string {
  const last = attempts.at(-1);
  if (!last) return '–';
  if (last.status !== null) return String(last.status);
  return last.error === null ? 'running' : 'no answer';
}
