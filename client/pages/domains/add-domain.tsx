import { Button, Checkbox, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, useRef, useState } from 'react';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { DomainView } from '#shared/console.ts';
import { useDomainRule } from './use-domain-rule.ts';

/** Adds a host or wildcard. The rule of the server is applied while typing; its own refusal is shown in the same place. */
export function AddDomain() {
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [isJudged, setJudged] = useState(false);
  const [isForParts, setForParts] = useState(false);
  const parsed = useDomainRule()?.(text);
  const add = useMutation(
    trpc.domains.add.mutationOptions({
      onSuccess: async (domain) => {
        setText('');
        setJudged(false);
        setForParts(false);
        notifications.show(addedWords(domain));
        await client.invalidateQueries(trpc.domains.list.queryFilter());
      },
      onError: () => input.current?.focus(),
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setJudged(true);
    if (text.trim() !== '' && parsed?.ok !== false) add.mutate({ domain: text.trim(), use: isForParts ? 'parts' : 'pages' });
    else input.current?.focus();
  };
  const ownFault = isJudged && parsed?.ok === false ? parsed.message : null;
  return (
    <form className="one-line" onSubmit={submit} noValidate>
      <TextInput
        ref={input}
        label="Host"
        description={parsed?.ok ? meaning(parsed.domain) : 'A host, or *. and a host for everything below it.'}
        placeholder="app.example.com"
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        value={text}
        error={ownFault ?? (add.error ? readProblem(add.error).detail : null)}
        onChange={(event) => {
          setText(event.currentTarget.value);
          add.reset();
        }}
        onBlur={() => setJudged(text !== '')}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
      />
      <Button type="submit" leftSection={<Plus size={16} aria-hidden />} loading={add.isPending}>
        Add
      </Button>
      <Checkbox
        label="Only for parts of pages"
        description="Frames, scripts, pictures and data of other hosts. It counts in strict mode; captures never open it as a page."
        checked={isForParts}
        onChange={(event) => setForParts(event.currentTarget.checked)}
      />
    </form>
  );
}

function addedWords({ domain, use, proof, warning }: DomainView) {
  if (warning) return { color: 'yellow', title: 'Is this the host you mean?', message: warning };
  if (proof)
    return { color: 'yellow', title: 'Domain added', message: `${domain} waits for its proof: create the record that is shown with it.` };
  const message = use === 'pages' ? `Captures of ${domain} are accepted from now on.` : `In strict mode pages may load from ${domain}.`;
  return { color: 'green', title: 'Domain allowed', message };
}

function meaning({ host, port }: { host: string; port: number | null }): string {
  const where = port === null ? '' : ` on port ${port}`;
  return host.startsWith('*.')
    ? `Allows every host below ${host.slice(2)}${where}, at any depth, but not ${host.slice(2)} itself.`
    : `Allows ${host}${where} alone, not the hosts below it.`;
}
