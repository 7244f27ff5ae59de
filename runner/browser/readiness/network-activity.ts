import type { CDPSession, Page, Request, Response } from 'playwright';
import { shownUrl } from '#shared/target-url.ts';
import { watchJobs } from './job-polls.ts';
import { createOpenWork } from './open-work.ts';
import { askIsSharedWorker } from './readiness-probe.ts';
import { counts, identityOf, isPlain, isScripted, PATIENCE, patienceFor, watchRepeats } from './request-kinds.ts';
import { watchStreams } from './stream-activity.ts';

/** Milliseconds and counts of what follows an answer. */
const AFTER = {
  /** Bodies that the page reads have mostly ended by then; what has not is followed piece by piece. */
  answer: 60,
  /** How long a failed request of the page's own is expected to be tried again. */
  retry: 1200,
  /** `Retry-After` is believed up to this. */
  retryMax: 5000,
  retries: 3,
  /** When a script that is still on its way is looked at: those of shared workers report neither answer nor end. */
  script: 300,
} as const;

export type NetworkActivity = {
  /** Resolves when nothing that counts has been in flight for `ms`. Unbounded: the caller bounds it. */
  whenQuiet(ms: number): Promise<void>;
  /** How long nothing that counts has been in flight; 0 while something is. */
  quietForMs(): number;
  /** When the last request that counts ended, milliseconds since the epoch. */
  lastEndedAt(): number;
  /** Whether a request was set aside while still open, so that the page's `load` may never come. */
  hasSetAside(): boolean;
  /** What is in flight, as people may see it. */
  inFlight(): string[];
  /** Addresses of pictures that take long: no longer waited for here, but by whoever sees that they are shown. */
  slowImages(): string[];
  /** Resolves when one of them has come or is given up, at once where there is none. */
  whenSlowImageEnds(): Promise<void>;
  /** URL and status of every response so far, in order of arrival. */
  responses(): readonly { url: string; status: number }[];
  /** The status of the main document that is shown now, redirects passed over; null before the first. */
  documentStatus(): number | null;
  onResponse(listener: () => void): () => void;
  /** The page is about to be scrolled on: what it asks for by the same path as before is the next part of a list, not a poll. */
  expectParts(): void;
  close(): void;
};

/**
 * Follows a page's requests and says when the ones that the picture may depend on are done. Set aside are streams,
 * beacons and media, polls, bodies that the page never reads, and after some patience what hangs.
 */
