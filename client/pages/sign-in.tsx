import { Button, Code, Loader, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ownPath } from '#shared/own-path.ts';
import { CodeStep, isCodeNeeded } from '../components/code-step.tsx';
import { Entry } from '../components/entry.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { PasswordField } from '../components/password-field.tsx';
import { SingleSignOn } from '../components/single-sign-on.tsx';
import { useSubmit } from '../components/use-submit.ts';
import { takeLinkToken } from '../link-token.ts';
import { queryClient, trpc } from '../trpc.ts';

const route = getRouteApi('/sign-in');

/** Sign-in by a one-time link, which works by itself, or by email address and password. */
export function SignInPage() {
  const enter = useEnter();
  const { next, problem } = route.useSearch();
  const link = useMutation(trpc.auth.signInWithLink.mutationOptions({ onSuccess: enter }));
  const setup = useQuery(trpc.auth.setupNeeded.queryOptions());
  const router = useRouter();
  const { mutate: sendLink } = link;

  useEffect(() => {
    const take = () => {
      const token = takeLinkToken('/sign-in');
      if (token) sendLink({ token });
    };
    take();
    // A link pasted into a tab that stands here already changes the fragment only: the page is not loaded anew.
    window.addEventListener('hashchange', take);
    return () => window.removeEventListener('hashchange', take);
  }, [sendLink]);

  useEffect(() => {
    if (setup.data?.needed) void router.navigate({ to: '/setup', replace: true });
  }, [setup.data, router]);

  if (link.isPending || link.isSuccess)
    return (
      <Entry title="Sign in" note="Signing you in with the one-time link…">
        <Loader size="sm" aria-label="Signing in" />
      </Entry>
    );
  return (
    <Entry title="Sign in" note="to the console of this SessionShot instance.">
      {link.error && <ErrorNotice error={link.error} />}
      <SingleSignOn next={next} fault={problem} otherwise="or by password" />
      <PasswordForm onDone={enter} />
      <Text size="xs" c="dimmed" className="entry-help">
        No password yet? On the machine that runs SessionShot, <Code>sessionshot open</Code> makes a new one-time link.
      </Text>
    </Entry>
  );
}

function PasswordForm({ onDone }: { onDone: () => void }) {
  const [isLeaving, setLeaving] = useState(false);
  const signIn = useMutation(
    trpc.auth.signIn.mutationOptions({
      onSuccess: () => {
        setLeaving(true);
        onDone();
      },
    }),
  );
  const [needsCode, setNeedsCode] = useState(false);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: {
      email: (value) => (value.trim() ? null : 'Give your email address.'),
      password: (value) => (value ? null : 'Give your password.'),
    },
  });
  const send = (code?: string) => {
    const { email, password } = form.getValues();
    const onError = (error: unknown) => {
      if (isCodeNeeded(error)) setNeedsCode(true);
    };
    signIn.mutate({ email: email.trim(), password, code }, { onError });
  };
  const submit = useSubmit(form, () => send());
  const back = () => {
    setNeedsCode(false);
    signIn.reset();
  };
  if (needsCode)
    return (
      <CodeStep
        onSend={send}
        onBack={back}
        isPending={signIn.isPending || isLeaving}
        error={signIn.variables?.code === undefined ? null : signIn.error}
        sendLabel="Sign in"
      />
    );
  return (
    <form {...submit}>
      <Stack gap="sm">
        {signIn.error && <ErrorNotice error={signIn.error} />}
        <TextInput label="Email" type="email" autoComplete="username" key={form.key('email')} {...form.getInputProps('email')} />
        <PasswordField label="Password" autoComplete="current-password" key={form.key('password')} {...form.getInputProps('password')} />
        <Button type="submit" fullWidth mt="xs" loading={signIn.isPending || isLeaving}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}

/** Goes where the person was heading, as somebody new: what an earlier session had read is dropped. */
function useEnter(): () => void {
  const { next } = route.useSearch();
  const router = useRouter();
  return () => {
    queryClient.clear();
    router.history.replace(ownPath(next));
  };
}
