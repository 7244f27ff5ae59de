import { Alert, Button, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Info } from 'lucide-react';
import { ErrorNotice } from '../components/error-notice.tsx';
import { Facts } from '../components/facts.tsx';
import { Page, Panel } from '../components/page.tsx';
import { PasswordField } from '../components/password-field.tsx';
import { emailFault, PASSWORD_HINT, passwordFault } from '../components/password-rule.ts';
import { QueryPane } from '../components/query-pane.tsx';
import { useSubmit } from '../components/use-submit.ts';
import { trpc, whoAmI } from '../trpc.ts';

/** The person who is signed in, and the password to sign in with. */
export function AccountPage() {
  const me = useQuery(whoAmI);
  return (
    <Page title="Account" description="Who you are in this workspace, and how you sign in.">
      <QueryPane query={me} skeleton={<Skeleton h={320} />}>
        {({ user, workspace, role }) => (
          <div className="account-grid">
            <Panel title="You">
              <Facts
                facts={[
                  { term: 'Name', value: user.name },
                  { term: 'Email', value: user.email ?? 'none yet' },
                  { term: 'Role', value: role },
                  { term: 'Workspace', value: workspace.name },
                  { term: 'Workspace id', value: <span className="mono">{workspace.id}</span> },
                ]}
              />
            </Panel>
            <Panel title={user.hasPassword ? 'Change the password' : 'Set a password'}>
              {!user.hasPassword && (
                <Alert variant="default" icon={<Info size={16} aria-hidden />}>
                  <Text size="sm">
                    You signed in with a one-time link. With a password you can sign in without going back to the terminal.
                  </Text>
                </Alert>
              )}
              <PasswordForm email={user.email ?? ''} key={user.email} />
            </Panel>
          </div>
        )}
      </QueryPane>
    </Page>
  );
}

function PasswordForm({ email }: { email: string }) {
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
