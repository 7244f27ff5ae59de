import { Anchor, Skeleton } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useSubscription } from '@trpc/tanstack-react-query';
import { ChevronLeft, SearchX } from 'lucide-react';
import { useState } from 'react';
import { StatusBadge } from '#client/components/capture-status.tsx';
import { EmptyState } from '#client/components/empty-state.tsx';
import { useLiveChanges, useReconnect } from '#client/components/live.tsx';
import { Page } from '#client/components/page.tsx';
import { QueryPane } from '#client/components/query-pane.tsx';
import { splitUrl } from '#client/format.ts';
import { readProblem } from '#client/problem.ts';
import { trpc } from '#client/trpc.ts';
import type { Capture } from '#shared/capture.ts';
import { CaptureActions } from './capture-actions.tsx';
import { CaptureBody } from './capture-body.tsx';

const route = getRouteApi('/shell/captures/$captureId');

/** One capture: how it went, what it made, and what can still be done with it. */
export function CapturePage() {
  const { captureId } = route.useParams();
  const { query, step } = useLiveCapture(captureId);
  const capture = query.data;
  if (readProblem(query.error).code === 'not_found') return <CaptureMissing id={captureId} />;
  return (
    <Page
      title={capture ? pageName(capture) : 'Capture'}
      documentTitle={capture ? `${splitUrl(capture.url).host} capture` : 'Capture'}
      above={
        <Link to="/captures" className="back-link">
          <ChevronLeft size={14} aria-hidden />
          Captures
        </Link>
      }
      description={
        capture && (
          <span className="capture-line">
            <StatusBadge status={capture.status} />
            <span className="mono">{capture.id}</span>
          </span>
        )
      }
      actions={capture && <CaptureActions capture={capture} />}
    >
      <QueryPane query={query} skeleton={<CaptureSkeleton />}>
        {(data) => <CaptureBody capture={data} step={step} />}
      </QueryPane>
    </Page>
  );
}

function CaptureMissing({ id }: { id: string }) {
  return (
    <Page title="No such capture">
      <EmptyState
        icon={SearchX}
        title="This capture is not here"
        actions={<Anchor renderRoot={(props) => <Link to="/captures" {...props} />}>All captures</Anchor>}
      >
        <span className="mono break">{id}</span> was deleted, or belongs to another workspace.
      </EmptyState>
    </Page>
  );
}

function pageName(capture: Capture): string {
  const { host, path } = splitUrl(capture.url);
  return host + path;
}

/** Reads a capture and keeps it current: by its own stream until it is final. A final one is read once. */
function useLiveCapture(id: string) {
  const client = useQueryClient();
  const query = useQuery(
    trpc.captures.get.queryOptions(
      { id },
      { staleTime: (state) => (isFinal(state.state.data?.status) ? Number.POSITIVE_INFINITY : 0), refetchOnWindowFocus: false },
    ),
  );
  const [step, setStep] = useState<string | null>(null);
  const isOn = query.data !== undefined && !isFinal(query.data.status);
  const watch = useSubscription(
    trpc.captures.watch.subscriptionOptions(
      { id },
      { enabled: isOn, onData: (event) => client.setQueryData(trpc.captures.get.queryKey({ id }), event.data) },
    ),
  );
  useReconnect(watch.status, watch.reset);
  useLiveChanges((changes) => {
    for (const change of changes) if (change.id === id) setStep(change.step);
  });
  return { query, step: isOn ? step : null };
}

function isFinal(status: Capture['status'] | undefined): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled';
}

function CaptureSkeleton() {
  return (
    <>
      <Skeleton h={148} mb="md" />
      <div className="capture-grid">
        <Skeleton h={460} />
        <Skeleton h={460} />
      </div>
    </>
  );
}
