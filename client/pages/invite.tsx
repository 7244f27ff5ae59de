import { Anchor, Button, Loader, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { InvitePreview } from '#shared/console.ts';
import { CodeStep, isCodeNeeded } from '../components/code-step.tsx';
import { Entry } from '../components/entry.tsx';
import { ErrorNotice } from '../components/error-notice.tsx';
import { PasswordField } from '../components/password-field.tsx';
import { nameFault, PASSWORD_HINT, passwordFault } from '../components/password-rule.ts';
import { SingleSignOn } from '../components/single-sign-on.tsx';
import { useRefusal, useSubmit } from '../components/use-submit.ts';
import { takeLinkToken } from '../link-token.ts';
import { queryClient, trpc } from '../trpc.ts';

/** Where an invite leads: says into what, and takes a new password or the one of the account that is there already. */
export function InvitePage() {
  const [token, setToken] = useState<string | null>(null);
  const preview = useMutation(trpc.invites.preview.mutationOptions());
  const { mutate: look } = preview;
  useEffect(() => {
    const take = () => {
      const found = takeLinkToken('/invite');
      if (!found) return;
      setToken(found);
      look({ token: found });
    };
    take();
    // A link pasted into a tab that stands here already changes the fragment only: the page is not loaded anew.
    window.addEventListener('hashchange', take);
    return () => window.removeEventListener('hashchange', take);
  }, [look]);

  if (token && preview.data)
    return (
      <Entry title={`Join ${preview.data.workspace}`} note={`as ${preview.data.role}, with ${preview.data.email}.`}>
        <SingleSignOn otherwise="or with a password" />
        <AcceptForm token={token} preview={preview.data} />
      </Entry>
    );
  return (
    <Entry title="Invite" note="into a workspace of this SessionShot instance.">
      {preview.isPending && <Loader size="sm" aria-label="Reading the invite" />}
      {preview.error && <ErrorNotice error={preview.error} />}
      {!token && (
        <Text size="sm">Open the link that you were sent once more: its secret part was removed from the address of this tab.</Text>
      )}
      <Anchor size="xs" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
        Sign in instead
      </Anchor>
    </Entry>
  );
}

function AcceptForm({ token, preview }: { token: string; preview: InvitePreview }) {
  const router = useRouter();
  const accept = useMutation(
    trpc.invites.accept.mutationOptions({
      onSuccess: () => {
        queryClient.clear();
        void router.navigate({ to: '/', replace: true });
      },
    }),
  );
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', password: '' },
    validate: {
      name: (name) => (preview.hasAccount ? null : nameFault(name)),
      password: (password) => (preview.hasAccount ? (password ? null : 'Give your password.') : passwordFault(password)),
    },
  });
  const [needsCode, setNeedsCode] = useState(false);
  const send = (code?: string) => {
    const { name, password } = form.getValues();
    const onError = (error: unknown) => {
      if (isCodeNeeded(error)) setNeedsCode(true);
    };
    accept.mutate({ token, password, code, ...(preview.hasAccount ? {} : { name: name.trim() }) }, { onError });
  };
  const submit = useSubmit(form, () => send());
  const notice = useRefusal(form, submit, accept.error);
  const back = () => {
    setNeedsCode(false);
    accept.reset();
  };
  if (needsCode)
    return (
      <CodeStep
        onSend={send}
        onBack={back}
        isPending={accept.isPending || accept.isSuccess}
        error={accept.variables?.code === undefined ? null : accept.error}
        sendLabel="Join"
      />
    );
  return (
    <form {...submit}>
      <Stack gap="sm">
        {notice !== null && <ErrorNotice error={notice} />}
        {!preview.hasAccount && <TextInput label="Your name" autoComplete="name" key={form.key('name')} {...form.getInputProps('name')} />}
        <input type="hidden" autoComplete="username" value={preview.email} readOnly />
        <PasswordField
          label={preview.hasAccount ? 'Password of your account' : 'Password'}
          description={preview.hasAccount ? undefined : PASSWORD_HINT}
          autoComplete={preview.hasAccount ? 'current-password' : 'new-password'}
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <Button type="submit" fullWidth mt="xs" loading={accept.isPending || accept.isSuccess}>
          Join
        </Button>
      </Stack>
    </form>
  );
}
