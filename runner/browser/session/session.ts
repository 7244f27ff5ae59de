import type { BrowserContext, CDPSession, Page } from 'playwright';
import { countAuth, type RejectedItem, type ResolvedAuth } from '#shared/auth-policy.ts';
import { makeReceipt, partsOf } from '#shared/auth-receipt.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Observed } from '#shared/runner-protocol.ts';
import type { CaptureRun } from '../capture-run.ts';
import type { OriginHeaders } from '../visit/navigation-guard.ts';
import { type Seed, seedFirstDocument } from './seed-first-document.ts';
import { type StorageItems, writeStorage } from './write-storage.ts';

type AuthReceipt = NonNullable<Observed['auth']>;
type AuthCookie = ResolvedAuth['cookies'][number];
/** The receipt, and what of it Chromium refused: the capture must not go on without a part of the caller's session. */
export type AppliedAuth = { receipt: AuthReceipt; refused: RejectedItem[]; seed: Seed | null };

/** A page that has loaded nothing yet. */
export type FreshTab = { page: Page; cdp: CDPSession; run: CaptureRun };

const SEED_MS_MAX = 10_000;
/** More than this may be over the browser's quota: only a visit can tell which item it was. */
const SCRIPT_CHARS_MAX = 2 * 1024 * 1024;

/**
 * The part of an auth state that a context takes when it is made: IndexedDB, which Playwright restores, and the
 * credentials for the origin that may ask for them.
 */
export function authContextOptions(auth: ResolvedAuth | null) {
  if (!auth) return {};
  const origins = auth.indexedDB.map((entry) => ({ ...entry, localStorage: [] }));
  return {
    ...(origins.length > 0 ? { storageState: { cookies: [], origins } } : {}),
    ...(auth.httpCredentials ? { httpCredentials: withoutSend(auth.httpCredentials) } : {}),
  };
}

/** `send: "always"` is done by the headers of the origin: what Playwright calls so is for its own requests only. */
function withoutSend({ username, password, origin }: NonNullable<ResolvedAuth['httpCredentials']>) {
  return { username, password, origin };
}

/** The headers of an auth state and the origins that they go to. */
export function authHeaders(auth: ResolvedAuth | null): OriginHeaders[] {
  if (!auth) return [];
  const { httpCredentials, headers, headerOrigins } = auth;
  if (httpCredentials?.send !== 'always') return [{ origins: headerOrigins, headers }];
  const basic = Buffer.from(`${httpCredentials.username}:${httpCredentials.password}`, 'utf8').toString('base64');
  return [
    { origins: headerOrigins, headers },
    { origins: [httpCredentials.origin], headers: { Authorization: `Basic ${basic}` } },
  ];
}

/**
 * Puts cookies, localStorage and sessionStorage into a fresh page before anything is loaded: the first script of the
 * app finds them, and a token that the app rotates stays rotated, because nothing is ever set a second time.
 */
export async function applyAuth(tab: FreshTab, auth: ResolvedAuth, target: { origin: string }): Promise<AppliedAuth> {
  const setting = applyCookies(tab.page.context(), auth.cookies, tab.run);
  const origins = new Set([...Object.keys(auth.localStorage), ...Object.keys(auth.sessionStorage)]);
  const items = itemsOf(auth, target.origin);
  const byScript = JSON.stringify(items).length <= SCRIPT_CHARS_MAX && origins.delete(target.origin);
  const seeding = byScript ? tab.run.within(SEED_MS_MAX, seedFirstDocument(tab.cdp, target.origin, items)) : null;
  const [refused, seed] = await Promise.all([setting, seeding]);
  refused.push(...(await seedByVisit(tab, auth, [...origins])));
  const counts = countAuth(auth);
  const names = new Set(refused.map((item) => item.name));
  return {
    receipt: makeReceipt(
      {
        cookies: auth.cookies.filter((cookie) => !names.has(cookie.name)).length,
        origins: counts.origins,
        rejected: [...auth.rejected, ...refused],
      },
      partsOf(auth)
        .filter((part) => !names.has(part.name))
        .map((part) => ({ ...part, status: 'never_sent' as const })),
    ),
    refused,
    seed,
  };
}

/**
 * Sets the cookies, all at once if that works. Chromium refuses a batch whole, with one opaque error, so after a refusal
 * they are set one by one to find the one at fault; and it drops some silently, so the jar is read back in any case.
 */
async function applyCookies(context: BrowserContext, cookies: readonly AuthCookie[], run: CaptureRun): Promise<RejectedItem[]> {
  if (cookies.length === 0) return [];
  const refused: RejectedItem[] = [];
  const set = (batch: readonly AuthCookie[]) => run.within(SEED_MS_MAX, context.addCookies(batch.map(toPlaywrightCookie)));
  const wanted = cookies.slice(0, LIMITS.cookiesMax);
  const together = await set(wanted).then(
    () => true,
    () => false,
  ); // A refusal is told apart cookie by cookie below.
  if (run.stopped()) return refused;
  if (!together) {
    for (const cookie of wanted) {
      const applied = await set([cookie]).then(
        () => true,
        () => false,
      ); // The name and the reason are what is reported.
      if (!applied) refused.push(refusal(cookie));
    }
  }
  const jar = await run.within(SEED_MS_MAX, context.cookies());
  for (const cookie of wanted) {
    if (refused.some((item) => item.name === cookie.name)) continue;
    if (!jar.some((kept) => isSameCookie(kept, cookie))) refused.push(refusal(cookie));
  }
  return refused;
}

