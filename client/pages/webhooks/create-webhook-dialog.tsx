import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { useRefusal, useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';
import { WebhookFields, webhookRules } from './webhook-fields.tsx';
import type { NewWebhookSecret } from './webhook-secret.tsx';
import { FIRST_EVENTS, hostOf } from './webhook-words.ts';

type DialogProps = { opened: boolean; onClose: () => void; onCreated: (secret: NewWebhookSecret) => void };

/** Asks where events are to be sent, and which. */
export function CreateWebhookDialog({ opened, onClose, onCreated }: DialogProps) {
  return (
    <Dialog title="Add an endpoint" opened={opened} onClose={onClose} size="lg">
      <CreateWebhookForm onClose={onClose} onCreated={onCreated} />
    </Dialog>
  );
}

function CreateWebhookForm({ onClose, onCreated }: Omit<DialogProps, 'opened'>) {
  const client = useQueryClient();
  const create = useMutation(
    trpc.webhooks.create.mutationOptions({
      gcTime: 0, // The answer holds the secret: what is not shown any more is not kept.
      onSuccess: ({ endpoint, secret }) => {
        onClose();
        onCreated({ secret, name: hostOf(endpoint.url), overlap: null });
        void client.invalidateQueries(trpc.webhooks.list.queryFilter());
      },
    }),
  );
  const form = useForm({
    initialValues: { url: '', description: '', events: [...FIRST_EVENTS] },
    validate: {
      ...webhookRules,
      url: (url) => (/^https:\/\/./i.test(url.trim()) ? null : 'Give an address that begins with https://'),
    },
  });
  const submit = useSubmit(form, ({ url, description, events }) =>
    create.mutate({ url: url.trim(), description: description.trim(), events }),
  );
  const refusal = useRefusal(form, submit, create.error);
  return (
    <form {...submit}>
      <Stack gap="md">
        {refusal !== null && <ErrorNotice error={refusal} />}
        <TextInput
          label="URL"
          description="Where events are sent. Only its host is shown again: what follows is often a secret."
          placeholder="https://example.com/hooks/captures"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          {...form.getInputProps('url')}
        />
        <WebhookFields form={form} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Add endpoint
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
