import type { CDPSession, Page, WebSocket } from 'playwright';
import { shownUrl } from '#shared/target-url.ts';
import { followData } from './follow-data.ts';
import type { OpenWork } from './open-work.ts';
import { askLately } from './readiness-probe.ts';
import type { Lately } from './settle-probe.ts';

/** Milliseconds, and a number of messages. */
const STREAM = {
  /** A body whose data stop coming for this long is one that the page does not read, or a stream that waits for news. */
  silence: 350,
  /** Where the page draws what comes: the first time this long, then three times the longest pause so far, within bounds. */
  drawnSilence: 1200,
  drawnSilenceMax: 1750,
  /**
   * A change of the document this near to the first data, or after any later piece, is how the page draws it. On a busy
   * machine the page is late with the one, or the news of a piece comes here after it was drawn.
   */
  drawnWithin: 150,
  longestDrawn: 6000,
  /** A body that never ends is a feed. */
  longest: 8000,
  longestEvents: 3000,
  /** How long a channel that was opened may take for its first message. */
  first: 1000,
  /** And for the answer to what the page sends over it, the first few times: later it is a heartbeat. */
  answer: 1500,
  sends: 5,
  /** Both for the first message of a channel where the page has little text and nothing was drawn since. */
  firstLate: 4000,
  /** What is drawn this soon after a channel was opened is the rest of the page that opened it. */
  openedWithin: 300,
  ask: 1000,
} as const;

/** Channels for news, which a page that has its content waits for too. */
const NEWS_WORDS = /notif|presence|heartbeat|keep-?alive|hmr|live-?reload|chat/i;

export type StreamActivity = {
  /**
   * Follows the body of a request that was answered `at`, milliseconds since the epoch, until it ends, falls silent, or has
   * been one long stream.
   */
  followBody(key: object, answer: { at: number; contentType: string }): void;
  /** Notes that the page has opened a stream of events. */
  eventSourceOpened(url: string): void;
  close(): void;
};

/** `lastAt` is when the last piece came, `beforeAt` the one before it, or the answer; `deafMs` is how long nobody listened since. */
type Body = { until: number; timer: NodeJS.Timeout; gapMax: number; lastAt: number; beforeAt: number; deafMs: number };

