import { Alert, Button, Group, Stack } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';
import { type ReactNode, useCallback, useState } from 'react';
import { CodeBlock } from './code-block.tsx';
import { Dialog } from './dialogs.tsx';

type SecretDialogProps = {
  title: string;
  secret: string;
  what: string;
  copyLabel: string;
  /** What can be done when it was not stored. */
  ifLost: string;
  onClose: () => void;
  children: ReactNode;
  /** What can be done with it at once; `copied` says that a copy with the secret in it was taken. */
  use?: (copied: () => void) => ReactNode;
};

/** Shows a secret, once. Closing without having copied it asks again, since nobody can look it up afterwards. */
export function SecretDialog({ title, secret, what, copyLabel, ifLost, onClose, children, use }: SecretDialogProps) {
  const [isCopied, setCopied] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const copied = useCallback(() => {
    setCopied(true);
    setAsking(false);
  }, []);
  const close = () => (isCopied || isAsking ? onClose() : setAsking(true));
  return (
    <Dialog title={title} opened onClose={close} size="lg">
      <Stack gap="md">
        {children}
        <CodeBlock code={secret} what={what} copyLabel={copyLabel} onCopied={copied} />
        {use?.(copied)}
        {isAsking && (
          <Alert
            role="alert"
            color="yellow"
            variant="default"
            className="warn-notice"
            icon={<TriangleAlert size={18} aria-hidden />}
            title="Close without copying?"
          >
            {ifLost}
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
