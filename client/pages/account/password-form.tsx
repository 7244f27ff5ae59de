import { Button, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { PasswordField } from '#client/components/password-field.tsx';
import { emailFault, PASSWORD_HINT, passwordFault } from '#client/components/password-rule.ts';
import { useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';

/** The address and the password to sign in with. */
export function PasswordForm({ email }: { email: string }) {
  const client = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email, password: '' },
    validate: { email: emailFault, password: passwordFault },
  });
  const save = useMutation(
    trpc.auth.setPassword.mutationOptions({
      onSuccess: async () => {
        form.setFieldValue('password', '');
        notifications.show({ color: 'green', title: 'Password saved', message: 'Use it with your email address at the next sign-in.' });
        await client.invalidateQueries(trpc.auth.me.queryFilter());
        await client.invalidateQueries(trpc.totp.read.queryFilter());
        await client.invalidateQueries(trpc.sessions.list.queryFilter());
      },
    }),
  );
  const submit = useSubmit(form, (values) => save.mutate({ email: values.email.trim(), password: values.password }));
  return (
    <form {...submit}>
      <Stack gap="sm">
        {save.error && <ErrorNotice error={save.error} />}
        <TextInput label="Email" type="email" autoComplete="username" key={form.key('email')} {...form.getInputProps('email')} />
        <PasswordField
          label="New password"
          description={PASSWORD_HINT}
          autoComplete="new-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <div>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}
