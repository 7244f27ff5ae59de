import { Text } from '@mantine/core';
import { SecretDialog } from '#client/components/secret-dialog.tsx';

/** The text of a new secret. Held in memory until the dialog is closed, nowhere else. `overlap`: what becomes of one before it. */
export type NewWebhookSecret = { secret: string; name: string; overlap: string | null };

/** Shows a new signing secret, once. */
export function WebhookSecret({ issued: { secret, name, overlap }, onClose }: { issued: NewWebhookSecret; onClose: () => void }) {
  return (
    <SecretDialog
      title={`Signing secret of ${name}`}
      secret={secret}
      what="signing secret"
      copyLabel="Copy secret"
      ifLost="The secret cannot be shown again. If it is lost, rotate it."
      onClose={onClose}
    >
      <Text size="sm">
        Copy the secret now and store it where your receiver reads it: by it the receiver knows what came from here.{' '}
        <strong>It is shown this once</strong>.{overlap && ` ${overlap}`}
      </Text>
    </SecretDialog>
  );
}
