import { Button, Group, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CodeBlock } from '#client/components/code-block.tsx';
import { CodeField, codeFault } from '#client/components/code-field.tsx';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { PasswordField } from '#client/components/password-field.tsx';
import { QrCode } from '#client/components/qr-code.tsx';
import { useRefusal, useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';
import type { TotpSecret } from '#shared/console.ts';

type EnrolProps = { onClose: () => void; onDone: (recoveryCodes: readonly string[]) => void };

/** Sets an authenticator app up: the password, then its secret, then a first code by which it counts. */
export function EnrolDialog({ onClose, onDone }: EnrolProps) {
  const enrol = useMutation(trpc.totp.enrol.mutationOptions());
  return (
    <Dialog title="Set up an authenticator app" opened onClose={onClose}>
      {enrol.data ? (
        <FirstCode secret={enrol.data} onClose={onClose} onDone={onDone} />
      ) : (
        <PasswordStep
          onSend={(password) => enrol.mutate({ password })}
          onClose={onClose}
          isPending={enrol.isPending}
          error={enrol.error ?? undefined}
        />
      )}
    </Dialog>
  );
}

type PasswordStepProps = { onSend: (password: string) => void; onClose: () => void; isPending: boolean; error: unknown };

function PasswordStep({ onSend, onClose, isPending, error }: PasswordStepProps) {
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '' },
    validate: { password: (password) => (password ? null : 'Give your password.') },
  });
  const submit = useSubmit(form, ({ password }) => onSend(password));
  const notice = useRefusal(form, submit, error ?? null);
  return (
    <form {...submit}>
      <Stack gap="md">
        {notice !== null && <ErrorNotice error={notice} />}
        <PasswordField
          label="Your password"
          description="So that nobody sets this up at a console that you left open."
          autoComplete="current-password"
          data-autofocus
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isPending}>
            Continue
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function FirstCode({ secret, onClose, onDone }: EnrolProps & { secret: TotpSecret }) {
  const client = useQueryClient();
  const confirm = useMutation(
    trpc.totp.confirm.mutationOptions({
      onSuccess: async ({ recoveryCodes }) => {
        onDone(recoveryCodes);
        await Promise.all([
          client.invalidateQueries(trpc.totp.read.queryFilter()),
          client.invalidateQueries(trpc.sessions.list.queryFilter()),
        ]);
      },
    }),
  );
  const form = useForm({ mode: 'uncontrolled', initialValues: { code: '' }, validate: { code: codeFault } });
  const submit = useSubmit(form, ({ code }) => confirm.mutate({ code: code.trim() }));
  return (
    <form {...submit}>
      <Stack gap="md">
        <Text size="sm">
          Scan this with an app such as the one of your password manager, or type the secret into it. Then give the code that it shows: only
          with that is the app on.
        </Text>
        <QrCode value={secret.uri} label="QR code with the secret for the app" />
        <CodeBlock code={secret.secret} what="secret for the app" copyLabel="Copy secret" />
        {confirm.error && <ErrorNotice error={confirm.error} />}
        <CodeField
          label="Code that the app shows"
          inputMode="numeric"
          data-autofocus
          key={form.key('code')}
          {...form.getInputProps('code')}
        />
        <Text size="xs" c="dimmed">
          Your other sessions end when the app is on.
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={confirm.isPending}>
            Turn it on
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
