import { LIMITS } from '#shared/limits.ts';
import { shownUrl } from '#shared/target-url.ts';
import { matchesUrl } from '../glob.ts';
import { isGraphqlQuery } from './graphql-query.ts';
import type { PausedRequest } from './paused-request.ts';

export type BlockedWrite = { method: string; url: string; kind: string; count: number };
export type ReadOnlyRules = {
  /** Whether a request may change something at the site; if so it is noted. */
  refuses(event: PausedRequest): boolean;
  /** Notes a message that a WebSocket was kept from sending. */
  refuseMessage(url: string): void;
  /** Notes a window that was kept from opening; `method` is that of a form, or `OPEN`. */
  refuseWindow(method: string, url: string): void;
  blocked(): BlockedWrite[];
};

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Headers by which a server takes a harmless method for another. */
const OVERRIDES = /^x-(http-method|http-method-override|method-override)$/i;
const KINDS: Record<string, string> = { Document: 'form', XHR: 'fetch', Fetch: 'fetch', Ping: 'beacon', CSPViolationReport: 'report' };

/** Decides which requests of a page are writes. `allow` are globs of addresses that take queries by POST. */
export function createReadOnlyRules(allow: readonly string[]): ReadOnlyRules {
  const blocked = new Map<string, BlockedWrite>();
  const note = (method: string, href: string, kind: string) => {
    const url = shownUrl(href).slice(0, LIMITS.urlCharsMax);
    const key = `${method} ${kind} ${url}`;
    const entry = blocked.get(key);
    if (entry) entry.count += 1;
    // A page can make up any number of addresses.
    else if (blocked.size < LIMITS.blockedShownMax) blocked.set(key, { method, url, kind, count: 1 });
  };
  return {
    refuses: (event) => {
      const { url, method } = event.request;
      if (!isWrite(event) || allow.some((pattern) => matchesUrl(pattern, url, { strict: true }))) return false;
      note(method.slice(0, 20), url, kindOf(event));
      return true;
    },
    refuseMessage: (url) => note('SEND', url, 'websocket'),
    refuseWindow: (method, url) => note(method, url, 'popup'),
    blocked: () => [...blocked.values()],
  };
}

function isWrite({ request }: PausedRequest): boolean {
  const method = request.method.toUpperCase();
  const overrides = Object.entries(request.headers).filter(([name]) => OVERRIDES.test(name));
  if (SAFE.has(method)) return overrides.some(([, value]) => !SAFE.has(value.trim().toUpperCase()));
  if (method !== 'POST' || overrides.length > 0) return true;
  return !isGraphqlQuery(request.url, headerOf(request.headers, 'content-type'), request.postData ?? '');
}

function kindOf(event: PausedRequest): string {
  const kind = KINDS[event.resourceType] ?? 'other';
  return kind === 'beacon' && headerOf(event.request.headers, 'content-type').startsWith('text/ping') ? 'ping' : kind;
}

function headerOf(headers: Record<string, string>, name: string): string {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
}
