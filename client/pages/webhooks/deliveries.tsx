import { Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Inbox } from 'lucide-react';
import { EmptyState } from '#client/components/empty-state.tsx';
import { Pager } from '#client/components/pager.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { trpc } from '#client/trpc.ts';
import type { WebhookDeliveryView, WebhookEndpointView } from '#shared/webhook.ts';
import { DeliveryDialog } from './delivery-dialog.tsx';
import { DeliveryTable } from './delivery-table.tsx';
import type { WebhookSearch } from './webhook-search.ts';
import { isDeliveryState, STATE_WORDS } from './webhook-words.ts';

const route = getRouteApi('/shell/webhooks/$webhookId');
const STATES = Object.keys(STATE_WORDS).filter(isDeliveryState);
const SOON_MS = 2000;
const IDLE_MS = 20_000;

/** Asks again soon while a try may end any moment; a try of hours from now is no reason. */
export function deliveriesEvery(deliveries: readonly WebhookDeliveryView[]): number {
  const now = Date.now();
  return deliveries.some(({ nextTryAt }) => nextTryAt !== null && Date.parse(nextTryAt) < now + IDLE_MS) ? SOON_MS : IDLE_MS;
}

/** What was sent to an endpoint and what waits, the newest first. */
export function Deliveries({ endpoint }: { endpoint: WebhookEndpointView }) {
  const search = route.useSearch();
  const { state, cursor } = search;
  const deliveries = useQuery(
    trpc.webhooks.deliveries.queryOptions(
      { endpoint: endpoint.id, state, cursor },
      { placeholderData: keepPreviousData, refetchInterval: (query) => deliveriesEvery(query.state.data?.data ?? []) },
    ),
  );
  return (
    <section className="stack" aria-labelledby="deliveries-title">
      <div className="webhook-head">
        <h2 id="deliveries-title">Deliveries</h2>
        <StateTabs id={endpoint.id} search={search} />
      </div>
      <QueryPane query={deliveries} skeleton={<Skeleton h={200} />}>
        {({ data, nextCursor }) => (
          <>
            {data.length > 0 ? (
              <DeliveryTable id={endpoint.id} deliveries={data} search={search} isStale={deliveries.isPlaceholderData} />
            ) : (
              <EmptyState icon={Inbox} title={state || cursor ? 'None of these' : 'Nothing was sent yet'}>
                {state || cursor ? 'Look at all deliveries instead.' : 'Send a test event to see that your receiver takes and verifies it.'}
              </EmptyState>
            )}
            {(nextCursor || cursor) && (
              <Pager
                label="Pages of deliveries"
                cursor={cursor}
                nextCursor={nextCursor}
                link={({ cursor: to, trail }) =>
                  (props) => (
                    <Link
                      to="/webhooks/$webhookId"
                      params={{ webhookId: endpoint.id }}
                      search={{ state, cursor: to }}
                      state={trail ? { trail } : undefined}
                      {...props}
                    />
                  )}
              />
            )}
          </>
        )}
      </QueryPane>
      {search.delivery && <DeliveryDialog key={search.delivery} id={search.delivery} endpoint={endpoint} />}
    </section>
  );
}

function StateTabs({ id, search }: { id: string; search: WebhookSearch }) {
  return (
    <nav className="status-tabs" aria-label="Filter by state">
      <StateTab id={id} search={search} state={undefined} word="All" />
      {STATES.map((state) => (
        <StateTab key={state} id={id} search={search} state={state} word={STATE_WORDS[state]} />
      ))}
    </nav>
  );
}

function StateTab({ id, search, state, word }: { id: string; search: WebhookSearch; state: WebhookSearch['state']; word: string }) {
  // The router would mark every tab whose filters are among the present ones, "All" always.
  const current = { 'aria-current': search.state === state ? ('true' as const) : undefined };
  return (
    <Link
      to="/webhooks/$webhookId"
      params={{ webhookId: id }}
      search={{ state }}
      resetScroll={false}
      className="status-tab"
      activeOptions={{ exact: true }}
      activeProps={current}
      inactiveProps={current}
    >
      {word}
    </Link>
  );
}
