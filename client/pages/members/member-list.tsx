import { Button, NativeSelect } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { LogOut, UserMinus } from 'lucide-react';
import { useState } from 'react';
import { ConfirmDialog } from '#client/components/dialogs.tsx';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { count } from '#client/format.ts';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { MemberView } from '#shared/console.ts';
import { ROLE_WORDS, type Role, rolesToGive } from './role-words.ts';

type ListProps = { members: readonly MemberView[]; ownRole: Role | undefined };

/** The members with their roles, which can be changed in place. */
export function MemberList({ members, ownRole }: ListProps) {
  const [removing, setRemoving] = useState<MemberView | null>(null);
  return (
    <section className="panel" aria-label="Members">
      <div className="panel-header">
        <h2>{count(members.length, 'member', 'members')}</h2>
      </div>
      <ul className="entries">
        {members.map((member) => (
          <li key={member.userId} className="entry-row">
            <div className="entry-text">
              <span className="entry-name">
                {member.name}
                {member.isYou && <span className="row-note"> (you)</span>}
              </span>
              <span className="row-note break">
                {member.email ?? 'no email address yet'} · joined <RelativeTime at={member.joinedAt} />
              </span>
            </div>
            <RoleSelect member={member} ownRole={ownRole} />
            <Button
              size="xs"
              variant="default"
              leftSection={member.isYou ? <LogOut size={13} aria-hidden /> : <UserMinus size={13} aria-hidden />}
              aria-label={member.isYou ? 'Leave the workspace' : `Remove ${member.name}`}
              onClick={() => setRemoving(member)}
            >
              {member.isYou ? 'Leave' : 'Remove'}
            </Button>
          </li>
        ))}
      </ul>
      {removing && <RemoveDialog member={removing} onClose={() => setRemoving(null)} />}
    </section>
  );
}

function RoleSelect({ member, ownRole }: { member: MemberView; ownRole: Role | undefined }) {
  const client = useQueryClient();
  const change = useMutation(
    trpc.members.changeRole.mutationOptions({
      onSuccess: async (changed) => {
        notifications.show({
          color: 'green',
          title: `${changed.name} is ${ROLE_WORDS[changed.role].label.toLowerCase()} now`,
          message: ROLE_WORDS[changed.role].note,
        });
        await client.invalidateQueries(trpc.members.list.queryFilter());
        if (changed.isYou) await client.invalidateQueries(trpc.auth.me.queryFilter());
      },
      onError: (error) => notifications.show({ color: 'red', title: 'The role was not changed', message: readProblem(error).detail }),
    }),
  );
  const roles = rolesToGive(ownRole);
  // A role that this person may not take away is shown and stays.
  const isFixed = !roles.includes(member.role);
  return (
    <NativeSelect
      size="xs"
      aria-label={`Role of ${member.name}`}
      value={member.role}
      disabled={isFixed || change.isPending}
      data={(isFixed ? [...roles, member.role] : roles).map((role) => ({ value: role, label: ROLE_WORDS[role].label }))}
      onChange={(event) => {
        const role = roles.find((one) => one === event.currentTarget.value);
        if (role) change.mutate({ userId: member.userId, role });
      }}
    />
  );
}

function RemoveDialog({ member, onClose }: { member: MemberView; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation(
    trpc.members.remove.mutationOptions({
      onSuccess: async () => {
        await client.invalidateQueries(trpc.members.list.queryFilter());
        onClose();
        notifications.show({ color: 'green', title: 'Member removed', message: `${member.name} is signed out of this workspace.` });
      },
    }),
  );
  // Signed out by it: the console begins anew.
  const leave = useMutation(trpc.members.leave.mutationOptions({ onSuccess: () => location.assign('/sign-in') }));
  const isPending = remove.isPending || leave.isPending || leave.isSuccess;
  return (
    <ConfirmDialog
      title={member.isYou ? 'Leave the workspace?' : `Remove ${member.name}?`}
      opened
      onClose={onClose}
      confirmLabel={member.isYou ? 'Leave the workspace' : 'Remove the member'}
      onConfirm={() => (member.isYou ? leave.mutate() : remove.mutate({ userId: member.userId }))}
      isPending={isPending}
      error={remove.error ?? leave.error}
    >
      <p>
        {member.isYou ? 'You are signed out and see' : 'They are signed out at once and see'} nothing of this workspace any more. Captures
        and API keys stay: revoke the keys that {member.isYou ? 'you hold' : 'they hold'} too, if they should end.
      </p>
    </ConfirmDialog>
  );
}
