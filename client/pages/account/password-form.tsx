import { Button, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CodeField, codeFault } from '#client/components/code-field.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { PasswordField } from '#client/components/password-field.tsx';
import { emailFault, PASSWORD_HINT, passwordFault } from '#client/components/password-rule.ts';
import { useRefusal, useSubmit } from '#client/components/use-submit.ts';
import { timeOfDay } from '#client/format.ts';
import { trpc } from '#client/trpc.ts';
import { useNow } from '#client/use-now.ts';
import type { MeView } from '#shared/console.ts';

type Props = { email: string; hasPassword: boolean; needsCode: boolean; session: MeView['session'] };
const RENEW_MS = 10_000;

/** The address and the password to sign in with. To change them costs the password that there is, and a code where there is an app. */
export function PasswordForm({ email, hasPassword, needsCode, session }: Props) {
  const client = useQueryClient();
  const hint = useCurrentHint(session);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email, password: '', current: '', code: '' },
    validate: { email: emailFault, password: passwordFault, code: (code) => (needsCode ? codeFault(code) : null) },
  });
  const save = useMutation(
    trpc.auth.setPassword.mutationOptions({
      onSuccess: async () => {
        form.setFieldValue('password', '');
        form.setFieldValue('current', '');
        form.setFieldValue('code', '');
        notifications.show({ color: 'green', title: 'Password saved', message: 'Use it with your email address at the next sign-in.' });
        await client.invalidateQueries(trpc.auth.me.queryFilter());
        await client.invalidateQueries(trpc.totp.read.queryFilter());
        await client.invalidateQueries(trpc.sessions.list.queryFilter());
      },
    }),
  );
  const submit = useSubmit(form, ({ email: address, password, current, code }) =>
    save.mutate({
      email: address.trim(),
      password,
      ...(current === '' ? {} : { current }),
      ...(needsCode ? { code: code.trim() } : {}),
    }),
  );
  const notice = useRefusal(form, submit, save.error);
  return (
    <form {...submit}>
      <Stack gap="sm">
        {notice !== null && <ErrorNotice error={notice} />}
        <TextInput label="Email" type="email" autoComplete="username" key={form.key('email')} {...form.getInputProps('email')} />
        {hasPassword && (
          <PasswordField
            label="Current password"
            description={hint}
            autoComplete="current-password"
            key={form.key('current')}
            {...form.getInputProps('current')}
          />
        )}
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

/** Until when the current password may be left out; undefined where it may not. */
function useCurrentHint({ way, freshProofUntil }: MeView['session']): string | undefined {
  const now = useNow(freshProofUntil ? RENEW_MS : null);
  if (!freshProofUntil || Date.parse(freshProofUntil) <= now) return undefined;
  return `Not needed until ${timeOfDay(freshProofUntil)}: you signed in ${way === 'oidc' ? 'by single sign-on' : 'with a one-time link'}.`;
}
