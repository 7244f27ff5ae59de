import { Button, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CodeField, codeFault } from '#client/components/code-field.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { PasswordField } from '#client/components/password-field.tsx';
import { emailFault, PASSWORD_HINT, passwordFault } from '#client/components/password-rule.ts';
import { useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';

/** The address and the password to sign in with. To change them costs a code where there is an authenticator app. */
export function PasswordForm({ email, needsCode }: { email: string; needsCode: boolean }) {
  const client = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email, password: '', code: '' },
    validate: { email: emailFault, password: passwordFault, code: (code) => (needsCode ? codeFault(code) : null) },
  });
  const save = useMutation(
    trpc.auth.setPassword.mutationOptions({
      onSuccess: async () => {
        form.setFieldValue('password', '');
        form.setFieldValue('code', '');
        notifications.show({ color: 'green', title: 'Password saved', message: 'Use it with your email address at the next sign-in.' });
        await client.invalidateQueries(trpc.auth.me.queryFilter());
        await client.invalidateQueries(trpc.totp.read.queryFilter());
        await client.invalidateQueries(trpc.sessions.list.queryFilter());
      },
    }),
  );
  const submit = useSubmit(form, ({ email: address, password, code }) =>
    save.mutate({ email: address.trim(), password, ...(needsCode ? { code: code.trim() } : {}) }),
  );
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
        {needsCode && <CodeField label="Code of the app, or a recovery code" key={form.key('code')} {...form.getInputProps('code')} />}
        <div>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}
