import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Hourglass, Lock, Puzzle, Trash2, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { ConfirmDialog } from '#client/components/dialogs.tsx';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { count } from '#client/format.ts';
import { trpc } from '#client/trpc.ts';
import type { DomainView } from '#shared/console.ts';
import { DomainProof } from './domain-proof.tsx';

/** The entries of the list, each with what it covers. */
export function DomainList({ domains }: { domains: readonly DomainView[] }) {
  const [removing, setRemoving] = useState<DomainView | null>(null);
  return (
    <section className="panel" aria-label="Allowed domains">
      <div className="panel-header">
        <h2>{count(domains.length, 'entry', 'entries')}</h2>
      </div>
      <ul className="entries">
        {domains.map((domain) => (
          <li key={domain.id} className="entry-row">
            <div className="entry-text">
              <span className="mono entry-name">{domain.domain}</span>
              <span className="row-note">
                {domain.host.startsWith('*.') ? 'every host below' : 'this host alone'} · added <RelativeTime at={domain.createdAt} />
              </span>
            </div>
            {domain.use === 'parts' && (
              <span className="tag" title="Pages may load frames, scripts, pictures and data from it; it is never opened as a page.">
                <Puzzle size={12} aria-hidden /> parts only
              </span>
            )}
            {domain.isPrivate && (
              <span className="tag" title="An operator allowed this name to resolve to a private address.">
                <Lock size={12} aria-hidden /> private
              </span>
            )}
            {domain.proof && (
              <span className="status status-waiting">
                <Hourglass size={13} aria-hidden /> waits for its proof
              </span>
            )}
            <Button
              size="xs"
              variant="default"
              leftSection={<Trash2 size={13} aria-hidden />}
              aria-label={`Remove ${domain.domain}`}
              onClick={() => setRemoving(domain)}
            >
              Remove
            </Button>
            {domain.warning && (
              <p className="note-line entry-warning">
                <TriangleAlert size={16} aria-hidden />
                <span>{domain.warning}</span>
              </p>
            )}
            {domain.proof && <DomainProof domain={domain} proof={domain.proof} />}
          </li>
        ))}
      </ul>
      {removing && <RemoveDialog domain={removing} onClose={() => setRemoving(null)} />}
    </section>
  );
}

function RemoveDialog({ domain, onClose }: { domain: DomainView; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation(
    trpc.domains.remove.mutationOptions({
      onSuccess: async () => {
        await client.invalidateQueries(trpc.domains.list.queryFilter());
        onClose();
        notifications.show({ color: 'green', title: 'Domain removed', message: removedMeaning(domain) });
      },
    }),
  );
  return (
    <ConfirmDialog
      title={`Remove ${domain.domain}?`}
      opened
      onClose={onClose}
      confirmLabel="Remove the domain"
      onConfirm={() => remove.mutate({ id: domain.id })}
      isPending={remove.isPending}
      error={remove.error}
    >
      <p>{removedMeaning(domain)} Captures made before stay.</p>
    </ConfirmDialog>
  );
}

function removedMeaning({ domain, use, proof }: DomainView): string {
  if (use === 'pages' && proof) return `${domain} was not allowed yet; added again, it waits for a record with another value.`;
  return use === 'pages'
    ? `New captures of ${domain} are refused from now on.`
    : `In strict mode pages load nothing from ${domain} any more.`;
}