/** Tells whether a cookie of the jar is the one that was given: by name, domain and path. */
export function isSameCookie(
  kept: { name: string; domain: string; path: string },
  given: { name: string; domain: string; path: string },
): boolean {
  return kept.name === given.name && kept.domain.toLowerCase() === given.domain.toLowerCase() && kept.path === given.path;
}

function toPlaywrightCookie(cookie: AuthCookie) {
  const { name, value, domain, path, expires, httpOnly, secure, sameSite, partitionKey } = cookie;
  const given = { expires, httpOnly, secure, sameSite, partitionKey, ...partitionAncestry(cookie) };
  return { name, value, domain, path, ...Object.fromEntries(Object.entries(given).filter(([, entry]) => entry !== undefined)) };
}

/**
 * A partitioned cookie belongs to a frame among strangers or to the top level of its own site, and Chromium keeps the two
 * apart. Playwright assumes the first; a cookie of the partition's own site is the second and would never be sent.
 */
function partitionAncestry({ domain, partitionKey }: AuthCookie): { _crHasCrossSiteAncestor?: boolean } {
  if (partitionKey === undefined || !URL.canParse(partitionKey)) return {};
  const site = new URL(partitionKey).hostname;
  const host = domain.replace(/^\./, '');
  return { _crHasCrossSiteAncestor: host !== site && !host.endsWith(`.${site}`) };
}

function refusal(cookie: AuthCookie): RejectedItem {
  return { name: cookie.name, reason: refusalReason(cookie), kind: 'cookie', at: cookie.domain };
}

function refusalReason(cookie: AuthCookie): string {
  if (cookie.name.startsWith('__Host-') && (cookie.domain.startsWith('.') || cookie.path !== '/' || cookie.secure === false))
    return 'the browser refused it: a __Host- cookie must be secure, host-only and for the path /';
  if (cookie.name.startsWith('__Secure-') && cookie.secure === false) return 'the browser refused it: a __Secure- cookie must be secure';
  if (cookie.sameSite === 'None' && cookie.secure === false) return 'the browser refused it: SameSite=None needs secure';
  if (cookie.expires !== undefined && cookie.expires !== -1 && cookie.expires * 1000 < Date.now())
    return 'the browser refused it: it has run out';
  if (cookie.partitionKey !== undefined) return 'the browser refused it: the partition key must be a site such as https://example.com';
  return 'the browser refused it: check domain, path and the characters of name and value';
}

function itemsOf(auth: ResolvedAuth, origin: string): StorageItems {
  return { local: Object.entries(auth.localStorage[origin] ?? {}), session: Object.entries(auth.sessionStorage[origin] ?? {}) };
}

/**
 * Writes the items of origins other than the target's, those of embedded frames, each from an empty document of that
 * origin, made here and answered before it reaches the network. A frame may load in a process of its own, where no
 * script of the tab runs first. It runs in the tab that is captured: sessionStorage belongs to a tab and an origin.
 */
async function seedByVisit({ page, cdp, run }: FreshTab, auth: ResolvedAuth, origins: readonly string[]): Promise<RejectedItem[]> {
  if (origins.length === 0) return [];
  const refused: RejectedItem[] = [];
  const onPaused = (event: PausedRequest) => answerEmpty(cdp, event);
  cdp.on('Fetch.requestPaused', onPaused);
  await run.within(SEED_MS_MAX, cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }));
  for (const origin of origins.slice(0, LIMITS.storageOriginsMax * 2)) {
    await run.within(SEED_MS_MAX, page.goto(`${origin}/`, { waitUntil: 'load', timeout: SEED_MS_MAX }));
    const faults = await run.within(SEED_MS_MAX, page.evaluate(writeStorage, itemsOf(auth, origin)));
    for (const fault of faults)
      refused.push({
        name: fault.name,
        kind: fault.area,
        at: origin,
        reason: `${fault.area} of ${origin}: ${fault.full ? 'over the quota of the browser' : 'the browser refused it'}`,
      });
  }
  await run.within(SEED_MS_MAX, cdp.send('Fetch.disable'));
  cdp.off('Fetch.requestPaused', onPaused);
  return refused;
}

type PausedRequest = { requestId: string; resourceType: string };

function answerEmpty(cdp: CDPSession, event: PausedRequest): void {
  const empty = { responseCode: 200, responseHeaders: [{ name: 'content-type', value: 'text/html; charset=utf-8' }], body: '' };
  const answer =
    event.resourceType === 'Document'
      ? cdp.send('Fetch.fulfillRequest', { requestId: event.requestId, ...empty })
      : cdp.send('Fetch.failRequest', { requestId: event.requestId, errorReason: 'Aborted' });
  answer.catch(() => undefined); // Rejects only when the page is gone; the navigation that waits for it then says so.
}
