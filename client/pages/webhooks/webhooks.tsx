import { Button, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Plus, RotateCw, Webhook } from 'lucide-react';
import { useState } from 'react';
import { EmptyState } from '#client/components/empty-state.tsx';
import { Page } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { whoAmI } from '#client/trpc.ts';
import { CreateWebhookDialog } from './create-webhook-dialog.tsx';
import { EventCatalogue } from './event-catalogue.tsx';
import { FailingWebhooks } from './failing-webhooks.tsx';
import { endpointList } from './list-endpoints.ts';
import { NotForViewers } from './not-for-viewers.tsx';
import { RotateDefaultDialog } from './rotate-webhook-dialog.tsx';
import { type NewWebhookSecret, WebhookSecret } from './webhook-secret.tsx';
import { WebhookTable } from './webhook-table.tsx';

/** Where events are sent: add an endpoint, see how each fares. A signing secret is shown once, when it is made. */
export function WebhooksPage() {
  const me = useQuery(whoAmI);
  if (me.data?.role === 'viewer') return <NotForViewers />;
  return <Endpoints />;
}

function Endpoints() {
  const endpoints = useQuery(endpointList);
  const [isCreating, create] = useDisclosure(false);
  const [isRotating, rotate] = useDisclosure(false);
  const [secret, setSecret] = useState<NewWebhookSecret | null>(null);
  const createButton = (
    <Button leftSection={<Plus size={16} aria-hidden />} onClick={create.open}>
      Add endpoint
    </Button>
  );
  return (
    <Page
      title="Webhooks"
      description="Instead of asking whether a capture is done, be told. What is sent is signed and holds ids alone."
      actions={
        <>
          <Button variant="default" leftSection={<RotateCw size={16} aria-hidden />} onClick={rotate.open}>
            Rotate default secret
          </Button>
          {endpoints.data && endpoints.data.data.length > 0 && createButton}
        </>
      }
    >
      <div className="stack">
        <QueryPane query={endpoints} skeleton={<Skeleton h={220} />}>
          {({ data }) =>
            data.length === 0 ? (
              <>
                <EmptyState icon={Webhook} title="Nobody is told yet" actions={createButton}>
                  An endpoint is an address of yours that hears of every capture of this workspace. For a single capture, send a{' '}
                  <span className="mono">webhook</span> with the request: it is signed with the default secret.
                </EmptyState>
                <EventCatalogue />
              </>
            ) : (
              <>
                <FailingWebhooks endpoints={data} />
                <WebhookTable endpoints={data} />
                <details className="webhook-help">
                  <summary>What is sent, and how to verify it</summary>
                  <EventCatalogue />
                </details>
              </>
            )
          }
        </QueryPane>
      </div>
      <CreateWebhookDialog opened={isCreating} onClose={create.close} onCreated={setSecret} />
      {isRotating && <RotateDefaultDialog onClose={rotate.close} onRotated={setSecret} />}
      {secret && <WebhookSecret issued={secret} onClose={() => setSecret(null)} />}
    </Page>
  );
}
