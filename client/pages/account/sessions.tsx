import { Button, Skeleton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { LogOut } from 'lucide-react';
import { Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { RelativeTime } from '#client/components/relative-time.tsx';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { SessionView } from '#shared/console.ts';

const WAYS: Record<NonNullable<SessionView['way']>, string> = {
  password: 'with the password',
  link: 'with a one-time link',
  'set-up': 'at the set-up',
  invite: 'with an invite',
  oidc: 'by single sign-on',
};

/** Where the person is signed in, with a way to end each. */
export function Sessions() {
  const sessions = useQuery(trpc.sessions.list.queryOptions());
  const client = useQueryClient();
  const endOthers = useMutation(
    trpc.sessions.endOthers.mutationOptions({
      onSuccess: async () => {
        notifications.show({ color: 'green', title: 'Signed out elsewhere', message: 'This is your only session now.' });
        await client.invalidateQueries(trpc.sessions.list.queryFilter());
      },
      onError: (error) => notifications.show({ color: 'red', title: 'The sessions go on', message: readProblem(error).detail }),
    }),
  );
  return (
    <Panel
      title="Where you are signed in"
      flush
      aside={
        (sessions.data?.length ?? 0) > 1 && (
          <Button size="xs" variant="default" onClick={() => endOthers.mutate()} loading={endOthers.isPending}>
            Sign out elsewhere
          </Button>
        )
      }
    >
      <QueryPane query={sessions} skeleton={<Skeleton h={90} />}>
        {(list) => (
          <ul className="entries">
            {list.map((session) => (
              <SessionRow key={session.id} session={session} />
            ))}
          </ul>
        )}
      </QueryPane>
    </Panel>
  );
}

function SessionRow({ session }: { session: SessionView }) {
  const client = useQueryClient();
  const end = useMutation(
    trpc.sessions.end.mutationOptions({
      onSuccess: async () => await client.invalidateQueries(trpc.sessions.list.queryFilter()),
      onError: (error) => notifications.show({ color: 'red', title: 'The session goes on', message: readProblem(error).detail }),
    }),
  );
  const place = session.address ?? 'an unknown address';
  return (
    <li className="entry-row">
      <div className="entry-text">
        <span className="entry-name">
          {place}
          {session.isCurrent && <span className="row-note"> (this session)</span>}
        </span>
        <span className="row-note">
          {session.workspace} · signed in{session.way && ` ${WAYS[session.way]}`} <RelativeTime at={session.createdAt} /> · ends{' '}
          <RelativeTime at={session.expiresAt} />
        </span>
      </div>
      {!session.isCurrent && (
        <Button
          size="xs"
          variant="default"
          leftSection={<LogOut size={13} aria-hidden />}
          aria-label={`End the session from ${place}`}
          onClick={() => end.mutate({ id: session.id })}
          loading={end.isPending}
        >
          End
        </Button>
      )}
    </li>
  );
}
