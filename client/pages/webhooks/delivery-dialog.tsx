import { Button, Group, Skeleton, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { RotateCw } from 'lucide-react';
import { Dialog } from '#client/components/dialogs.tsx';
import { Facts } from '#client/components/facts.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { FullTime, RelativeTime } from '#client/components/relative-time.tsx';
import { readProblem } from '#client/problem.ts';
import { trpc, whoAmI } from '#client/trpc.ts';
import type { WebhookDeliveryView, WebhookEndpointView } from '#shared/webhook.ts';
import { DeliveryTries } from './delivery-tries.tsx';
import { DeliveryStateLabel } from './webhook-state.tsx';

const SOON_MS = 1500;

type DialogProps = { id: string; endpoint: WebhookEndpointView };

/** One delivery with each of its tries. It is open because the address names it: closing takes it out of there. */
export function DeliveryDialog({ id, endpoint }: DialogProps) {
  const navigate = useNavigate();
  const query = useQuery(
    trpc.webhooks.delivery.queryOptions(
      { id },
      { refetchInterval: ({ state: { data } }) => (data?.state === 'pending' ? SOON_MS : false) },
    ),
  );
  const close = () =>
    void navigate({
      to: '/webhooks/$webhookId',
      params: { webhookId: endpoint.id },
      search: ({ state, cursor }) => ({ state, cursor }),
      state: (now) => now,
      resetScroll: false,
    });
  return (
    <Dialog title={query.data?.event ?? 'Delivery'} opened onClose={close} size="xl">
      <QueryPane query={query} skeleton={<Skeleton h={260} />}>
        {(delivery) => <DeliveryBody delivery={delivery} endpoint={endpoint} />}
      </QueryPane>
    </Dialog>
  );
}

function DeliveryBody({ delivery, endpoint }: { delivery: WebhookDeliveryView; endpoint: WebhookEndpointView }) {
  const me = useQuery(whoAmI);
  const seesResponses = me.data?.role === 'owner' || me.data?.role === 'admin';
  const { capture } = delivery;
  return (
    <Stack gap="md">
      <Facts
        facts={[
          { term: 'State', value: <DeliveryStateLabel state={delivery.state} /> },
          { term: 'Event', value: <span className="mono break">{delivery.eventId}</span> },
          capture !== null && {
            term: 'Capture',
            value: (
              <Link to="/captures/$captureId" params={{ captureId: capture }} className="mono break">
                {capture}
              </Link>
            ),
          },
          { term: 'Created', value: <FullTime at={delivery.createdAt} /> },
          delivery.nextTryAt !== null && { term: 'Next try', value: <RelativeTime at={delivery.nextTryAt} /> },
        ]}
      />
      <DeliveryTries delivery={delivery} seesResponses={seesResponses} />
      <ResendButton delivery={delivery} isEnabled={endpoint.enabled} />
    </Stack>
  );
}

function ResendButton({ delivery, isEnabled }: { delivery: WebhookDeliveryView; isEnabled: boolean }) {
  const client = useQueryClient();
  const resend = useMutation(
    trpc.webhooks.resend.mutationOptions({
      onSuccess: async (again) => {
        client.setQueryData(trpc.webhooks.delivery.queryKey({ id: again.id }), again);
        await client.invalidateQueries(trpc.webhooks.deliveries.queryFilter());
      },
      onError: (error) => notifications.show({ color: 'red', title: 'Not sent again', message: readProblem(error).detail }),
    }),
  );
  return (
    <Group justify="space-between" gap="xs">
      <p className="hint">
        {isEnabled ? 'The id and the body stay the same: your receiver knows the repeat.' : 'Enable the endpoint to send this again.'}
      </p>
      <Button
        variant="default"
        leftSection={<RotateCw size={14} aria-hidden />}
        loading={resend.isPending}
        disabled={!isEnabled}
        onClick={() => resend.mutate({ id: delivery.id })}
      >
        Send again
      </Button>
    </Group>
  );
}
