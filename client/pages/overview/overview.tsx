import { Anchor, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CaptureTable, CaptureTableSkeleton } from '#client/components/capture-table.tsx';
import { CodeBlock } from '#client/components/code-block.tsx';
import { curlExample, exampleDomain } from '#client/components/curl-example.ts';
import { FirstCapture } from '#client/components/first-capture.tsx';
import { Page, Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { useLiveCaptures } from '#client/components/use-live-captures.ts';
import { NewNetworks } from '#client/pages/keys/new-networks.tsx';
import { FailingWebhooksAlarm } from '#client/pages/webhooks/failing-webhooks.tsx';
import { trpc, whoAmI } from '#client/trpc.ts';
import { Health } from './health.tsx';
import { PasswordHint } from './password-hint.tsx';

const LATEST = 8;
const KEYS_EVERY_MS = 60_000;

/** The first page: how to make a capture while there is none, then the latest ones and the state of the instance. */
export function OverviewPage() {
  const me = useQuery(whoAmI);
  const isAdmin = me.data?.role === 'owner' || me.data?.role === 'admin';
  const keys = useQuery(trpc.keys.list.queryOptions(undefined, { enabled: isAdmin, refetchInterval: KEYS_EVERY_MS }));
  const { query, steps } = useLiveCaptures({ limit: LATEST });
  const health = useQuery(trpc.system.health.queryOptions(undefined, { refetchInterval: 15_000 }));
  return (
    <Page title="Overview" description={me.data && `The latest captures of ${me.data.workspace.name}, and the state of this instance.`}>
      {isAdmin && keys.data && <NewNetworks keys={keys.data} />}
      {me.data && me.data.role !== 'viewer' && <FailingWebhooksAlarm />}
      {me.data && !me.data.user.hasPassword && me.data.session.way !== 'oidc' && <PasswordHint />}
      <QueryPane query={query} skeleton={<CaptureTableSkeleton rows={LATEST} />}>
        {({ data }) =>
          data.length === 0 ? (
            <FirstCapture />
          ) : (
            <section aria-labelledby="latest-title">
              <div className="section-head">
                <h2 id="latest-title">Latest captures</h2>
                <Anchor size="sm" underline="hover" renderRoot={(props) => <Link to="/captures" {...props} />}>
                  All captures
                </Anchor>
              </div>
              <CaptureTable captures={data} steps={steps} />
            </section>
          )
        }
      </QueryPane>
      <div className="overview-grid">
        {query.data && query.data.data.length > 0 && <NextRequest />}
        <Panel title="This instance">
          <QueryPane query={health} skeleton={<Skeleton h={140} />}>
            {(data) => <Health health={data} />}
          </QueryPane>
        </Panel>
      </div>
    </Page>
  );
}

function NextRequest() {
  const domains = useQuery(trpc.domains.list.queryOptions());
  return (
    <Panel title="One call">
      <p className="hint">
        Sealed on arrival, opened by a runner only: this console never shows session data. The answer holds a signed link.
      </p>
      <CodeBlock code={curlExample({ origin: location.origin, domain: domains.data && exampleDomain(domains.data) })} what="curl command" />
    </Panel>
  );
}
