import { Alert, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Info } from 'lucide-react';
import { Facts } from '#client/components/facts.tsx';
import { Page, Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { trpc, whoAmI } from '#client/trpc.ts';
import { PasswordForm } from './password-form.tsx';
import { SecondFactor } from './second-factor.tsx';
import { Sessions } from './sessions.tsx';

/** The person who is signed in, what they sign in with, and where they are signed in. */
export function AccountPage() {
  const me = useQuery(whoAmI);
  const totp = useQuery(trpc.totp.read.queryOptions());
  return (
    <Page title="Account" description="Who you are in this workspace, and how you sign in.">
      <QueryPane query={me} skeleton={<Skeleton h={320} />}>
        {({ user, workspace, role, session }) => (
          <div className="account-grid">
            <Panel title="You">
              <Facts
                facts={[
                  { term: 'Name', value: user.name },
                  { term: 'Email', value: user.email ?? 'none yet' },
                  { term: 'Role', value: role },
                  { term: 'Workspace', value: workspace.name },
                  { term: 'Workspace id', value: <span className="mono break">{workspace.id}</span> },
                ]}
              />
            </Panel>
            <Panel title={user.hasPassword ? 'Change the password' : 'Set a password'}>
              {!user.hasPassword && (
                <Alert variant="default" icon={<Info size={16} aria-hidden />}>
                  <Text size="sm">
                    {session.way === 'oidc'
                      ? 'You sign in by single sign-on. With a password you can sign in without it.'
                      : 'You signed in with a one-time link. With a password you can sign in without going back to the terminal.'}
                  </Text>
                </Alert>
              )}
              <PasswordForm
                email={user.email ?? ''}
                hasPassword={user.hasPassword}
                session={session}
                needsCode={totp.data?.isOn ?? false}
                key={user.email}
              />
            </Panel>
            <SecondFactor />
            <Sessions />
          </div>
        )}
      </QueryPane>
    </Page>
  );
}
