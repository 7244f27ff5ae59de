import type { Page, Request } from 'playwright';
import type { ResolvedAuth } from '#shared/auth-policy.ts';
import { makeReceipt, partsOf } from '#shared/auth-receipt.ts';
import type { AuthItem, AuthReceipt } from '#shared/capture.ts';
import { readStorage } from './read-storage.ts';
import { isSameCookie } from './session.ts';
import { looksLikeSession } from './session-names.ts';

const REQUESTS_MAX = 2000;
/** Requests of one host that are looked into for a cookie before it counts as not sent. */
const LOOKED_INTO_MAX = 12;
const FINISH_MS_MAX = 1500;
const HEADERS_MS_MAX = 200;

export type AuthTrace = {
  /** Says how each part fared, by the requests that were made and by what is stored now. Never rejects; bounded. */
  finish(applied: AuthReceipt): Promise<AuthReceipt>;
};
type Fate = Pick<AuthItem, 'status' | 'reason'>;
/** `asked`: URLs of all requests; `answered`: those whose headers are known, because an answer has come. */
type Seen = { page: Page; auth: ResolvedAuth; asked: ReadonlySet<string>; answered: readonly Request[] };
const APPLIED: Fate = { status: 'applied' };

/** Follows what becomes of an auth state in a page, from before the first navigation. */
export function traceAuth(page: Page, auth: ResolvedAuth): AuthTrace {
  const asked = new Set<string>();
  const answered: Request[] = [];
  page.on('request', (request) => {
    if (asked.size < REQUESTS_MAX && /^https?:/.test(request.url())) asked.add(request.url());
  });
  page.on('response', (response) => {
    if (answered.length < REQUESTS_MAX) answered.push(response.request());
  });
  return {
    finish: async (applied) => {
      const { promise: late, resolve } = Promise.withResolvers<null>();
      const timer = setTimeout(() => resolve(null), FINISH_MS_MAX);
      // A page that is gone or does not answer takes its storage along: then the first receipt is what there is.
      const looked = await Promise.race([look({ page, auth, asked, answered }).catch(() => null), late]);
      clearTimeout(timer);
      return looked ? withItems(applied, auth, looked) : applied;
    },
  };
}

function withItems(applied: AuthReceipt, auth: ResolvedAuth, items: AuthItem[]): AuthReceipt {
  // What the browser refused is in the first receipt already, by its name.
  const rejected = applied.items?.filter((item) => item.status === 'rejected') ?? [];
  const kept = items.filter((item) => !rejected.some((each) => each.kind === item.kind && each.name === item.name));
  const isReplaced = items.some((item) =>
    item.status === 'replaced_by_site' || item.status === 'deleted_by_site' ? isSession(item, auth) : false,
  );
  const base = { cookies: applied.cookies, origins: applied.origins, rejected: [] };
  const receipt = makeReceipt(base, [...rejected, ...kept]);
  return { ...receipt, rejected: applied.rejected, sessionReplaced: isReplaced };
}

function isSession(item: AuthItem, auth: ResolvedAuth): boolean {
  const cookie = auth.cookies.find(({ name, domain }) => item.kind === 'cookie' && name === item.name && domain === item.at);
  return looksLikeSession(cookie ?? { name: item.name });
}

async function look(seen: Seen): Promise<AuthItem[]> {
  const cookies = await cookieFates(seen);
  const stored = await storageFates(seen);
  const credentials = credentialsFate(seen);
  const others = partsOf(seen.auth).filter(({ kind }) => kind === 'indexedDB' || kind === 'header');
  return [
    ...cookies,
    ...stored,
    ...others.map((part) => ({ ...part, ...(wasAsked(seen, part.at) ? APPLIED : neverAsked()) })),
    ...credentials,
  ];
}

async function cookieFates(seen: Seen): Promise<AuthItem[]> {
  const { page, auth } = seen;
  if (auth.cookies.length === 0) return [];
  const jar = await page.context().cookies();
  return await Promise.all(
    auth.cookies.map(async (cookie) => {
      const kept = jar.find((each) => isSameCookie(each, cookie));
      const part = { kind: 'cookie' as const, name: cookie.name, at: cookie.domain };
      const isOver = cookie.expires !== undefined && cookie.expires !== -1 && cookie.expires * 1000 <= Date.now();
      if (!kept && isOver) return { ...part, ...APPLIED, reason: 'ran out during the capture' };
      if (!kept) return { ...part, status: 'deleted_by_site' as const };
      if (kept.value !== cookie.value) return { ...part, status: 'replaced_by_site' as const };
      return { ...part, ...((await wasSent(seen, cookie)) ?? APPLIED) };
    }),
  );
}

