import { Button, Group, Menu, Stack, TextInput, UnstyledButton } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Check, ChevronsUpDown, Plus } from 'lucide-react';
import type { MeView } from '#shared/console.ts';
import { readProblem } from '../problem.ts';
import { trpc } from '../trpc.ts';
import { Dialog } from './dialogs.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { nameFault } from './password-rule.ts';
import { useSubmit } from './use-submit.ts';

/** The workspace that the console shows, and the way to the others. All that was read belongs to one: the page loads anew. */
export function WorkspaceMenu({ me }: { me: MeView | undefined }) {
  const [isOpen, menu] = useDisclosure(false);
  const [isMaking, make] = useDisclosure(false);
  const workspaces = useQuery(trpc.workspaces.list.queryOptions(undefined, { enabled: isOpen }));
  const change = useMutation(
    trpc.workspaces.switch.mutationOptions({
      onSuccess: () => location.assign('/'),
      onError: (error) => notifications.show({ color: 'red', title: 'You are still where you were', message: readProblem(error).detail }),
    }),
  );
  const name = me?.workspace.name ?? '\u00a0';
  const mayMake = me?.role === 'owner' || me?.role === 'admin';
  return (
    <>
      <Menu opened={isOpen} onChange={(opened) => (opened ? menu.open() : menu.close())} position="bottom-start" width="target">
        <Menu.Target>
          <UnstyledButton className="nav-workspace" aria-label={`Workspace ${name}`} title={name}>
            <span className="nav-workspace-name">{name}</span>
            <ChevronsUpDown size={14} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Workspaces</Menu.Label>
          {workspaces.data?.map((workspace) => (
            <Menu.Item
              key={workspace.id}
              disabled={change.isPending}
              leftSection={<Check size={14} aria-hidden style={workspace.isCurrent ? undefined : { visibility: 'hidden' }} />}
              aria-current={workspace.isCurrent || undefined}
              onClick={() => (workspace.isCurrent ? menu.close() : change.mutate({ id: workspace.id }))}
            >
              {workspace.name}
            </Menu.Item>
          ))}
          {mayMake && (
            <Menu.Item leftSection={<Plus size={14} aria-hidden />} onClick={make.open}>
              New workspace…
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Dialog title="New workspace" opened={isMaking} onClose={make.close}>
        <NewWorkspaceForm onClose={make.close} />
      </Dialog>
    </>
  );
}

function NewWorkspaceForm({ onClose }: { onClose: () => void }) {
  const create = useMutation(trpc.workspaces.create.mutationOptions({ onSuccess: () => location.assign('/') }));
  const form = useForm({ mode: 'uncontrolled', initialValues: { name: '' }, validate: { name: nameFault } });
  const submit = useSubmit(form, ({ name }) => create.mutate({ name: name.trim() }));
  return (
    <form {...submit}>
      <Stack gap="md">
        {create.error && <ErrorNotice error={create.error} />}
        <TextInput
          label="Name"
          description="It has keys, domains, members and captures of its own. You own it."
          data-autofocus
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending || create.isSuccess}>
            Create the workspace
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
