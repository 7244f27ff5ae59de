import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { History, Pause, Pencil, Play, RotateCw, Send, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { ConfirmDialog } from '#client/components/dialogs.tsx';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import { EditWebhookDialog } from './edit-webhook-dialog.tsx';
import { RecoverDialog } from './recover-dialog.tsx';
import { RotateWebhookDialog } from './rotate-webhook-dialog.tsx';
import { type NewWebhookSecret, WebhookSecret } from './webhook-secret.tsx';
import { hostOf } from './webhook-words.ts';

type Asked = 'edit' | 'rotate' | 'recover' | 'disable' | 'remove';
const ICON = { size: 14, 'aria-hidden': true } as const;

/** Everything that can be done with an endpoint. */
export function WebhookActions({ endpoint }: { endpoint: WebhookEndpointView }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [secret, setSecret] = useState<NewWebhookSecret | null>(null);
  const done = () => setAsked(null);
  const button = (what: Asked, label: string, Icon: typeof Send) => (
    <Button size="xs" variant="default" leftSection={<Icon {...ICON} />} onClick={() => setAsked(what)}>
      {label}
    </Button>
  );
  return (
    <>
      <Group gap={8}>
        {endpoint.enabled ? <TestButton id={endpoint.id} /> : <EnableButton endpoint={endpoint} />}
        {button('edit', 'Change', Pencil)}
        {button('rotate', 'Rotate secret', RotateCw)}
        {endpoint.enabled && button('recover', 'Send what was missed', History)}
        {endpoint.enabled && button('disable', 'Disable', Pause)}
        {button('remove', 'Delete', Trash2)}
      </Group>
      {asked === 'edit' && <EditWebhookDialog endpoint={endpoint} onClose={done} />}
      {asked === 'rotate' && <RotateWebhookDialog endpoint={endpoint} onClose={done} onRotated={setSecret} />}
      {asked === 'recover' && <RecoverDialog endpoint={endpoint} onClose={done} />}
      {asked === 'disable' && <DisableDialog endpoint={endpoint} onClose={done} />}
      {asked === 'remove' && <RemoveDialog endpoint={endpoint} onClose={done} />}
      {secret && <WebhookSecret issued={secret} onClose={() => setSecret(null)} />}
    </>
  );
}

function TestButton({ id }: { id: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const test = useMutation(
    trpc.webhooks.test.mutationOptions({
      onSuccess: async (delivery) => {
        await client.invalidateQueries(trpc.webhooks.deliveries.queryFilter());
        await navigate({ to: '/webhooks/$webhookId', params: { webhookId: id }, search: { delivery: delivery.id }, resetScroll: false });
      },
      onError: (error) => notifications.show({ color: 'red', title: 'Nothing was sent', message: readProblem(error).detail }),
    }),
  );
  return (
    <Button size="xs" leftSection={<Send {...ICON} />} loading={test.isPending} onClick={() => test.mutate({ id })}>
      Send test event
    </Button>
  );
}

function useUpdated() {
  const client = useQueryClient();
  return async (changed: WebhookEndpointView) => {
    client.setQueryData(trpc.webhooks.get.queryKey({ id: changed.id }), changed);
    await Promise.all([
      client.invalidateQueries(trpc.webhooks.list.queryFilter()),
      client.invalidateQueries(trpc.webhooks.deliveries.queryFilter()),
    ]);
  };
}

function EnableButton({ endpoint }: { endpoint: WebhookEndpointView }) {
  const updated = useUpdated();
  const enable = useMutation(
    trpc.webhooks.update.mutationOptions({
      onSuccess: async (changed) => {
        notifications.show({
          color: 'green',
          title: 'Enabled',
          message: 'New events are sent. What was missed is not, unless you say so.',
        });
        await updated(changed);
      },
      onError: (error) => notifications.show({ color: 'red', title: 'Still disabled', message: readProblem(error).detail }),
    }),
  );
  return (
    <Button
      size="xs"
      leftSection={<Play {...ICON} />}
      loading={enable.isPending}
      onClick={() => enable.mutate({ id: endpoint.id, enabled: true })}
    >
      Enable
    </Button>
  );
}

type AskProps = { endpoint: WebhookEndpointView; onClose: () => void };

function DisableDialog({ endpoint, onClose }: AskProps) {
  const updated = useUpdated();
  const disable = useMutation(
    trpc.webhooks.update.mutationOptions({
      onSuccess: async (changed) => {
        await updated(changed);
        onClose();
      },
    }),
  );
  return (
    <ConfirmDialog
      title={`Disable ${hostOf(endpoint.url)}?`}
      opened
      onClose={onClose}
      confirmLabel="Disable the endpoint"
      onConfirm={() => disable.mutate({ id: endpoint.id, enabled: false })}
      isPending={disable.isPending}
      error={disable.error}
    >
      <p>Nothing more is sent to it, and what still waits for a try is given up.</p>
      <p>Once it is enabled again, you can send what it missed: events are kept for 30 days.</p>
    </ConfirmDialog>
  );
}

function RemoveDialog({ endpoint, onClose }: AskProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation(
    trpc.webhooks.remove.mutationOptions({
      onSuccess: async () => {
        await navigate({ to: '/webhooks' });
        client.removeQueries(trpc.webhooks.get.queryFilter({ id: endpoint.id }));
        client.removeQueries(trpc.webhooks.deliveries.queryFilter());
        await client.invalidateQueries(trpc.webhooks.list.queryFilter());
        notifications.show({ color: 'green', title: 'Endpoint deleted', message: `${hostOf(endpoint.url)} is told nothing any more.` });
      },
    }),
  );
  return (
    <ConfirmDialog
      title={`Delete ${hostOf(endpoint.url)}?`}
      opened
      onClose={onClose}
      confirmLabel="Delete the endpoint"
      onConfirm={() => remove.mutate({ id: endpoint.id })}
      isPending={remove.isPending}
      error={remove.error}
    >
      <p>Its secrets, the record of what was sent to it, and what still waits are deleted with it. This cannot be taken back.</p>
      <p>To stop it for a while, disable it instead.</p>
    </ConfirmDialog>
  );
}