type Given = ResolvedAuth['cookies'][number];

/** Null when the cookie went out with a request; else why it did not. */
async function wasSent({ asked, answered }: Seen, cookie: Given): Promise<Fate | null> {
  const host = cookie.domain.replace(/^\./, '').toLowerCase();
  const fits = (href: string) => {
    const url = new URL(href);
    const isHost = url.hostname === host || (cookie.domain.startsWith('.') && url.hostname.endsWith(`.${host}`));
    const isBelow = url.pathname.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`);
    return isHost && (isBelow || url.pathname === cookie.path);
  };
  if (![...asked].some(fits)) return { status: 'never_sent', reason: 'nothing was asked of its host and path' };
  const known = answered.filter((request) => fits(request.url())).slice(0, LOOKED_INTO_MAX);
  for (const request of known) {
    const sent = (await headersOf(request)).cookie ?? '';
    if (sent.split(/; ?/).some((pair) => pair.split('=')[0] === cookie.name || pair === cookie.value)) return null;
  }
  if (known.length === 0) return null;
  return {
    status: 'never_sent',
    reason: 'its host was asked, but not in a way that this cookie goes with: look at sameSite, secure and partitionKey',
  };
}

/** What went over the network. What came from a cache has no such headers, and is not waited for. */
async function headersOf(request: Request): Promise<Record<string, string>> {
  const { promise: late, resolve } = Promise.withResolvers<Record<string, string>>();
  const timer = setTimeout(() => resolve({}), HEADERS_MS_MAX);
  const headers = await Promise.race([request.allHeaders().catch(() => ({})), late]);
  clearTimeout(timer);
  return headers;
}

async function storageFates(seen: Seen): Promise<AuthItem[]> {
  const { page, auth } = seen;
  const parts = partsOf(auth).filter(({ kind }) => kind === 'localStorage' || kind === 'sessionStorage');
  const origins = [...new Set(parts.map(({ at }) => at))];
  const found = new Map<string, Awaited<ReturnType<typeof readFrom>>>();
  for (const origin of origins) found.set(origin, await readFrom(page, auth, origin));
  return parts.map(({ kind, name, at }) => {
    const area = kind === 'sessionStorage' ? ('sessionStorage' as const) : ('localStorage' as const);
    const part = { kind: area, name, at };
    const now = found.get(at);
    if (!wasAsked(seen, at)) return { ...part, ...neverAsked() };
    if (!now) return { ...part, ...APPLIED, reason: 'not read back: no document of its origin was open at the end' };
    const value = now[area][name];
    if (value === undefined || value === null) return { ...part, status: 'deleted_by_site' as const };
    return { ...part, status: value === auth[area][at]?.[name] ? ('applied' as const) : ('replaced_by_site' as const) };
  });
}

/** What the storage areas of an origin hold now under the names that were given; null without a document of it. */
async function readFrom(page: Page, auth: ResolvedAuth, origin: string) {
  const frame = page.frames().find((each) => URL.canParse(each.url()) && new URL(each.url()).origin === origin);
  if (!frame) return null;
  const names = {
    localStorage: Object.keys(auth.localStorage[origin] ?? {}),
    sessionStorage: Object.keys(auth.sessionStorage[origin] ?? {}),
  };
  // Rejects for a frame in a sandbox, which has no storage, and for one that is leaving.
  return await frame.evaluate(readStorage, names).catch(() => null);
}

function credentialsFate(seen: Seen): AuthItem[] {
  if (!seen.auth.httpCredentials) return [];
  const { origin, send } = seen.auth.httpCredentials;
  const part = { kind: 'httpCredentials' as const, name: 'basic', at: origin };
  if (!wasAsked(seen, origin)) return [{ ...part, ...neverAsked() }];
  // The browser answers a challenge by itself and shows neither the challenge nor the second request.
  return [{ ...part, ...APPLIED, ...(send === 'always' ? {} : { reason: 'kept ready for its origin; whether it asked is not seen' }) }];
}

function wasAsked({ asked }: Seen, origin: string): boolean {
  return [...asked].some((href) => new URL(href).origin === origin);
}

function neverAsked(): Fate {
  return { status: 'never_sent', reason: 'nothing was asked of its origin' };
}
