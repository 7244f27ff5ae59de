import { Button, Group, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { useRefusal, useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import { WebhookFields, webhookRules } from './webhook-fields.tsx';
import { hostOf } from './webhook-words.ts';

/** Changes what an endpoint hears of and how people call it. Its address stays: another address is another endpoint. */
export function EditWebhookDialog({ endpoint, onClose }: { endpoint: WebhookEndpointView; onClose: () => void }) {
  const client = useQueryClient();
  const name = hostOf(endpoint.url);
  const update = useMutation(
    trpc.webhooks.update.mutationOptions({
      onSuccess: async (changed) => {
        client.setQueryData(trpc.webhooks.get.queryKey({ id: endpoint.id }), changed);
        onClose();
        notifications.show({ color: 'green', title: 'Saved', message: `${name} hears of ${changed.events.join(', ')}.` });
        await client.invalidateQueries(trpc.webhooks.list.queryFilter());
      },
    }),
  );
  const form = useForm({ initialValues: { description: endpoint.description, events: [...endpoint.events] }, validate: webhookRules });
  const submit = useSubmit(form, ({ description, events }) => update.mutate({ id: endpoint.id, description: description.trim(), events }));
  const refusal = useRefusal(form, submit, update.error);
  return (
    <Dialog title={`Change ${name}`} opened onClose={onClose} size="lg">
      <form {...submit}>
        <Stack gap="md">
          {refusal !== null && <ErrorNotice error={refusal} />}
          <WebhookFields form={form} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={update.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
