import { Anchor, Button } from '@mantine/core';
import { getRouteApi, Link } from '@tanstack/react-router';
import { ArrowUp, Camera, FilterX } from 'lucide-react';
import { CaptureTable, CaptureTableSkeleton } from '#client/components/capture-table.tsx';
import { EmptyState } from '#client/components/empty-state.tsx';
import { FirstCapture } from '#client/components/first-capture.tsx';
import { Page } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { type CaptureListInput, useLiveCaptures } from '#client/components/use-live-captures.ts';
import { LIMITS } from '#shared/limits.ts';
import { CaptureFilters } from './capture-filters.tsx';
import { CapturePager } from './capture-pager.tsx';
import { type CaptureSearch, isFiltered, readTag } from './capture-search.ts';

const route = getRouteApi('/shell/captures');

/** Every capture of the workspace, newest first, filtered and paged by the address. */
export function CapturesPage() {
  const search = route.useSearch();
  const input: CaptureListInput = {
    status: search.status,
    host: search.host,
    reference: search.reference,
    ...readTag(search.tag),
    limit: LIMITS.listLimitDefault,
    cursor: search.cursor,
  };
  const { query, steps, unseen, showUnseen } = useLiveCaptures(input);
  const isFirstPage = search.cursor === undefined;
  return (
    <Page title="Captures" description="One page, screenshot or PDF at a time: what was asked for, what happened, what is stored.">
      <CaptureFilters search={search} />
      {unseen > 0 && (
        <div className="unseen">
          <Button size="xs" radius="xl" leftSection={<ArrowUp size={14} aria-hidden />} onClick={showUnseen}>
            {isFiltered(search) ? 'Show newer captures' : `Show ${unseen} new`}
          </Button>
        </div>
      )}
      <QueryPane query={query} skeleton={<CaptureTableSkeleton rows={10} />}>
        {({ data, nextCursor }) => (
          <>
            {data.length > 0 && <CaptureTable captures={data} steps={steps} isStale={query.isPlaceholderData} />}
            {data.length === 0 && <NoCaptures search={search} />}
            {(nextCursor || !isFirstPage) && <CapturePager search={search} nextCursor={nextCursor} />}
          </>
        )}
      </QueryPane>
    </Page>
  );
}

function NoCaptures({ search }: { search: CaptureSearch }) {
  if (isFiltered(search))
    return (
      <EmptyState
        icon={FilterX}
        title="No capture fits these filters"
        actions={<Anchor renderRoot={(props) => <Link to="/captures" {...props} />}>Clear all filters</Anchor>}
      >
        Hosts and references are compared whole; a tag is written as <span className="mono">key:value</span>.
      </EmptyState>
    );
  if (search.cursor)
    return (
      <EmptyState
        icon={Camera}
        title="Nothing older"
        actions={<Anchor renderRoot={(props) => <Link to="/captures" {...props} />}>Back to the newest</Anchor>}
      >
        The captures that stood here may have been deleted.
      </EmptyState>
    );
  return <FirstCapture />;
}
