import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Capture, CaptureStatus } from '#shared/capture.ts';
import { trpc, trpcClient } from '../trpc.ts';
import { type CaptureChange, useLiveChanges, useLiveState } from './live.tsx';

export type CaptureListInput = {
  status?: CaptureStatus;
  host?: string;
  reference?: string;
  tagKey?: string;
  tagValue?: string;
  limit: number;
  cursor?: string;
};

const POLL_MS = 5000;
const RECONCILE_MS = 700;

/**
 * One page of captures that stays current: statuses change in place, rows never move under the pointer. Captures that
 * came since are counted in `unseen` until `showUnseen` is called. `steps` holds the last step heard of, by id.
 */
export function useLiveCaptures(input: CaptureListInput) {
  const client = useQueryClient();
  const isLive = useLiveState() === 'live';
  const query = useQuery(
    trpc.captures.list.queryOptions(input, {
      placeholderData: keepPreviousData,
      refetchOnWindowFocus: false,
      refetchInterval: isLive ? false : POLL_MS,
    }),
  );
  const [steps, setSteps] = useState<Record<string, string | null>>({});
  const [unseen, setUnseen] = useState<ReadonlySet<string>>(new Set());
  const reconcile = useReconcile(input);
  const rows = query.data?.data;

  const pageKey = JSON.stringify(input);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page or a fresh read has nothing unseen
  useEffect(() => setUnseen(new Set()), [pageKey, query.dataUpdatedAt]);

  useLiveChanges((changes) => {
    if (!rows) return;
    const newest = rows[0]?.id ?? '';
    const known = new Set(rows.map((row) => row.id));
    setSteps((last) => ({
      ...last,
      ...Object.fromEntries(changes.filter((change) => known.has(change.id)).map((change) => [change.id, change.step])),
    }));
    if (changes.some((change) => known.has(change.id))) reconcile(changes);
    // Ids sort by their time: a greater one than the newest shown is a capture that came since.
    const fresh = input.cursor ? [] : changes.filter((change) => change.id > newest);
    if (fresh.length > 0 && rows.length === 0) void query.refetch();
    else if (fresh.length > 0) setUnseen((last) => new Set([...last, ...fresh.map((change) => change.id)]));
  });

  const showUnseen = () => void client.invalidateQueries(trpc.captures.list.queryFilter());
  return { query, steps, unseen: unseen.size, showUnseen };
}

/** Shows new statuses at once and reads the page again soon after, for what else changed. No row is added or moved. */
function useReconcile(input: CaptureListInput): (changes: readonly CaptureChange[]) => void {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  const key = trpc.captures.list.queryKey(input);
  const replace = (change: (row: Capture) => Capture) => {
    const updatedAt = client.getQueryState(key)?.dataUpdatedAt;
    client.setQueryData(key, (page) => page && { ...page, data: page.data.map(change) }, { updatedAt });
  };
  const read = async () => {
    const fresh = await trpcClient.captures.list.query(input);
    const byId = new Map(fresh.data.map((row) => [row.id, row]));
    replace((row) => byId.get(row.id) ?? row);
  };
  return (changes) => {
    const statuses = new Map(changes.map((change) => [change.id, change.status]));
    replace((row) => ({ ...row, status: statuses.get(row.id) ?? row.status }));
    timer.current ??= setTimeout(() => {
      timer.current = null;
      // A read that fails is repaired by the next change, and by the full read after a reconnect.
      read().catch(() => undefined);
    }, RECONCILE_MS);
  };
}
