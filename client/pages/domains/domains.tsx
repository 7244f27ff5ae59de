import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Globe } from 'lucide-react';
import { EmptyState } from '#client/components/empty-state.tsx';
import { Page, Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { trpc } from '#client/trpc.ts';
import { AddDomain } from './add-domain.tsx';
import { CheckUrl } from './check-url.tsx';
import { DomainList } from './domain-list.tsx';
import { EgressChoice } from './egress-choice.tsx';

/** The hosts that captures may go to. What is not listed is refused. */
export function DomainsPage() {
  const domains = useQuery(trpc.domains.list.queryOptions());
  return (
    <Page
      title="Allowed domains"
      description="Captures go to these hosts only: a page that redirects elsewhere is stopped, and session data is sent nowhere else."
    >
      <div className="domain-grid">
        <div className="stack">
          <Panel title="Add a domain">
            <AddDomain />
          </Panel>
          <QueryPane query={domains} skeleton={<Skeleton h={180} />}>
            {(list) =>
              list.length === 0 ? (
                <EmptyState icon={Globe} title="Nothing is allowed yet">
                  Every request is refused until its host stands here: a leaked key cannot send sessions to a stranger's site. Start with
                  the host of your app, such as <span className="mono">app.example.com</span>.
                </EmptyState>
              ) : (
                <DomainList domains={list} />
              )
            }
          </QueryPane>
        </div>
        <div className="stack">
          <Panel title="Would this URL be allowed?">
            <CheckUrl />
          </Panel>
          <EgressChoice />
        </div>
      </div>
    </Page>
  );
}
