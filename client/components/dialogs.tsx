import { Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { ErrorNotice } from './error-notice.tsx';

type DialogProps = { title: string; opened: boolean; onClose: () => void; size?: string; children: ReactNode };

/** A dialog of the console. Focus goes in, stays in, and returns to what opened it. */
export function Dialog({ title, opened, onClose, size = 'md', children }: DialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      {children}
    </Modal>
  );
}

type ConfirmProps = {
  title: string;
  opened: boolean;
  onClose: () => void;
  confirmLabel: string;
  onConfirm: () => void;
  isPending: boolean;
  error: unknown;
  children: ReactNode;
};

/** Asks before something that cannot be taken back. Says the effect in concrete words; focus starts on the way out. */
export function ConfirmDialog({ title, opened, onClose, confirmLabel, onConfirm, isPending, error, children }: ConfirmProps) {
  return (
    <Dialog title={title} opened={opened} onClose={onClose}>
      <Stack gap="md">
        <div className="dialog-text">{children}</div>
        {error !== null && error !== undefined && <ErrorNotice error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button className="danger" onClick={onConfirm} loading={isPending}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
