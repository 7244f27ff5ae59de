import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { trpc } from '#client/trpc.ts';
import type { ApiKeyView } from '#shared/console.ts';
import type { NewSecret } from './secret-once.tsx';

const MINUTE_MS = 60_000;
const OVERLAPS = [
  { ms: 0, label: 'not at all: it stops now' },
  { ms: 15 * MINUTE_MS, label: 'for 15 minutes more' },
  { ms: 60 * MINUTE_MS, label: 'for an hour more' },
  { ms: 6 * 60 * MINUTE_MS, label: 'for 6 hours more' },
  { ms: 24 * 60 * MINUTE_MS, label: 'for 24 hours more' },
];
const DEFAULT_OVERLAP_MS = 24 * 60 * MINUTE_MS;

type RotateProps = { apiKey: ApiKeyView; onClose: () => void; onRotated: (secret: NewSecret) => void };

/** Makes a successor with the same rights; the old key goes on for a while, so that programs can change over. */
export function RotateKeyDialog({ apiKey, onClose, onRotated }: RotateProps) {
  const client = useQueryClient();
  const [overlapMs, setOverlapMs] = useState(DEFAULT_OVERLAP_MS);
  const rotate = useMutation(
    trpc.keys.rotate.mutationOptions({
      onSuccess: ({ apiKey: fresh, key }) => {
        onClose();
        onRotated({ key, name: fresh.name, replaces: OVERLAPS.find(({ ms }) => ms === overlapMs)?.label ?? null });
        void client.invalidateQueries(trpc.keys.list.queryFilter());
      },
    }),
  );
  return (
    <Dialog title={`Rotate ${apiKey.name}`} opened onClose={onClose}>
      <Stack gap="md">
        {rotate.error && <ErrorNotice error={rotate.error} />}
        <Text size="sm">A new key with the same name, scopes and domains takes over. You see its text in the next step.</Text>
        <NativeSelect
          label="The old key works"
          description={apiKey.expiresAt ? 'But not beyond its own end.' : undefined}
          value={String(overlapMs)}
          onChange={(event) => setOverlapMs(Number(event.currentTarget.value))}
          data={OVERLAPS.map(({ ms, label }) => ({ value: String(ms), label }))}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button loading={rotate.isPending} onClick={() => rotate.mutate({ id: apiKey.id, overlapMs })}>
            Rotate key
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
