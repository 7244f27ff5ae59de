import { Anchor, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ChevronLeft, SearchX } from 'lucide-react';
import { EmptyState } from '#client/components/empty-state.tsx';
import { Facts } from '#client/components/facts.tsx';
import { Page, Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { FullTime, RelativeTime } from '#client/components/relative-time.tsx';
import { readProblem } from '#client/problem.ts';
import { trpc, whoAmI } from '#client/trpc.ts';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import { Deliveries } from './deliveries.tsx';
import { NotForViewers } from './not-for-viewers.tsx';
import { WebhookActions } from './webhook-actions.tsx';
import { EndpointStateLabel, EventTags } from './webhook-state.tsx';
import { hostOf } from './webhook-words.ts';

const route = getRouteApi('/shell/webhooks/$webhookId');
const EVERY_MS = 15_000;

/** One endpoint: what it hears of, how it fares, what was sent to it, and what can be done. */
export function WebhookPage() {
  const me = useQuery(whoAmI);
  if (me.data?.role === 'viewer') return <NotForViewers />;
  return <Endpoint />;
}

function Endpoint() {
  const { webhookId } = route.useParams();
  const query = useQuery(trpc.webhooks.get.queryOptions({ id: webhookId }, { refetchInterval: EVERY_MS }));
  const endpoint = query.data;
  if (readProblem(query.error).code === 'not_found') return <EndpointMissing id={webhookId} />;
  return (
    <Page
      title={endpoint ? hostOf(endpoint.url) : 'Endpoint'}
      documentTitle={endpoint ? `${hostOf(endpoint.url)} webhook` : 'Webhook'}
      above={
        <Link to="/webhooks" className="back-link">
          <ChevronLeft size={14} aria-hidden />
          Webhooks
        </Link>
      }
      description={endpoint?.description && <span className="break webhook-description">{endpoint.description}</span>}
    >
      <div className="stack">
        <QueryPane query={query} skeleton={<Skeleton h={210} />}>
          {(data) => <EndpointPanel endpoint={data} />}
        </QueryPane>
        {endpoint && <Deliveries endpoint={endpoint} />}
      </div>
    </Page>
  );
}

function EndpointPanel({ endpoint }: { endpoint: WebhookEndpointView }) {
  return (
    <Panel title="Endpoint">
      <Facts
        facts={[
          { term: 'State', value: <EndpointStateLabel endpoint={endpoint} /> },
          { term: 'Sends to', value: <span className="mono break">{endpoint.url}</span> },
          { term: 'Events', value: <EventTags events={endpoint.events} /> },
          { term: 'Created', value: <FullTime at={endpoint.createdAt} /> },
          { term: 'Id', value: <span className="mono break">{endpoint.id}</span> },
          endpoint.secretExpiresAt !== null && {
            term: 'Secret',
            value: (
              <>
                The secret before this one signs too, and ends <RelativeTime at={endpoint.secretExpiresAt} />.
              </>
            ),
          },
        ]}
      />
      <WebhookActions endpoint={endpoint} />
    </Panel>
  );
}

function EndpointMissing({ id }: { id: string }) {
  return (
    <Page title="No such endpoint">
      <EmptyState
        icon={SearchX}
        title="This endpoint is not here"
        actions={<Anchor renderRoot={(props) => <Link to="/webhooks" {...props} />}>All endpoints</Anchor>}
      >
        <span className="mono break">{id}</span> was deleted, or belongs to another workspace.
      </EmptyState>
    </Page>
  );
}
