import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ConfirmDialog } from '#client/components/dialogs.tsx';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { trpc } from '#client/trpc.ts';
import type { ApiKeyView } from '#shared/console.ts';
import { lastUseWords } from './key-state.ts';

/** Asks before a key stops working, and says whether somebody still uses it. */
export function RevokeKeyDialog({ apiKey, onClose }: { apiKey: ApiKeyView; onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation(
    trpc.keys.revoke.mutationOptions({
      onSuccess: async () => {
        await client.invalidateQueries(trpc.keys.list.queryFilter());
        onClose();
        notifications.show({ color: 'green', title: 'Key revoked', message: `${apiKey.name} no longer works.` });
      },
    }),
  );
  return (
    <ConfirmDialog
      title={`Revoke ${apiKey.name}?`}
      opened
      onClose={onClose}
      confirmLabel="Revoke the key"
      onConfirm={() => revoke.mutate({ id: apiKey.id })}
      isPending={revoke.isPending}
      error={revoke.error}
    >
      {apiKey.lastUsedAt ? (
        <p>
          <strong>
            It was last used <RelativeTime at={apiKey.lastUsedAt} />
            {apiKey.lastUsedFrom && `, from ${lastUseWords(apiKey)}`}.
          </strong>{' '}
          Programs that send it are refused from now on.
        </p>
      ) : (
        <p>It was never used. Requests with it are refused from now on.</p>
      )}
      <p>Captures made with it stay. This cannot be taken back: to change over without a gap, rotate the key instead.</p>
    </ConfirmDialog>
  );
}
