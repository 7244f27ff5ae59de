import { Anchor, Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Clock, Download, FilterX, ScrollText, ShieldCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { EmptyState } from '#client/components/empty-state.tsx';
import { Page } from '#client/components/page.tsx';
import { Pager } from '#client/components/pager.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { count } from '#client/format.ts';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { ListedEntry } from '#shared/audit.ts';
import { LIMITS } from '#shared/limits.ts';
import { AuditFilters } from './audit-filters.tsx';
import { type AuditSearch, isFiltered, toAuditInput } from './audit-search.ts';
import { AuditSkeleton, AuditTable } from './audit-table.tsx';
import { saveAudit } from './save-audit.ts';

const route = getRouteApi('/shell/audit');

/** Who did what in the workspace, from where, and whether each entry still is what was written. */
export function AuditPage() {
  const search = route.useSearch();
  const entries = useQuery(
    trpc.audit.list.queryOptions({ ...toAuditInput(search), limit: LIMITS.listLimitDefault }, { placeholderData: keepPreviousData }),
  );
  const named = entries.data?.data.find(({ actor }) => actor.id === search.actor);
  return (
    <Page
      title="Audit log"
      description="Who did what in this workspace, and who was refused. Entries are never changed: a chain of hashes shows it."
      actions={<SaveButton search={search} />}
    >
      <div className="stack">
        <AuditFilters search={search} actorName={named?.actorName ?? null} />
        <QueryPane query={entries} skeleton={<AuditSkeleton rows={10} />}>
          {({ data, nextCursor }) => (
            <>
              {data.length > 0 && <ChainNote entries={data} />}
              {data.length > 0 && <AuditTable entries={data} search={search} isStale={entries.isPlaceholderData} />}
              {data.length === 0 && <NoEntries search={search} />}
              {(nextCursor || search.cursor) && (
                <Pager
                  label="Pages of the audit log"
                  cursor={search.cursor}
                  nextCursor={nextCursor}
                  link={({ cursor, trail }) =>
                    (props) => <Link to="/audit" search={{ ...search, cursor }} state={trail ? { trail } : undefined} {...props} />}
                />
              )}
            </>
          )}
        </QueryPane>
      </div>
    </Page>
  );
}

/** What the marks of this page say together. Of the whole chain only `audit verify` can tell. */
function ChainNote({ entries }: { entries: readonly ListedEntry[] }) {
  const broken = entries.filter(({ seal }) => seal === 'broken').length;
  const waiting = entries.filter(({ seal }) => seal === 'waiting').length;
  if (broken > 0)
    return (
      <p className="note-line bad" role="alert">
        <TriangleAlert size={16} aria-hidden />
        <span>
          {count(broken, 'entry does', 'entries do')} not fit the chain: changed, exchanged, or without a link. Ask the operator to run{' '}
          <code>sessionshot audit verify</code>.
        </span>
      </p>
    );
  return (
    <p className="note-line">
      {waiting > 0 ? <Clock size={16} aria-hidden /> : <ShieldCheck size={16} className="ok" aria-hidden />}
      <span>
        {waiting > 0
          ? `${count(waiting, 'entry is', 'entries are')} not chained yet: that takes a second or so.`
          : 'Every entry on this page fits the chain.'}
      </span>
    </p>
  );
}

function NoEntries({ search }: { search: AuditSearch }) {
  if (!isFiltered(search))
    return (
      <EmptyState
        icon={ScrollText}
        title={search.cursor ? 'Nothing older' : 'Nothing yet'}
        actions={search.cursor && <Anchor renderRoot={(props) => <Link to="/audit" {...props} />}>Back to the newest</Anchor>}
      >
        Every sign-in, key, domain, member, link and deletion leaves an entry here.
      </EmptyState>
    );
  return (
    <EmptyState
      icon={FilterX}
      title="No entry fits these filters"
      actions={<Anchor renderRoot={(props) => <Link to="/audit" {...props} />}>Clear all filters</Anchor>}
    >
      Days are those of your own time zone.
    </EmptyState>
  );
}

function SaveButton({ search }: { search: AuditSearch }) {
  const [read, setRead] = useState(0);
  const save = useMutation({
    mutationFn: () => saveAudit(search, setRead),
    onSuccess: ({ count: saved, hasMore }) =>
      notifications.show({
        color: hasMore ? 'yellow' : 'green',
        title: `${count(saved, 'entry', 'entries')} saved`,
        message: hasMore
          ? 'There are older ones: narrow the days, or use `sessionshot audit export`.'
          : 'One JSON object a line, the newest first.',
      }),
    onError: (error) => notifications.show({ color: 'red', title: 'Nothing was saved', message: readProblem(error).detail }),
    onSettled: () => setRead(0),
  });
  return (
    <Button variant="default" leftSection={<Download size={16} aria-hidden />} onClick={() => save.mutate()} disabled={save.isPending}>
      {save.isPending && read > 0 ? `Reading, ${read}…` : 'Export'}
    </Button>
  );
}
