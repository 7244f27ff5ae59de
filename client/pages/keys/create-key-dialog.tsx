import { Button, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Dialog } from '#client/components/dialogs.tsx';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { nameFault } from '#client/components/password-rule.ts';
import { useSubmit } from '#client/components/use-submit.ts';
import { trpc } from '#client/trpc.ts';
import { LIMITS } from '#shared/limits.ts';
import { DEFAULT_SCOPES, SCOPES, type Scope } from '#shared/scopes.ts';
import { SCOPE_WORDS } from './key-state.ts';
import type { NewSecret } from './secret-once.tsx';

const DAY_MS = 86_400_000;
const LIVES = [
  { value: String(30 * DAY_MS), label: '30 days' },
  { value: String(90 * DAY_MS), label: '90 days' },
  { value: String(365 * DAY_MS), label: 'a year' },
  { value: 'never', label: 'no end' },
];

type DialogProps = { opened: boolean; onClose: () => void; onCreated: (secret: NewSecret) => void };

/** Asks what a new key is for and what it may do. */
export function CreateKeyDialog({ opened, onClose, onCreated }: DialogProps) {
  return (
    <Dialog title="Create an API key" opened={opened} onClose={onClose} size="lg">
      <CreateKeyForm onClose={onClose} onCreated={onCreated} />
    </Dialog>
  );
}

function CreateKeyForm({ onClose, onCreated }: Omit<DialogProps, 'opened'>) {
  const client = useQueryClient();
  const create = useMutation(
    trpc.keys.create.mutationOptions({
      onSuccess: ({ apiKey, key }) => {
        onClose();
        onCreated({ key, name: apiKey.name, replaces: null });
        void client.invalidateQueries(trpc.keys.list.queryFilter());
      },
    }),
  );
  const form = useForm({
    initialValues: { name: '', scopes: [...DEFAULT_SCOPES], domains: [] as string[], life: String(90 * DAY_MS), atOnce: '' },
    validate: {
      name: nameFault,
      scopes: (scopes) => (scopes.length > 0 ? null : 'Choose at least one thing the key may do.'),
      atOnce: atOnceFault,
    },
  });
  const submit = useSubmit(form, ({ name, scopes, domains, life, atOnce }) =>
    create.mutate({
      name: name.trim(),
      scopes,
      ...(domains.length > 0 ? { domains } : {}),
      maxConcurrentCaptures: atOnce.trim() === '' ? null : Number(atOnce),
      expiresInMs: life === 'never' ? null : Number(life),
    }),
  );
  return (
    <form {...submit}>
      <Stack gap="md">
        {create.error && <ErrorNotice error={create.error} />}
        <TextInput
          label="Name"
          description="The program that will use it, such as billing-reports."
          data-autofocus
          {...form.getInputProps('name')}
        />
        <Checkbox.Group
          label="The key may"
          data-invalid-group={form.errors.scopes ? true : undefined}
          {...form.getInputProps('scopes')}
          onChange={(values) =>
            form.setFieldValue(
              'scopes',
              SCOPES.filter((scope): scope is Scope => values.includes(scope)),
            )
          }
        >
          <div className="checks">
            {SCOPES.map((scope) => (
              <Checkbox key={scope} value={scope} label={SCOPE_WORDS[scope].label} description={SCOPE_WORDS[scope].note} />
            ))}
          </div>
        </Checkbox.Group>
        <DomainChoice value={form.values.domains} onChange={(domains) => form.setFieldValue('domains', domains)} />
        <NativeSelect
          label="Works for"
          description="A key that ends by itself cannot be forgotten."
          data={LIVES}
          {...form.getInputProps('life')}
        />
        <TextInput
          label="Captures at once"
          description="How many may be unfinished at the same time. Empty: no bound of its own."
          inputMode="numeric"
          {...form.getInputProps('atOnce')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function atOnceFault(text: string): string | null {
  if (text.trim() === '') return null;
  const isFine = /^\d{1,6}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= LIMITS.keyConcurrencyMax;
  return isFine ? null : `Give a whole number from 1 to ${LIMITS.keyConcurrencyMax}, or nothing.`;
}

function DomainChoice({ value, onChange }: { value: string[]; onChange: (domains: string[]) => void }) {
  const domains = useQuery(trpc.domains.list.queryOptions());
  const pages = domains.data?.filter(({ use }) => use === 'pages') ?? [];
  if (pages.length === 0) return null;
  return (
    <Checkbox.Group
      label="Only for these domains"
      description="None chosen: all allowed domains, later ones included."
      value={value}
      onChange={onChange}
    >
      <div className="checks checks-two">
        {pages.map((domain) => (
          <Checkbox key={domain.id} value={domain.domain} label={<span className="mono">{domain.domain}</span>} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
