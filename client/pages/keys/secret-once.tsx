import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CodeBlock } from '#client/components/code-block.tsx';
import { curlExample, exampleDomain } from '#client/components/curl-example.ts';
import { SecretDialog } from '#client/components/secret-dialog.tsx';
import { trpc } from '#client/trpc.ts';

/** The text of a new key. Held in memory until the dialog is closed, nowhere else. */
export type NewSecret = { key: string; name: string; replaces: string | null };

/** Shows a new key, once. */
export function SecretOnce({ secret, onClose }: { secret: NewSecret; onClose: () => void }) {
  const domains = useQuery(trpc.domains.list.queryOptions());
  return (
    <SecretDialog
      title={`Key for ${secret.name}`}
      secret={secret.key}
      what="API key"
      copyLabel="Copy key"
      ifLost="The key cannot be shown again. If it is lost, rotate or revoke it."
      onClose={onClose}
      use={(copied) => (
        <div>
          <Text size="sm" fw={600} mb={4}>
            Try it
          </Text>
          <CodeBlock
            code={curlExample({ origin: location.origin, domain: domains.data && exampleDomain(domains.data), key: secret.key })}
            what="curl command with the key"
            onCopied={copied}
          />
        </div>
      )}
    >
      <Text size="sm">
        Copy the key now and store it where your program reads its secrets. <strong>It is shown this once</strong>: only a hash of it is
        kept.
        {secret.replaces && ` The old key works ${secret.replaces}.`}
      </Text>
    </SecretDialog>
  );
}
