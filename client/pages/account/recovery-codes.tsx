import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { Download, TriangleAlert } from 'lucide-react';
import { useCallback, useState } from 'react';
import { CodeBlock } from '#client/components/code-block.tsx';
import { Dialog } from '#client/components/dialogs.tsx';
import { saveText } from '#client/save-text.ts';

/** Shows new recovery codes, once. Closing without having kept them asks again, since nobody can look them up afterwards. */
export function RecoveryCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const [isKept, setKept] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const kept = useCallback(() => {
    setKept(true);
    setAsking(false);
  }, []);
  const close = () => (isKept || isAsking ? onClose() : setAsking(true));
  const text = codes.join('\n');
  return (
    <Dialog title="Your recovery codes" opened onClose={close}>
      <Stack gap="md">
        <Text size="sm">
          Keep these where you keep your passwords, and not on the phone. Each signs you in once when the app is out of reach.{' '}
          <strong>They are shown this once</strong>: only hashes of them are kept.
        </Text>
        <CodeBlock code={text} what="recovery codes" copyLabel="Copy codes" onCopied={kept} />
        {isAsking && (
          <Alert
            role="alert"
            color="yellow"
            variant="default"
            className="warn-notice"
            icon={<TriangleAlert size={18} aria-hidden />}
            title="Close without keeping them?"
          >
            They cannot be shown again. Without phone and codes only the operator of this instance can let you in.
          </Alert>
        )}
        <Group justify="space-between" gap="xs">
          <Button
            variant="default"
            leftSection={<Download size={14} aria-hidden />}
            onClick={() => {
              saveText('sessionshot-recovery-codes.txt', `SessionShot recovery codes of ${location.origin}\n\n${text}\n`);
              kept();
            }}
          >
            Download
          </Button>
          <Button variant={isKept ? 'filled' : 'default'} onClick={close}>
            {isAsking ? 'Close anyway' : 'I have kept them'}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
