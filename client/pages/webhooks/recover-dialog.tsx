import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { useRefusal, useSubmit } from '#client/components/use-submit.ts';
import { count } from '#client/format.ts';
import { trpc } from '#client/trpc.ts';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import { hostOf } from './webhook-words.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Sends an endpoint what did not arrive since a moment: of its failures the first, unless somebody names another. */
export function RecoverDialog({ endpoint, onClose }: { endpoint: WebhookEndpointView; onClose: () => void }) {
  const client = useQueryClient();
  const recover = useMutation(
    trpc.webhooks.recover.mutationOptions({
      onSuccess: async ({ count: sent, isMore }) => {
        onClose();
        notifications.show({
          color: isMore ? 'yellow' : 'green',
          title: sent === 0 ? 'Nothing was missed' : `${count(sent, 'event')} sent again`,
          message: isMore ? 'There are more: do the same again when these have been sent.' : 'Each keeps its id: receivers know repeats.',
        });
        await client.invalidateQueries(trpc.webhooks.deliveries.queryFilter());
      },
    }),
  );
  const form = useForm({
    initialValues: { since: localMinute(endpoint.failingSince ? Date.parse(endpoint.failingSince) : Date.now() - DAY_MS) },
    validate: { since: (since) => (Number.isNaN(Date.parse(since)) ? 'Give a day and a time.' : null) },
  });
  const submit = useSubmit(form, ({ since }) => recover.mutate({ id: endpoint.id, since: new Date(since).toISOString() }));
  const refusal = useRefusal(form, submit, recover.error);
  return (
    <Dialog title={`Send what ${hostOf(endpoint.url)} missed`} opened onClose={onClose}>
      <form {...submit}>
        <Stack gap="md">
          {refusal !== null && <ErrorNotice error={refusal} />}
          <TextInput
            type="datetime-local"
            label="Since"
            description="By the clock of this browser. Events are kept for 30 days; test events are not sent again."
            data-autofocus
            {...form.getInputProps('since')}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={recover.isPending}>
              Send again
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

/** The minute of an instant as the field writes it, by the clock of this browser. */
function localMinute(at: number): string {
  return new Date(at - new Date(at).getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}
