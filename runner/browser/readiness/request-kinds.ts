import { createHash } from 'node:crypto';
import type { Request } from 'playwright';

/** Waits of the network part of readiness, in milliseconds; what each is for stands where it is used. */
export const PATIENCE = {
  image: 1000,
  slowImage: 8000,
  foreign: 5000,
  foreignDocument: 8000,
  /** Browsers show the text in another font after three seconds; twice that, and it is what people see. */
  font: 6000,
  poll: 400,
  feed: 2500,
  scripted: 8000,
} as const;
const REPEATS = { same: 3, sameImage: 8, samePath: 10 } as const;
const BODY_BYTES_HASHED = 65_536;
const NEVER_AWAITED = new Set(['ping', 'eventsource', 'websocket', 'media', 'manifest', 'texttrack', 'cspreport', 'prefetch']);
/** Addresses that say of themselves that they hang until there is news, or that nobody reads the answer. */
const POLL_WORDS =
  /(^|[/_.-])(long-?poll|poll|polling|longpolling|comet|sockjs|socket\.io|signalr|heartbeat|keep-?alive|telemetry|beacon|collect|rum|metrics-ingest)([/_.-]|$)/i;
const POLL_QUERY = /[?&](?:feed=(?:longpoll|continuous)|transport=(?:long)?polling|wait=\d|timeout=\d{4,}|lastEventId=)/i;
/** What an address that asks for news since the last time has, and some that do not: no reason to wait for longer. */
const NEWS_QUERY = /[?&](?:since|after|last\w*|seq\w*|rev|etag|version|timeout|wait|poll\w*)=/i;
/** Addresses that often do, and often do not. */
const FEED_WORDS =
  /(^|[/_.-])(updates?|events?|stream|streaming|subscribe|subscriptions?|notifications?|changes|_changes|live|presence|sync|listen|watch)([/_.-]|$)/i;
const VOLATILE = /^(_|t|ts|time|timestamp|cb|cache-?buster|nocache|rnd|rand|nonce)$/i;

export type Repeats = {
  /** What was asked for under one path so far says nothing of what is now: a list is about to be asked for its next page. */
  startOver(): void;
  /** Notes a start and tells whether this is a poll. */
  isPoll(request: Request): boolean;
  /** Whether this was answered before: the same request, or for what is asked by address alone another of its path. */
  wasAnswered(request: Request): boolean;
  /** Notes an answer or an end, whichever comes first. */
  ended(request: Request): void;
};

/** Whether the picture may depend on a request at all. */
export function counts(request: Request): boolean {
  return /^https?:/.test(request.url()) && !NEVER_AWAITED.has(request.resourceType()) && !request.url().endsWith('/favicon.ico');
}

export function isScripted(request: Request): boolean {
  return /^(xhr|fetch)$/.test(request.resourceType());
}

/**
 * How long a request may hold up the picture in milliseconds; null: until it ends. Styles and scripts of the page's own
 * hosts have no such time, since without them there is no page.
 */
export function patienceFor(request: Request, isOwn: boolean): number | null {
  const type = request.resourceType();
  if (type === 'image') return PATIENCE.image;
  if (type === 'font') return isOwn ? PATIENCE.font : PATIENCE.foreign;
  if (type === 'document') return isOwn ? null : PATIENCE.foreignDocument;
  if (isScripted(request)) {
    const { pathname, search } = new URL(request.url());
    if (POLL_WORDS.test(pathname) || POLL_QUERY.test(search)) return PATIENCE.poll;
    if (FEED_WORDS.test(pathname)) return PATIENCE.feed;
    return isOwn ? PATIENCE.scripted : PATIENCE.foreign;
  }
  return isOwn ? null : PATIENCE.foreign;
}

/**
 * Whether a page waits for this request as it waits for its own data: asked for the first time, of its own hosts, and by an
 * address that says nothing of hanging. Such a one is as slow as it is.
 */
export function isPlain(request: Request, isOwn: boolean, repeats: Repeats): boolean {
  const { search } = new URL(request.url());
  return patienceFor(request, isOwn) === PATIENCE.scripted && !NEWS_QUERY.test(search) && !repeats.wasAnswered(request);
}

/**
 * A poll is what is asked for again and again, each time after the last answer: the same address and body the third
 * time, or one path many times over. Requests side by side are a dashboard that loads its panels, never a poll.
 */
export function watchRepeats(): Repeats {
  const seen = new Map<string, { starts: number; open: number; answered: boolean }>();
  const under = new WeakSet<Request>();
  const start = (key: string) => {
    const entry = seen.get(key) ?? { starts: 0, open: 0, answered: false };
    entry.starts++;
    entry.open++;
    seen.set(key, entry);
    return entry.open <= 1 ? entry.starts : 0;
  };
  return {
    isPoll: (request) => {
      const isImage = request.resourceType() === 'image';
      if (!isScripted(request) && !isImage) return false;
      under.add(request);
      const identity = identityOf(request);
      const same = start(identity);
      const path = start(pathOf(request));
      // Nobody needs one thing this often, however slow the answers: a beacon by interval overlaps on a busy machine.
      const isBeacon = (seen.get(identity)?.starts ?? 0) >= REPEATS.sameImage;
      return isBeacon || (!isImage && same >= REPEATS.same) || path >= REPEATS.samePath;
    },
    startOver: () => {
      for (const [key, entry] of seen) if (key.startsWith(PATH)) entry.starts = 0;
    },
    wasAnswered: (request) => {
      const keys = request.method() === 'GET' ? [identityOf(request), pathOf(request)] : [identityOf(request)];
      return keys.some((key) => seen.get(key)?.answered === true);
    },
    ended: (request) => {
      if (!under.delete(request)) return;
      for (const key of [identityOf(request), pathOf(request)]) {
        const entry = seen.get(key);
        if (!entry) continue;
        entry.answered = true;
        if (entry.open > 0) entry.open--;
      }
    },
  };
}

/** Method, address without cache breakers, and body: a second GraphQL query to one address is another request. */
export function identityOf(request: Request): string {
  const url = new URL(request.url());
  for (const name of [...url.searchParams.keys()])
    if (VOLATILE.test(name) || /^\d{10,}$/.test(url.searchParams.get(name) ?? '')) url.searchParams.delete(name);
  const body = request.postDataBuffer();
  const hash = body ? createHash('sha1').update(body.subarray(0, BODY_BYTES_HASHED)).digest('base64') : '';
  return `${request.method()} ${url.origin}${url.pathname}${url.search} ${hash}`;
}

const PATH = 'path ';
function pathOf(request: Request): string {
  const url = new URL(request.url());
  return `${PATH}${request.method()} ${url.origin}${url.pathname}`;
}
