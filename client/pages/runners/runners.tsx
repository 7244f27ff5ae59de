import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CodeBlock } from '#client/components/code-block.tsx';
import { Page, Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { trpc } from '#client/trpc.ts';
import { QueueFacts } from './queue-facts.tsx';
import { RunnerTable } from './runner-table.tsx';

const RENEW_MS = 10_000;

/** Who makes the captures, and what of this workspace waits for them. */
export function RunnersPage() {
  const runners = useQuery(trpc.runners.list.queryOptions(undefined, { refetchInterval: RENEW_MS }));
  const queue = useQuery(trpc.usage.queue.queryOptions(undefined, { refetchInterval: RENEW_MS }));
  const online = runners.data?.filter((runner) => runner.online).length ?? null;
  return (
    <Page title="Runners" description="They make the captures of every workspace of this instance, and take them in turns.">
      <div className="stack">
        <Panel title="Waiting and running">
          <QueryPane query={queue} skeleton={<Skeleton h={88} />}>
            {(data) => <QueueFacts queue={data} online={online} />}
          </QueryPane>
        </Panel>
        <QueryPane query={runners} skeleton={<Skeleton h={180} />}>
          {(list) => (list.length === 0 ? <NoRunner /> : <RunnerTable runners={list} />)}
        </QueryPane>
      </div>
    </Page>
  );
}

function NoRunner() {
  return (
    <Panel title="No runner yet">
      <p className="hint">
        Captures are accepted and wait until their deadline. Whoever runs this instance makes a token, and starts a runner with it.
      </p>
      <CodeBlock
        what="commands"
        code={[
          'sessionshot runner token office-1',
          `export SESSIONSHOT_SERVER_URL=${location.origin}`,
          'export SESSIONSHOT_RUNNER_TOKEN=ss_run_…',
          'export SESSIONSHOT_RUNNER_KEY_FILE=private.jwks.json',
          'sessionshot runner',
        ].join('\n')}
      />
    </Panel>
  );
}
