import { SegmentedControl, Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Facts } from '#client/components/facts.tsx';
import { Page, Panel } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { byteSize, count, duration } from '#client/format.ts';
import { trpc } from '#client/trpc.ts';
import type { Usage } from '#shared/usage.ts';
import { USAGE_DAYS } from '#shared/usage-days.ts';
import { DayChart, Legend } from './day-chart.tsx';
import { DayTable } from './day-table.tsx';
import { stackDays, sumUp } from './stack-days.ts';
import { TopList } from './top-list.tsx';
import { readUsageSearch, USAGE_DAYS_DEFAULT } from './usage-search.ts';

const route = getRouteApi('/shell/usage');

/** What the workspace has asked for: by day, by host, by key, and how it ended. */
export function UsagePage() {
  const { days = USAGE_DAYS_DEFAULT } = route.useSearch();
  const navigate = useNavigate();
  const usage = useQuery(trpc.usage.read.queryOptions({ days }, { placeholderData: keepPreviousData }));
  return (
    <Page
      title="Usage"
      description="Captures by the day on which they were asked for, in UTC."
      actions={
        <SegmentedControl
          size="xs"
          aria-label="How far back"
          data={USAGE_DAYS.map((each) => ({ value: String(each), label: `${each} days` }))}
          value={String(days)}
          onChange={(value) => void navigate({ to: '/usage', search: readUsageSearch({ days: value }), replace: true })}
        />
      }
    >
      <QueryPane query={usage} skeleton={<Skeleton h={420} />}>
        {(data) => <UsageBody usage={data} isStale={usage.isPlaceholderData} />}
      </QueryPane>
    </Page>
  );
}

function UsageBody({ usage, isStale }: { usage: Usage; isStale: boolean }) {
  const days = stackDays(usage.days);
  const { all, successShare } = sumUp(days);
  const { p50Ms, p95Ms } = usage.durations;
  const share = successShare === null ? null : `${(successShare * 100).toFixed(1)} %`;
  const ended = share === null ? '' : `, ${share} of those that ended succeeded`;
  const summary = `${count(all, 'capture')} in ${days.length} days${ended}`;
  return (
    <div className="stack" data-stale={isStale || undefined}>
      <Panel title="By day" aside={<Legend />}>
        <p className="hint">{summary}.</p>
        <DayChart days={days} summary={summary} />
        {all > 0 && <DayTable days={days} />}
      </Panel>
      <Panel title="In sum">
        <Facts
          facts={[
            { term: 'Captures', value: all.toLocaleString() },
            { term: 'Succeeded', value: share ?? 'none has ended yet' },
            p50Ms !== null && { term: 'Call to result, median', value: duration(p50Ms) },
            p95Ms !== null && { term: 'Call to result, 95 of 100', value: duration(p95Ms) },
            { term: 'Kept now', value: `${count(usage.stored.assets, 'file')}, ${byteSize(usage.stored.bytes)}` },
          ]}
        />
      </Panel>
      <div className="usage-grid">
        <TopList title="Most captured hosts" rows={usage.hosts} none="Nothing was captured in this time." />
        <TopList title="By API key" rows={usage.keys} none="Nothing was asked for in this time." />
        <TopList title="Why captures failed" rows={usage.failures} none="None has failed in this time." isCode />
      </div>
    </div>
  );
}
