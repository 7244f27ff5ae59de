import { useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef } from 'react';
import type { CaptureStatus } from '#shared/capture.ts';
import { trpc } from '../trpc.ts';

/** `live`: changes arrive by themselves. `connecting`: first try. `reconnecting`: lost; lists poll until it is back. */
export type LiveState = 'connecting' | 'live' | 'reconnecting';
export type CaptureChange = { id: string; status: CaptureStatus; step: string | null };
type Listener = (changes: readonly CaptureChange[]) => void;

/** Changes are handed on in batches, so that a busy workspace does not render the page at each step of each capture. */
const BATCH_MS = 200;
const RETRY_MS = [1000, 2000, 5000, 10_000, 20_000] as const;
const RETRY_MS_MAX = 30_000;

const LiveContext = createContext<{ state: LiveState; listen: (listener: Listener) => () => void }>({
  state: 'connecting',
  listen: () => () => undefined,
});

/** Holds the one subscription of this tab and hands its changes to whoever listens. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const listeners = useRef(new Set<Listener>());
  const hand = useBatches(
    useCallback((changes: CaptureChange[]) => {
      for (const listener of listeners.current) listener(changes);
    }, []),
  );
  const subscription = useSubscription(trpc.captures.onChange.subscriptionOptions({}, { onData: (event) => hand(event.data) }));
  const state = useReconnect(subscription.status, subscription.reset);
  const listen = useCallback((listener: Listener) => {
    listeners.current.add(listener);
    return () => {
      listeners.current.delete(listener);
    };
  }, []);
  const value = useMemo(() => ({ state, listen }), [state, listen]);
  return <LiveContext value={value}>{children}</LiveContext>;
}

/** Whether changes arrive by themselves at present. */
export function useLiveState(): LiveState {
  return useContext(LiveContext).state;
}

/** Calls back with each batch of changes of this workspace's captures. */
export function useLiveChanges(listener: Listener): void {
  const { listen } = useContext(LiveContext);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => listen((changes) => latest.current(changes)), [listen]);
}

function useBatches(flush: (changes: CaptureChange[]) => void): (change: CaptureChange) => void {
  const waiting = useRef<CaptureChange[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  return (change) => {
    waiting.current.push(change);
    timer.current ??= setTimeout(() => {
      timer.current = null;
      flush(waiting.current.splice(0));
    }, BATCH_MS);
  };
}

/**
 * Tells the state of a subscription and starts it anew after an error: the browser gives up on an event stream that
 * was answered with an error status, as a restarting proxy does. What was missed meanwhile is read again.
 */
export function useReconnect(status: 'idle' | 'connecting' | 'pending' | 'error', reset: () => void): LiveState {
  const client = useQueryClient();
  const failures = useRef(0);
  const wasLive = useRef(false);
  useEffect(() => {
    if (status === 'pending') {
      failures.current = 0;
      if (wasLive.current) void client.invalidateQueries(trpc.captures.list.queryFilter());
      wasLive.current = true;
    }
    if (status !== 'error') return;
    const timer = setTimeout(reset, RETRY_MS[failures.current] ?? RETRY_MS_MAX);
    failures.current += 1;
    return () => clearTimeout(timer);
  }, [status, reset, client]);
  if (status === 'pending') return 'live';
  return wasLive.current || status === 'error' ? 'reconnecting' : 'connecting';
}