export function watchNetwork(
  page: Page,
  tools: { cdp: CDPSession; isOwnHost: (host: string) => boolean; readinessMs: number },
): NetworkActivity {
  const { isOwnHost } = tools;
  const work = createOpenWork();
  const streams = watchStreams(page, { ...tools, work });
  const repeats = watchRepeats();
  const slow = createSlowImages();
  const jobs = watchJobs({ work, isOwn: (request) => isOwn(request), msMax: tools.readinessMs / 2 });
  const retries = new Map<string, { key: object; tries: number }>();
  const responses: { url: string; status: number }[] = [];
  const listeners = new Set<() => void>();
  let setAside = false;
  let status: number | null = null;

  const isOwn = (request: Request) => isOwnHost(new URL(request.url()).hostname);
  const giveUp = (request: Request) => () => {
    // What a script fetches never holds up `load`; a picture, style or script that hangs does.
    if (!isScripted(request)) setAside = true;
    if (request.resourceType() === 'image') slow.add(request);
  };
  const expectRetry = (request: Request, ms: number) => {
    const identity = identityOf(request);
    const entry = retries.get(identity) ?? { key: {}, tries: 0 };
    retries.set(identity, entry);
    if (++entry.tries > AFTER.retries) return;
    work.begin(entry.key, `a repeat of ${shownUrl(request.url())}`);
    work.endAfter(entry.key, ms);
  };
  const endSharedWorker = async (request: Request) => {
    if (!work.has(request)) return;
    try {
      if (await request.frame().evaluate(askIsSharedWorker, request.url())) work.end(request);
    } catch {
      // The document has left, and its requests with it.
    }
  };
  const ended = (request: Request) => {
    repeats.ended(request);
    slow.remove(request);
    work.end(request);
  };
  const handlers = {
    request: (request: Request) => {
      if (request.resourceType() === 'eventsource') streams.eventSourceOpened(request.url());
      const isPoll = counts(request) && repeats.isPoll(request);
      if (!counts(request) || (isPoll && !jobs.isOpen(request))) return;
      work.begin(request, shownUrl(request.url()));
      jobs.asked(request);
      const repeated = isScripted(request) ? retries.get(identityOf(request)) : undefined;
      if (repeated) work.end(repeated.key);
      if (request.resourceType() === 'script') setTimeout(() => void endSharedWorker(request), AFTER.script);
      const patience = isPlain(request, isOwn(request), repeats) ? Number.POSITIVE_INFINITY : patienceFor(request, isOwn(request));
      // What hangs must leave the rest of the page its time, however little the caller gives.
      if (patience !== null) work.endAfter(request, Math.min(patience, tools.readinessMs / 2), giveUp(request));
    },
    response: (response: Response) => {
      const request = response.request();
      // Answered is answered: bodies that the page never reads do not end.
      repeats.ended(request);
      responses.push({ url: response.url(), status: response.status() });
      if (isMainDocument(request, page) && !isRedirect(response.status())) status = response.status();
      for (const listener of listeners) listener();
      if (!isScripted(request) || !work.has(request)) return;
      const wait = retryMs(response);
      if (wait !== null && isOwn(request)) expectRetry(request, wait);
      // A poll keeps its short patience; its answer may change nothing for a long time.
      if (patienceFor(request, isOwn(request)) === PATIENCE.poll) return;
      jobs.answered(response);
      const contentType = response.headers()['content-type'] ?? '';
      work.endAfter(request, AFTER.answer + PATIENCE.scripted);
      setTimeout(streams.followBody, AFTER.answer, request, { at: Date.now(), contentType });
    },
    requestfinished: ended,
    requestfailed: (request: Request) => {
      const isBroken = isScripted(request) && work.has(request) && request.failure()?.errorText !== 'net::ERR_ABORTED';
      if (isBroken && isOwn(request)) expectRetry(request, AFTER.retry);
      ended(request);
    },
  };
  page
    .on('request', handlers.request)
    .on('response', handlers.response)
    .on('requestfinished', handlers.requestfinished)
    .on('requestfailed', handlers.requestfailed);
  return {
    whenQuiet: work.whenQuiet,
    quietForMs: work.quietForMs,
    lastEndedAt: work.lastEndedAt,
    hasSetAside: () => setAside,
    inFlight: work.labels,
    slowImages: slow.urls,
    whenSlowImageEnds: slow.whenOneEnds,
    responses: () => responses,
    documentStatus: () => status,
    expectParts: repeats.startOver,
    onResponse: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      page
        .off('request', handlers.request)
        .off('response', handlers.response)
        .off('requestfinished', handlers.requestfinished)
        .off('requestfailed', handlers.requestfailed);
      streams.close();
      slow.close();
      work.close();
    },
  };
}

/** Pictures that were set aside and are still on their way, each for a bounded time. */
function createSlowImages() {
  const open = new Map<Request, NodeJS.Timeout>();
  let next = Promise.withResolvers<void>();
  const remove = (request: Request) => {
    const timer = open.get(request);
    if (!timer) return;
    clearTimeout(timer);
    open.delete(request);
    next.resolve();
    next = Promise.withResolvers<void>();
  };
  return {
    add: (request: Request) =>
      void open.set(
        request,
        setTimeout(() => remove(request), PATIENCE.slowImage - PATIENCE.image),
      ),
    remove,
    whenOneEnds: () => (open.size === 0 ? Promise.resolve() : next.promise),
    urls: () => [...open.keys()].map((request) => request.url()),
    close: () => {
      for (const request of [...open.keys()]) remove(request);
    },
  };
}

/** How long a repeat may be expected after an answer that asks for one; null where none does. */
function retryMs(response: Response): number | null {
  if (![429, 502, 503, 504].includes(response.status())) return null;
  const seconds = Number(response.headers()['retry-after']);
  return seconds > 0 ? Math.min(AFTER.retryMax, seconds * 1000 + AFTER.retry / 2) : AFTER.retry;
}

function isMainDocument(request: Request, page: Page): boolean {
  // A request of a service worker has no frame and throws when asked; it is never a navigation.
  return request.isNavigationRequest() && request.frame() === page.mainFrame();
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}