/** Follows what comes in pieces: bodies, streams of events, sockets. */
export function watchStreams(page: Page, tools: { cdp: CDPSession; work: OpenWork; isOwnHost: (host: string) => boolean }): StreamActivity {
  const { cdp, work, isOwnHost } = tools;
  const bodies = new Map<object, Body>();
  const checks = new Map<object, NodeJS.Timeout>();
  const sources = new Set<object>();
  const data = followData(cdp, () => {
    for (const source of sources) work.end(source);
    sources.clear();
  });
  const { lastDataAt } = data;
  const lately = async (): Promise<Lately | null> => {
    const { promise: late, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(resolve, STREAM.ask, null);
    try {
      return await Promise.race([page.mainFrame().evaluate(askLately), late]);
    } catch {
      return null; // The document has left.
    } finally {
      clearTimeout(timer);
    }
  };
  /** Whether the page changed when data came last. `isFirst`: no piece was seen yet, so what follows later is not drawn of it. */
  const isDrawn = async (entry: Body, isFirst: boolean) => {
    const askedAt = Date.now();
    const known = await lately();
    // Whoever is late with this answer, the page or this process, is as late with what comes and with drawing it.
    entry.deafMs += Date.now() - askedAt;
    if (!known) return !isFirst;
    const touchedAt = Date.now() - known.touchedMs;
    if (touchedAt < entry.beforeAt - STREAM.drawnWithin) return false;
    return !isFirst || touchedAt <= entry.lastAt + STREAM.drawnWithin + entry.deafMs;
  };
  const forgetCheck = (key: object) => {
    clearTimeout(checks.get(key));
    checks.delete(key);
  };
  /** Gives a channel `ms` for its first message, and more where nothing else makes the page. */
  const expectFirst = (key: object, url: string, ms: number) => {
    forgetCheck(key);
    if (NEWS_WORDS.test(new URL(url).pathname)) return work.endAfter(key, ms);
    const begun = Date.now();
    work.endAfter(key, STREAM.firstLate);
    const check = async () => {
      const known = work.has(key) ? await lately() : null;
      // What was sent meanwhile has a time of its own.
      if (checks.get(key) !== timer) return;
      checks.delete(key);
      const isBare = known?.showsLittle && Date.now() - known.touchedMs < begun + STREAM.openedWithin;
      if (!isBare) work.end(key);
    };
    const timer = setTimeout(check, ms);
    checks.set(key, timer);
  };
  const followBody = (key: object, { at, contentType }: { at: number; contentType: string }) => {
    if (bodies.has(key) || !work.has(key)) return;
    data.ask();
    const longest = /event-stream/.test(contentType) ? STREAM.longestEvents : STREAM.longest;
    const begun = Date.now();
    const lookAfter = (ms: number) => {
      const dueAt = Date.now() + ms;
      return setTimeout(() => void look(Date.now() - dueAt), ms);
    };
    const look = async (lateMs: number) => {
      const entry = bodies.get(key);
      if (!entry) return;
      const lastAt = lastDataAt(begun);
      entry.gapMax = Math.max(entry.gapMax, lastAt - entry.lastAt);
      // While this process stood still nobody listened; what came meanwhile is told after this timer.
      entry.deafMs += Math.max(0, lateMs);
      if (lastAt > entry.lastAt) Object.assign(entry, { beforeAt: entry.lastAt, lastAt, deafMs: 0 });
      const isSilent = Date.now() - lastAt - entry.deafMs >= STREAM.silence;
      let allowed: number = STREAM.silence;
      if (work.has(key) && isSilent && (await isDrawn(entry, lastAt === begun))) {
        allowed = Math.min(STREAM.drawnSilenceMax, Math.max(STREAM.drawnSilence, 3 * entry.gapMax));
        entry.until = Math.min(entry.until, begun + STREAM.longestDrawn);
      }
      if (bodies.get(key) !== entry) return;
      // More may have come while the page was asked. A timer may be early: what was not asked is never silent.
      const left = Math.max(isSilent ? 0 : 1, allowed + entry.deafMs - (Date.now() - lastDataAt(begun)));
      if (!work.has(key) || left <= 0 || Date.now() >= entry.until) {
        bodies.delete(key);
        work.end(key);
      } else entry.timer = lookAfter(Math.min(left, STREAM.silence));
    };
    const timer = lookAfter(STREAM.silence);
    bodies.set(key, { until: begun + longest, timer, gapMax: 0, lastAt: begun, beforeAt: at, deafMs: 0 });
  };
  const onSocket = (socket: WebSocket) => {
    if (!URL.canParse(socket.url()) || !isOwnHost(new URL(socket.url()).hostname)) return;
    let [sends, received] = [0, 0];
    const expect = (ms: number) => {
      forgetCheck(socket);
      work.begin(socket, shownUrl(socket.url()));
      work.endAfter(socket, ms);
    };
    work.begin(socket, shownUrl(socket.url()));
    expectFirst(socket, socket.url(), STREAM.first);
    socket
      .on('framesent', () => {
        if (++sends > STREAM.sends) return;
        expect(STREAM.answer);
        if (sends === 1 && received === 0) expectFirst(socket, socket.url(), STREAM.answer);
      })
      .on('framereceived', () => {
        received++;
        work.end(socket);
      })
      .on('socketerror', () => work.end(socket))
      .on('close', () => work.end(socket));
  };
  page.on('websocket', onSocket);
  return {
    followBody,
    eventSourceOpened: (url) => {
      if (!isOwnHost(new URL(url).hostname)) return;
      data.ask();
      const source = {};
      sources.add(source);
      work.begin(source, shownUrl(url));
      expectFirst(source, url, STREAM.first);
    },
    close: () => {
      page.off('websocket', onSocket);
      for (const entry of bodies.values()) clearTimeout(entry.timer);
      bodies.clear();
      for (const key of [...checks.keys()]) forgetCheck(key);
    },
  };
}
