import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Ban, Lock, LockOpen, Trash2 } from 'lucide-react';
import { ConfirmDialog } from '#client/components/dialogs.tsx';
import { readProblem } from '#client/problem.ts';
import { trpc, whoAmI } from '#client/trpc.ts';
import type { Capture } from '#shared/capture.ts';

/** What can be done with a capture: cancel it while it goes on, afterwards hold it or delete it. */
export function CaptureActions({ capture }: { capture: Capture }) {
  const me = useQuery(whoAmI);
  const isAdmin = me.data?.role === 'owner' || me.data?.role === 'admin';
  const isOn = capture.status === 'queued' || capture.status === 'running';
  if (isOn) return <CancelButton capture={capture} />;
  return (
    <>
      {isAdmin && <HoldButton capture={capture} />}
      {capture.heldAt === null && <DeleteButton capture={capture} />}
    </>
  );
}

function HoldButton({ capture }: { capture: Capture }) {
  const client = useQueryClient();
  const isHeld = capture.heldAt !== null;
  const change = {
    onSuccess: async (changed: Capture) => {
      // What was changed comes without a link, and the picture on the screen has one.
      client.setQueryData(trpc.captures.get.queryKey({ id: capture.id }), (before) => before && { ...before, heldAt: changed.heldAt });
      await client.invalidateQueries(trpc.captures.list.queryFilter());
    },
    onError: (error: unknown) => notifications.show({ color: 'red', title: 'Not changed', message: readProblem(error).detail }),
  };
  const hold = useMutation(trpc.captures.hold.mutationOptions(change));
  const release = useMutation(trpc.captures.release.mutationOptions(change));
  return (
    <Button
      variant="default"
      size="sm"
      leftSection={isHeld ? <LockOpen size={15} aria-hidden /> : <Lock size={15} aria-hidden />}
      loading={hold.isPending || release.isPending}
      onClick={() => (isHeld ? release : hold).mutate({ id: capture.id })}
    >
      {isHeld ? 'Release from hold' : 'Put on hold'}
    </Button>
  );
}

function CancelButton({ capture }: { capture: Capture }) {
  const client = useQueryClient();
  const cancel = useMutation(
    trpc.captures.cancel.mutationOptions({
      onSuccess: (canceled) => client.setQueryData(trpc.captures.get.queryKey({ id: capture.id }), canceled),
      onError: (error) => notifications.show({ color: 'red', title: 'Not canceled', message: readProblem(error).detail }),
    }),
  );
  return (
    <Button
      variant="default"
      size="sm"
      leftSection={<Ban size={15} aria-hidden />}
      loading={cancel.isPending}
      onClick={() => cancel.mutate({ id: capture.id })}
    >
      Cancel
    </Button>
  );
}

function DeleteButton({ capture }: { capture: Capture }) {
  const [isAsking, ask] = useDisclosure(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  const remove = useMutation(
    trpc.captures.remove.mutationOptions({
      onSuccess: async () => {
        await navigate({ to: '/captures' });
        client.removeQueries(trpc.captures.get.queryFilter({ id: capture.id }));
        await client.invalidateQueries(trpc.captures.list.queryFilter());
        notifications.show({ color: 'green', title: 'Capture deleted', message: `${capture.id} and its file are gone.` });
      },
    }),
  );
  return (
    <>
      <Button variant="default" size="sm" leftSection={<Trash2 size={15} aria-hidden />} onClick={ask.open}>
        Delete
      </Button>
      <ConfirmDialog
        title="Delete this capture?"
        opened={isAsking}
        onClose={ask.close}
        confirmLabel="Delete the capture"
        onConfirm={() => remove.mutate({ id: capture.id })}
        isPending={remove.isPending}
        error={remove.error}
      >
        <p>
          {capture.asset
            ? 'The stored file and the record of the capture are removed at once, and links to the file stop working.'
            : 'The record of the capture is removed.'}{' '}
          This cannot be taken back.
        </p>
      </ConfirmDialog>
    </>
  );
}
