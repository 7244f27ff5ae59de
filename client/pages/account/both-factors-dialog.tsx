import { Button, Group, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CodeField, codeFault } from '#client/components/code-field.tsx';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { PasswordField } from '#client/components/password-field.tsx';
import { useRefusal, useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';

const PURPOSES = {
  renew: {
    title: 'New recovery codes',
    note: 'The codes you have now become void, those you have not used included.',
    label: 'Make new codes',
  },
  remove: {
    title: 'Remove the authenticator app?',
    note: 'From then on your password alone signs you in. Your recovery codes become void.',
    label: 'Remove the app',
  },
} as const;

type BothFactorsProps = { purpose: keyof typeof PURPOSES; onClose: () => void; onRenewed: (codes: readonly string[]) => void };

/** What weakens or renews the second factor costs both: the password and a code. */
export function BothFactorsDialog({ purpose, onClose, onRenewed }: BothFactorsProps) {
  const { title, note, label } = PURPOSES[purpose];
  const { isPending, error, send } = useChange(purpose, onClose, onRenewed);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '', code: '' },
    validate: { password: (password) => (password ? null : 'Give your password.'), code: codeFault },
  });
  const submit = useSubmit(form, ({ password, code }) => send({ password, code: code.trim() }));
  const notice = useRefusal(form, submit, error);
  return (
    <Dialog title={title} opened onClose={onClose}>
      <form {...submit}>
        <Stack gap="md">
          <Text size="sm">{note}</Text>
          {notice !== null && <ErrorNotice error={notice} />}
          <PasswordField
            label="Your password"
            autoComplete="current-password"
            data-autofocus
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <CodeField label="Code of the app, or a recovery code" key={form.key('code')} {...form.getInputProps('code')} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" className={purpose === 'remove' ? 'danger' : undefined} loading={isPending}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function useChange(purpose: BothFactorsProps['purpose'], onClose: () => void, onRenewed: BothFactorsProps['onRenewed']) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries(trpc.totp.read.queryFilter());
  const renew = useMutation(
    trpc.totp.renewRecoveryCodes.mutationOptions({
      onSuccess: async ({ recoveryCodes }) => {
        onRenewed(recoveryCodes);
        await refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.totp.remove.mutationOptions({
      onSuccess: async () => {
        onClose();
        notifications.show({ color: 'green', title: 'Authenticator app removed', message: 'Your password alone signs you in now.' });
        await refresh();
      },
    }),
  );
  const { mutate: send, isPending, error } = purpose === 'renew' ? renew : remove;
  return { send, isPending, error };
}
