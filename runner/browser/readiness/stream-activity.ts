import type { CDPSession, Page, WebSocket } from 'playwright';
import { shownUrl } from '#shared/target-url.ts';
import type { OpenWork } from './open-work.ts';

/** Milliseconds, and a number of messages. */
const STREAM = {
  /** A body whose data stop coming for this long is one that the page does not read, or a stream that waits for news. */
  silence: 350,
  /** A body that never ends is a feed. */
  longest: 8000,
  longestEvents: 3000,
  /** How long a channel that was opened may take for its first message. */
  first: 1000,
  /** And for the answer to what the page sends over it, the first few times: later it is a heartbeat. */
  answer: 1500,
  sends: 5,
} as const;

export type StreamActivity = {
  /** Follows the body of an answered request until it ends, falls silent, or has been one long stream. */
  followBody(key: object, contentType: string): void;
  /** Notes that the page has opened a stream of events. */
  eventSourceOpened(url: string): void;
  close(): void;
};

/**
 * Follows what comes in pieces. Playwright tells nothing of single pieces, so Chromium is asked; only from the first
 * stream on, because most pages have none and every event costs.
 */
export function watchStreams(page: Page, tools: { cdp: CDPSession; work: OpenWork; isOwnHost: (host: string) => boolean }): StreamActivity {
  const { cdp, work, isOwnHost } = tools;
  const bodies = new Map<object, { until: number; timer: NodeJS.Timeout }>();
  const startedAt = new Map<string, number>();
  const dataAt = new Map<string, number>();
  const sources = new Set<object>();
  const sourceIds = new Set<string>();
  let isAsking = false;

  const ask = () => {
    if (isAsking) return;
    isAsking = true;
    const forget = ({ requestId }: { requestId: string }) => {
      startedAt.delete(requestId);
      dataAt.delete(requestId);
    };
    cdp.on('Network.requestWillBeSent', ({ requestId }) => void startedAt.set(requestId, Date.now()));
    cdp.on('Network.dataReceived', ({ requestId }) => {
      if (!sourceIds.has(requestId)) dataAt.set(requestId, Date.now());
    });
    cdp.on('Network.loadingFinished', forget).on('Network.loadingFailed', forget);
    cdp.on('Network.eventSourceMessageReceived', ({ requestId }) => {
      // The data of a live feed say nothing about the other bodies.
      sourceIds.add(requestId);
      for (const source of sources) work.end(source);
      sources.clear();
    });
    // Rejects when the page is gone, and with it everything that waits.
    cdp.send('Network.enable').catch(() => undefined);
  };
  /** Playwright tells no ids, but what was asked for after an answer had come brings none of its data. */
  const lastDataAt = (begun: number) => {
    const own = [...dataAt].filter(([id]) => (startedAt.get(id) ?? 0) <= begun);
    return Math.max(begun, ...own.map(([, at]) => at));
  };
  const followBody = (key: object, contentType: string) => {
    if (bodies.has(key) || !work.has(key)) return;
    ask();
    const longest = /event-stream/.test(contentType) ? STREAM.longestEvents : STREAM.longest;
    const look = () => {
      const silentFor = Date.now() - lastDataAt(begun);
      const entry = bodies.get(key);
      if (!entry) return;
      if (!work.has(key) || silentFor >= STREAM.silence || Date.now() >= entry.until) {
        bodies.delete(key);
        work.end(key);
      } else entry.timer = setTimeout(look, STREAM.silence - silentFor);
    };
    const begun = Date.now();
    bodies.set(key, { until: begun + longest, timer: setTimeout(look, STREAM.silence) });
  };
  const onSocket = (socket: WebSocket) => {
    if (!URL.canParse(socket.url()) || !isOwnHost(new URL(socket.url()).hostname)) return;
    let sends = 0;
    const expect = (ms: number) => {
      work.begin(socket, shownUrl(socket.url()));
      work.endAfter(socket, ms);
    };
    expect(STREAM.first);
    socket
      .on('framesent', () => {
        if (++sends <= STREAM.sends) expect(STREAM.answer);
      })
      .on('framereceived', () => work.end(socket))
      .on('socketerror', () => work.end(socket))
      .on('close', () => work.end(socket));
  };
  page.on('websocket', onSocket);
  return {
    followBody,
    eventSourceOpened: (url) => {
      if (!isOwnHost(new URL(url).hostname)) return;
      ask();
      const source = {};
      sources.add(source);
      work.begin(source, shownUrl(url));
      work.endAfter(source, STREAM.first);
    },
    close: () => {
      page.off('websocket', onSocket);
      for (const entry of bodies.values()) clearTimeout(entry.timer);
      bodies.clear();
    },
  };
}
