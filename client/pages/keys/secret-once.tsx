import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useCallback, useState } from 'react';
import { CodeBlock } from '#client/components/code-block.tsx';
import { curlExample, exampleDomain } from '#client/components/curl-example.ts';
import { Dialog } from '#client/components/dialogs.tsx';
import { trpc } from '#client/trpc.ts';

/** The text of a new key. Held in memory until the dialog is closed, nowhere else. */
export type NewSecret = { key: string; name: string; replaces: string | null };

/** Shows a new key, once. Closing without having copied it asks again, since nobody can look it up afterwards. */
export function SecretOnce({ secret, onClose }: { secret: NewSecret; onClose: () => void }) {
  const domains = useQuery(trpc.domains.list.queryOptions());
  const [isCopied, setCopied] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const copied = useCallback(() => {
    setCopied(true);
    setAsking(false);
  }, []);
  const close = () => (isCopied || isAsking ? onClose() : setAsking(true));
  return (
    <Dialog title={`Key for ${secret.name}`} opened onClose={close} size="lg">
      <Stack gap="md">
        <Text size="sm">
          Copy the key now and store it where your program reads its secrets. <strong>It is shown this once</strong>: only a hash of it is
          kept.
          {secret.replaces && ` The old key works ${secret.replaces}.`}
        </Text>
        <CodeBlock code={secret.key} what="API key" copyLabel="Copy key" onCopied={copied} />
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
        {isAsking && (
          <Alert
            role="alert"
            color="yellow"
            variant="default"
            className="warn-notice"
            icon={<TriangleAlert size={18} aria-hidden />}
            title="Close without copying?"
          >
            The key cannot be shown again. If it is lost, rotate or revoke it.
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant={isCopied ? 'filled' : 'default'} onClick={close}>
            {isAsking ? 'Close anyway' : 'I have stored it'}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
