import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CircleX, RotateCw } from 'lucide-react';
import { CopyButton } from '#client/components/copy-button.tsx';
import { Facts } from '#client/components/facts.tsx';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { DomainView } from '#shared/console.ts';

/** The record that an entry waits for, to copy, and a button that has the server look for it. */
export function DomainProof({ domain, proof }: { domain: DomainView; proof: NonNullable<DomainView['proof']> }) {
  const client = useQueryClient();
  const prove = useMutation(
    trpc.domains.prove.mutationOptions({
      onSuccess: async (proved) => {
        notifications.show({ color: 'green', title: 'Domain allowed', message: `Captures of ${proved.domain} are accepted from now on.` });
        await client.invalidateQueries(trpc.domains.list.queryFilter());
      },
      // Somebody else may have removed it, or let it hold.
      onError: () => client.invalidateQueries(trpc.domains.list.queryFilter()),
    }),
  );
  return (
    <div className="proof">
      <p className="row-note">
        Nothing of it is captured until its owner has said yes: create this TXT record where the names of the host are kept, then check.
      </p>
      <Facts
        facts={[
          { term: 'Name', value: <Copyable text={proof.recordName} what={`name of the record for ${domain.domain}`} /> },
          { term: 'Value', value: <Copyable text={proof.recordValue} what={`value of the record for ${domain.domain}`} /> },
        ]}
      />
      {prove.error && (
        <p role="alert" className="verdict verdict-no">
          <CircleX size={17} aria-hidden />
          <span>{readProblem(prove.error).detail}</span>
        </p>
      )}
      <Button
        size="xs"
        leftSection={<RotateCw size={13} aria-hidden />}
        aria-label={`Check now whether ${domain.domain} is proved`}
        loading={prove.isPending}
        onClick={() => prove.mutate({ id: domain.id })}
      >
        Check now
      </Button>
    </div>
  );
}

function Copyable({ text, what }: { text: string; what: string }) {
  return (
    <span className="copyable">
      <span className="mono break">{text}</span>
      <CopyButton value={text} what={what} />
    </span>
  );
}
