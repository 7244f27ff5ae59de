import type { CDPSession } from 'playwright';

export type Data = {
  /** Begins to follow, once. */
  ask(): void;
  /** When data came last that may be of an answer that came at `begun`; `begun` where none has. Milliseconds since the epoch. */
  lastDataAt(begun: number): number;
};

/**
 * Follows the pieces of bodies. Playwright tells nothing of single pieces, so Chromium is asked; only from the first stream on,
 * because most pages have none and every event costs. `onEvent`: a stream of events has brought one.
 */
export function followData(cdp: CDPSession, onEvent: () => void): Data {
  const startedAt = new Map<string, number>();
  const dataAt = new Map<string, number>();
  const sourceIds = new Set<string>();
  let isAsking = false;
  const forget = ({ requestId }: { requestId: string }) => {
    startedAt.delete(requestId);
    dataAt.delete(requestId);
  };
  return {
    ask: () => {
      if (isAsking) return;
      isAsking = true;
      cdp.on('Network.requestWillBeSent', ({ requestId }) => void startedAt.set(requestId, Date.now()));
      cdp.on('Network.dataReceived', ({ requestId }) => {
        if (!sourceIds.has(requestId)) dataAt.set(requestId, Date.now());
      });
      cdp.on('Network.loadingFinished', forget).on('Network.loadingFailed', forget);
      cdp.on('Network.eventSourceMessageReceived', ({ requestId }) => {
        // The data of a live feed say nothing about the other bodies.
        sourceIds.add(requestId);
        onEvent();
      });
      // Rejects when the page is gone, and with it everything that waits.
      cdp.send('Network.enable').catch(() => undefined);
    },
    // Playwright tells no ids, but what was asked for after an answer had come brings none of its data.
    lastDataAt: (begun) => {
      const own = [...dataAt].filter(([id]) => (startedAt.get(id) ?? 0) <= begun);
      return Math.max(begun, ...own.map(([, at]) => at));
    },
  };
}
