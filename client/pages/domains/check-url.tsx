import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { CircleCheck, CircleX } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { ErrorNotice } from '#client/components/error-notice.tsx';
import { trpcClient } from '#client/trpc.ts';

/** Asks the server whether it would accept a URL, with the reason. */
export function CheckUrl() {
  const [url, setUrl] = useState('');
  const check = useMutation({ mutationFn: (target: string) => trpcClient.domains.check.query({ url: withoutQuery(target) }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (url.trim() !== '') check.mutate(url.trim());
  };
  return (
    <>
      <form className="one-line" onSubmit={submit} noValidate>
        <TextInput
          label="URL"
          placeholder="https://app.example.com/reports/42"
          type="url"
          spellCheck={false}
          autoComplete="off"
          value={url}
          onChange={(event) => {
            setUrl(event.currentTarget.value);
            check.reset();
          }}
        />
        <Button type="submit" variant="default" loading={check.isPending}>
          Check
        </Button>
      </form>
      <div role="status" className="check-result">
        {check.data && (
          <p className={check.data.allowed ? 'verdict verdict-yes' : 'verdict verdict-no'}>
            {check.data.allowed ? <CircleCheck size={17} aria-hidden /> : <CircleX size={17} aria-hidden />}
            <span>
              <strong>{check.data.allowed ? 'Allowed.' : 'Refused.'}</strong> {check.data.reason}
            </span>
          </p>
        )}
      </div>
      {check.error && <ErrorNotice error={check.error} />}
    </>
  );
}

// The answer depends on scheme, host and port. A query may hold a secret, and addresses of requests end up in logs.
function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, '');
}
