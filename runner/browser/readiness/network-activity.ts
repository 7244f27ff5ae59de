import { createHash } from 'node:crypto';
import type { Page, Request, Response } from 'playwright';
import { shownUrl } from '#shared/target-url.ts';

/** Waits of the network part of readiness, in milliseconds. */
const SETTLE = {
  /** A body of known length whose end is never reported is one that the page does not read. */
  unreadBodyMs: 150,
  /** Without a known length the body may still be on its way. */
  openBodyMs: 1000,
  /** How long a host outside the allowed domains may hold up the picture. */
  foreignMs: 5000,
  /** How long a picture may, wherever it comes from. */
  imageMs: 8000,
  pollRepeats: 3,
  bodyBytesHashed: 65_536,
} as const;
const NEVER_AWAITED = new Set(['ping', 'eventsource', 'websocket', 'media', 'manifest', 'texttrack', 'cspreport', 'prefetch']);
const POLL_WORDS =
  /(^|[/_.-])(long-?poll|poll|polling|longpolling|comet|sockjs|socket\.io|signalr|heartbeat|keep-?alive|telemetry|beacon|collect|rum|metrics-ingest)([/_.-]|$)/i;
const VOLATILE = /^(_|t|ts|time|timestamp|cb|cache-?buster|nocache|rnd|rand|nonce)$/i;

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
  /** URL and status of every response so far, in order of arrival. */
  responses(): readonly { url: string; status: number }[];
  /** The status of the main document that is shown now, redirects passed over; null before the first. */
  documentStatus(): number | null;
  onResponse(listener: () => void): () => void;
  close(): void;
};

/**
 * Follows a page's requests and says when the ones that the picture may depend on are done. Set aside are streams,
 * beacons and media, polls, bodies that the page never reads, and after some patience slow hosts of others.
 */
export function watchNetwork(page: Page, isOwnHost: (host: string) => boolean): NetworkActivity {
  const open = new Map<Request, NodeJS.Timeout | null>();
  const seen = new Map<string, { starts: number; open: number }>();
  const responses: { url: string; status: number }[] = [];
  const listeners = new Set<() => void>();
  const quiet = createQuietWaiters();
  let setAside = false;
  let status: number | null = null;

  const finish = (request: Request, aside = false) => {
    const timer = open.get(request);
    if (timer === undefined) return;
    if (timer) clearTimeout(timer);
    open.delete(request);
    // What a script fetches never holds up `load`; a picture, style or script that hangs does.
    if (aside && !isScripted(request)) setAside = true;
    if (open.size === 0) quiet.becameQuiet();
  };
  const giveUntil = (request: Request, ms: number) => {
    const timer = open.get(request);
    if (timer === undefined) return;
    if (timer) clearTimeout(timer);
    open.set(
      request,
      setTimeout(() => finish(request, true), ms),
    );
  };
  const handlers = {
    request: (request: Request) => {
      if (!counts(request)) return;
      const known = remember(seen, request);
      if (isPoll(request, known.starts, known.open)) return;
      open.set(request, null);
      quiet.becameBusy();
      if (request.resourceType() === 'image') giveUntil(request, SETTLE.imageMs);
      else if (!isOwnHost(new URL(request.url()).hostname)) giveUntil(request, SETTLE.foreignMs);
    },
    response: (response: Response) => {
      const request = response.request();
      responses.push({ url: response.url(), status: response.status() });
      if (isMainDocument(request, page) && !isRedirect(response.status())) status = response.status();
      for (const listener of listeners) listener();
      if (!isScripted(request)) return;
      giveUntil(request, response.headers()['content-length'] === undefined ? SETTLE.openBodyMs : SETTLE.unreadBodyMs);
    },
    requestfinished: (request: Request) => {
      forget(seen, request);
      finish(request);
    },
    requestfailed: (request: Request) => {
      forget(seen, request);
      finish(request);
    },
  };
  page
    .on('request', handlers.request)
    .on('response', handlers.response)
    .on('requestfinished', handlers.requestfinished)
    .on('requestfailed', handlers.requestfailed);
  return {
    whenQuiet: quiet.whenQuiet,
    quietForMs: () => (open.size > 0 ? 0 : Date.now() - quiet.since()),
    lastEndedAt: quiet.since,
    hasSetAside: () => setAside,
    inFlight: () => [...open.keys()].map((request) => shownUrl(request.url())),
    responses: () => responses,
    documentStatus: () => status,
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
      for (const timer of open.values()) if (timer) clearTimeout(timer);
      quiet.close();
    },
  };
}

function createQuietWaiters() {
  let since = Date.now();
  let busy = false;
  const waiters = new Set<{ ms: number; done: () => void; timer: NodeJS.Timeout | null }>();
  const arm = (waiter: { ms: number; done: () => void; timer: NodeJS.Timeout | null }) => {
    waiter.timer = setTimeout(
      () => {
        waiters.delete(waiter);
        waiter.done();
      },
      Math.max(0, since + waiter.ms - Date.now()),
    );
  };
  return {
    since: () => since,
    becameBusy: () => {
      busy = true;
      for (const waiter of waiters) if (waiter.timer) clearTimeout(waiter.timer);
    },
    becameQuiet: () => {
      busy = false;
      since = Date.now();
      for (const waiter of waiters) arm(waiter);
    },
    whenQuiet: (ms: number) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const waiter = { ms, done: resolve, timer: null };
      waiters.add(waiter);
      if (!busy) arm(waiter);
      return promise;
    },
    close: () => {
      for (const waiter of waiters) if (waiter.timer) clearTimeout(waiter.timer);
      waiters.clear();
    },
  };
}

function counts(request: Request): boolean {
  return /^https?:/.test(request.url()) && !NEVER_AWAITED.has(request.resourceType()) && !request.url().endsWith('/favicon.ico');
}

function isScripted(request: Request): boolean {
  return /^(xhr|fetch)$/.test(request.resourceType());
}

function isMainDocument(request: Request, page: Page): boolean {
  // A request of a service worker has no frame and throws when asked; it is never a navigation.
  return request.isNavigationRequest() && request.frame() === page.mainFrame();
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/**
 * A poll is what is asked for again and again, each time after the last answer: the same address and body the third
 * time, or an address that says so. Requests side by side are a dashboard that loads its panels, never a poll.
 */
function isPoll(request: Request, starts: number, openNow: number): boolean {
  if (!isScripted(request)) return false;
  return (starts >= SETTLE.pollRepeats && openNow <= 1) || POLL_WORDS.test(new URL(request.url()).pathname);
}

function remember(seen: Map<string, { starts: number; open: number }>, request: Request) {
  const key = identity(request);
  const entry = seen.get(key) ?? { starts: 0, open: 0 };
  entry.starts++;
  entry.open++;
  seen.set(key, entry);
  return entry;
}

function forget(seen: Map<string, { starts: number; open: number }>, request: Request): void {
  const entry = /^https?:/.test(request.url()) ? seen.get(identity(request)) : undefined;
  if (entry) entry.open--;
}

/** Method, address without cache breakers, and body: a second GraphQL query to one address is another request. */
function identity(request: Request): string {
  const url = new URL(request.url());
  for (const name of [...url.searchParams.keys()])
    if (VOLATILE.test(name) || /^\d{10,}$/.test(url.searchParams.get(name) ?? '')) url.searchParams.delete(name);
  const body = request.postDataBuffer();
  const hash = body ? createHash('sha1').update(body.subarray(0, SETTLE.bodyBytesHashed)).digest('base64') : '';
  return `${request.method()} ${url.origin}${url.pathname}${url.search} ${hash}`;
}
