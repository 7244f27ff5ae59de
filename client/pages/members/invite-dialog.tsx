import { Button, Group, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CodeBlock } from '#client/components/code-block.tsx';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { emailFault } from '#client/components/password-rule.ts';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';
import type { InviteView } from '#shared/console.ts';
import { ROLE_WORDS, type Role, rolesToGive } from './role-words.ts';

/** A new invite with its link. Held in memory until the dialog is closed, nowhere else. */
export type NewInvite = { invite: InviteView; url: string };
type FormProps = { ownRole: Role | undefined; onClose: () => void; onMade: (made: NewInvite) => void };

/** Asks whom to invite, and as what. */
export function InviteDialog({ opened, ...form }: FormProps & { opened: boolean }) {
  return (
    <Dialog title="Invite somebody" opened={opened} onClose={form.onClose}>
      <InviteForm {...form} />
    </Dialog>
  );
}

function InviteForm({ ownRole, onClose, onMade }: FormProps) {
  const client = useQueryClient();
  const create = useMutation(
    trpc.invites.create.mutationOptions({
      onSuccess: (made) => {
        onClose();
        onMade(made);
        void client.invalidateQueries(trpc.invites.list.queryFilter());
      },
    }),
  );
  const initialValues: { email: string; role: Role } = { email: '', role: 'developer' };
  const form = useForm({ initialValues, validate: { email: emailFault } });
  const submit = useSubmit(form, ({ email, role }) => create.mutate({ email: email.trim(), role }));
  return (
    <form {...submit}>
      <Stack gap="md">
        {create.error && <ErrorNotice error={create.error} />}
        <TextInput label="Email" type="email" autoComplete="off" data-autofocus {...form.getInputProps('email')} />
        <Radio.Group label="Role" {...form.getInputProps('role')}>
          <div className="checks">
            {rolesToGive(ownRole).map((role) => (
              <Radio key={role} value={role} label={ROLE_WORDS[role].label} description={ROLE_WORDS[role].note} />
            ))}
          </div>
        </Radio.Group>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Make the invite
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Shows the link of a new invite, once. No mail is sent: whoever made it hands it on. */
export function InviteLink({ made, onClose }: { made: NewInvite; onClose: () => void }) {
  return (
    <Dialog title={`Invite for ${made.invite.email}`} opened onClose={onClose} size="lg">
      <Stack gap="md">
        <Text size="sm">
          Send them this link. It works once, ends <RelativeTime at={made.invite.expiresAt} />, and <strong>is shown this once</strong>. No
          mail is sent by SessionShot.
        </Text>
        <CodeBlock code={made.url} what="invite link" copyLabel="Copy link" />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
