import { Button, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { readProblem } from '../problem.ts';
import { CodeField, codeFault } from './code-field.tsx';
import { ErrorNotice } from './error-notice.tsx';
import { useSubmit } from './use-submit.ts';

type CodeStepProps = { onSend: (code: string) => void; onBack: () => void; isPending: boolean; error: unknown; sendLabel: string };

/** The step after the password: a code of the authenticator app, or a recovery code. */
export function CodeStep({ onSend, onBack, isPending, error, sendLabel }: CodeStepProps) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { code: '' }, validate: { code: codeFault } });
  const submit = useSubmit(form, ({ code }) => onSend(code.trim()));
  return (
    <form {...submit}>
      <Stack gap="sm">
        {error !== null && error !== undefined && <ErrorNotice error={error} />}
        <CodeField label="Code of your authenticator app" data-autofocus autoFocus key={form.key('code')} {...form.getInputProps('code')} />
        <Text size="xs" c="dimmed">
          No phone at hand? Give one of your recovery codes instead: each works once.
        </Text>
        <Button type="submit" fullWidth mt="xs" loading={isPending}>
          {sendLabel}
        </Button>
        <Button variant="subtle" color="gray" className="quiet-button" fullWidth onClick={onBack}>
          Back to the password
        </Button>
      </Stack>
    </form>
  );
}

/** Whether a refusal asks for a code: the password was right. */
export function isCodeNeeded(error: unknown): boolean {
  return readProblem(error).code === 'second_factor_needed';
}
