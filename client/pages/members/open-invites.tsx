import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { Panel } from '#client/components/page.tsx';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { InviteView } from '#shared/console.ts';
import { ROLE_WORDS } from './role-words.ts';

/** Invites that nobody has accepted yet. Their links are not shown again: a new invite makes a new one. */
export function OpenInvites({ invites }: { invites: readonly InviteView[] }) {
  const client = useQueryClient();
  const revoke = useMutation(
    trpc.invites.revoke.mutationOptions({
      onSuccess: () => notifications.show({ color: 'green', title: 'Invite taken back', message: 'Its link leads nowhere any more.' }),
      onError: (error) => notifications.show({ color: 'red', title: 'The invite still holds', message: readProblem(error).detail }),
      onSettled: () => client.invalidateQueries(trpc.invites.list.queryFilter()),
    }),
  );
  return (
    <Panel title="Open invites" flush>
      <ul className="entries">
        {invites.map((invite) => (
          <li key={invite.id} className="entry-row">
            <div className="entry-text">
              <span className="entry-name break">{invite.email}</span>
              <span className="row-note">
                as {ROLE_WORDS[invite.role].label.toLowerCase()} · ends <RelativeTime at={invite.expiresAt} />
              </span>
            </div>
            <Button
              size="xs"
              variant="default"
              leftSection={<Trash2 size={13} aria-hidden />}
              aria-label={`Take back the invite of ${invite.email}`}
              loading={revoke.isPending && revoke.variables.id === invite.id}
              onClick={() => revoke.mutate({ id: invite.id })}
            >
              Take back
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
