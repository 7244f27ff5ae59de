import { Button, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { Page } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { trpc, whoAmI } from '#client/trpc.ts';
import { InviteDialog, InviteLink, type NewInvite } from './invite-dialog.tsx';
import { MemberList } from './member-list.tsx';
import { OpenInvites } from './open-invites.tsx';

/** The people of the workspace, what each may do, and the invites that are still open. */
export function MembersPage() {
  const me = useQuery(whoAmI);
  const members = useQuery(trpc.members.list.queryOptions());
  const invites = useQuery(trpc.invites.list.queryOptions());
  const [isInviting, invite] = useDisclosure(false);
  const [made, setMade] = useState<NewInvite | null>(null);
  return (
    <Page
      title="Members"
      description="Who sees and does what in this workspace. A new role holds at once."
      actions={
        <Button leftSection={<UserPlus size={16} aria-hidden />} onClick={invite.open}>
          Invite somebody
        </Button>
      }
    >
      <div className="stack">
        <QueryPane query={members} skeleton={<Skeleton h={180} />}>
          {(list) => <MemberList members={list} ownRole={me.data?.role} />}
        </QueryPane>
        <QueryPane query={invites} skeleton={<Skeleton h={60} />}>
          {(list) => (list.length === 0 ? null : <OpenInvites invites={list} />)}
        </QueryPane>
      </div>
      <InviteDialog opened={isInviting} ownRole={me.data?.role} onClose={invite.close} onMade={setMade} />
      {made && <InviteLink made={made} onClose={() => setMade(null)} />}
    </Page>
  );
}
