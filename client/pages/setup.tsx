import { Anchor, Button, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { Entry } from '../components/entry.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { PasswordField } from '../components/password-field.tsx';
import { emailFault, nameFault, PASSWORD_HINT, passwordFault } from '../components/password-rule.ts';
import { useRefusal, useSubmit } from '../components/use-submit.ts';
import { queryClient, trpc } from '../trpc.ts';

/** Makes the first owner of an instance. Where one exists, there is nothing to set up and the page says so by leaving. */
export function SetupPage() {
  const router = useRouter();
  const setup = useQuery(trpc.auth.setupNeeded.queryOptions());
  useEffect(() => {
    if (setup.data && !setup.data.needed) void router.navigate({ to: '/sign-in', replace: true });
  }, [setup.data, router]);
  return (
    <Entry
      title="Set up SessionShot"
      note="Make the owner of this instance. The owner adds allowed domains, API keys and, later, other members."
    >
      {setup.error && <ErrorNotice error={setup.error} onRetry={() => void setup.refetch()} isRetrying={setup.isFetching} />}
      {setup.data?.needed && <OwnerForm />}
      <Anchor size="xs" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
        An owner exists already? Sign in
      </Anchor>
    </Entry>
  );
}

function OwnerForm() {
  const router = useRouter();
  const create = useMutation(
    trpc.auth.createOwner.mutationOptions({
      onSuccess: () => {
        queryClient.clear();
        void router.navigate({ to: '/', replace: true });
      },
    }),
  );
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: '', password: '', workspaceName: '' },
    validate: { name: nameFault, email: emailFault, password: passwordFault, workspaceName: nameFault },
  });
  const submit = useSubmit(form, ({ name, email, password, workspaceName }) =>
    create.mutate({ name: name.trim(), email: email.trim(), password, workspaceName: workspaceName.trim() }),
  );
  const notice = useRefusal(form, submit, create.error);
  return (
    <form {...submit}>
      <Stack gap="sm">
        {notice !== null && <ErrorNotice error={notice} />}
        <TextInput label="Your name" autoComplete="name" key={form.key('name')} {...form.getInputProps('name')} />
        <TextInput label="Email" type="email" autoComplete="username" key={form.key('email')} {...form.getInputProps('email')} />
        <PasswordField
          label="Password"
          description={PASSWORD_HINT}
          autoComplete="new-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <TextInput
          label="Workspace name"
          description="Usually your company or team."
          autoComplete="organization"
          key={form.key('workspaceName')}
          {...form.getInputProps('workspaceName')}
        />
        <Button type="submit" fullWidth mt="xs" loading={create.isPending}>
          Create the owner
        </Button>
      </Stack>
    </form>
  );
}
