import { Button, Group, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { trpc } from '#client/trpc.ts';
import type { WebhookEndpointView } from '#shared/webhook.ts';
import type { NewWebhookSecret } from './webhook-secret.tsx';
import { hostOf } from './webhook-words.ts';

type RotateProps = { onClose: () => void; onRotated: (secret: NewWebhookSecret) => void };

/** Makes a new signing secret of an endpoint; the one before goes on signing for a day. */
export function RotateWebhookDialog({ endpoint, onClose, onRotated }: RotateProps & { endpoint: WebhookEndpointView }) {
  const client = useQueryClient();
  const rotate = useMutation(
    trpc.webhooks.rotateSecret.mutationOptions({
      gcTime: 0, // The answer holds the secret: what is not shown any more is not kept.
      onSuccess: ({ endpoint: changed, secret }) => {
        client.setQueryData(trpc.webhooks.get.queryKey({ id: endpoint.id }), changed);
        onClose();
        onRotated({ secret, name: hostOf(endpoint.url), overlap: 'The one before signs too, for 24 hours more: change over until then.' });
      },
    }),
  );
  return (
    <RotateFrame
      title={`Rotate the secret of ${hostOf(endpoint.url)}`}
      onClose={onClose}
      onRotate={() => rotate.mutate({ id: endpoint.id })}
      rotation={rotate}
    >
      <p>A new signing secret takes over. You see it in the next step.</p>
      <p>
        The secret of now signs too, for 24 hours: receivers that know either take what arrives. A secret that is being replaced already
        ends at once.
      </p>
    </RotateFrame>
  );
}

/** The same for the secret of the workspace, by which webhooks that come with a capture are signed. */
export function RotateDefaultDialog({ onClose, onRotated }: RotateProps) {
  const rotate = useMutation(
    trpc.webhooks.rotateDefaultSecret.mutationOptions({
      gcTime: 0,
      onSuccess: ({ secret }) => {
        onClose();
        onRotated({ secret, name: 'single captures', overlap: 'If there was one before, it signs too for 24 hours more.' });
      },
    }),
  );
  return (
    <RotateFrame title="Rotate the default secret" onClose={onClose} onRotate={() => rotate.mutate()} rotation={rotate}>
      <p>
        A <span className="mono">webhook</span> that comes with a capture is signed with the default secret of this workspace. A new one
        takes over; you see it in the next step.
      </p>
      <p>If there is one already, it signs too for 24 hours.</p>
    </RotateFrame>
  );
}

type FrameProps = {
  title: string;
  onClose: () => void;
  onRotate: () => void;
  rotation: { error: unknown; isPending: boolean };
  children: ReactNode;
};

function RotateFrame({ title, onClose, onRotate, rotation, children }: FrameProps) {
  return (
    <Dialog title={title} opened onClose={onClose}>
      <Stack gap="md">
        {rotation.error !== null && <ErrorNotice error={rotation.error} />}
        <div className="dialog-text">{children}</div>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button loading={rotation.isPending} onClick={onRotate}>
            Rotate secret
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
