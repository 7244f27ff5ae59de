import { type AllowedDomain, coversSubtree, isPublicSuffix, matchAllowedDomain, matchesHost } from './allowed-domain.ts';
import type { AuthState, Cookie, StorageState, WebStorage } from './auth-state.ts';
import type { AuthItem } from './capture.ts';
import { cookieFaults } from './cookie-faults.ts';
import type { FieldError } from './problem.ts';
import { parseTargetUrl, type TargetUrl } from './target-url.ts';

/** A password in an origin is refused and must not come back in the path of that fault. */
const USER_INFO = /\/\/[^/]*@/;

/** A part that was left out. `kind` and `at` say what and where it was, as far as that is known. */
export type RejectedItem = { name: string; reason: string; kind?: AuthItem['kind'] | undefined; at?: string | undefined };
/** The auth state in its one canonical form: what the runner puts into the browser context. */
export type ResolvedAuth = {
  cookies: (Cookie & { domain: string; path: string })[];
  localStorage: Record<string, Record<string, string>>;
  sessionStorage: Record<string, Record<string, string>>;
  indexedDB: StorageState['origins'];
  headers: Record<string, string>;
  headerOrigins: string[];
  httpCredentials: { username: string; password: string; origin: string; send?: 'unauthorized' | 'always' | undefined } | null;
  rejected: RejectedItem[];
};
export type AuthResult = { auth: ResolvedAuth; errors: FieldError[] };

/**
 * Holds an auth state against the allowed domains and brings it into its canonical form. What the caller wrote out
 * (`cookies`, `localStorage`, `headers` …) and is not allowed is an error with its path; entries of a `storageState`,
 * which people paste whole, are dropped and listed in `rejected` with the reason.
 */
export function resolveAuth(auth: AuthState, target: TargetUrl, domains: readonly AllowedDomain[]): AuthResult {
  const errors: FieldError[] = [];
  const rejected: RejectedItem[] = [];
  const stored = storageStateParts(auth.storageState, domains, rejected);
  const cookies = [...stored.cookies];
  (auth.cookies ?? []).forEach((cookie, index) => {
    const { faults, resolved } = resolveCookie(cookie, target, domains);
    errors.push(...faults.map(({ field, reason }) => ({ path: `auth.cookies[${index}].${field}`, message: reason })));
    if (faults.length === 0) cookies.push(resolved);
  });
  const checkOrigin = (origin: string, path: string) => {
    const fault = originFault(origin, domains);
    if (fault) errors.push({ path, message: fault });
    return fault === null;
  };
  const localStorage = merge(stored.localStorage, byOrigin(auth.localStorage, target, 'auth.localStorage', checkOrigin));
  const sessionStorage = byOrigin(auth.sessionStorage, target, 'auth.sessionStorage', checkOrigin);
  const headerOrigins = (auth.origins ?? [target.origin])
    .filter((origin, index) => checkOrigin(origin, `auth.origins[${index}]`))
    .map((origin) => new URL(origin).origin);
  const headers = { ...auth.headers, ...(auth.bearer ? { Authorization: `Bearer ${auth.bearer}` } : {}) };
  if (auth.bearer && Object.keys(auth.headers ?? {}).some((name) => name.toLowerCase() === 'authorization'))
    errors.push({ path: 'auth.bearer', message: 'contradicts `auth.headers.Authorization`: give one of them' });
  const httpCredentials = resolveCredentials(auth, target, checkOrigin);
  if (httpCredentials?.send === 'always' && Object.keys(headers).some((name) => name.toLowerCase() === 'authorization'))
    errors.push({ path: 'auth.httpCredentials.send', message: 'contradicts an `Authorization` header: give one of them' });
  return {
    auth: { cookies, localStorage, sessionStorage, indexedDB: stored.indexedDB, headers, headerOrigins, httpCredentials, rejected },
    errors,
  };
}

/** Counts what a receipt shows of an auth state: numbers, never names or values. */
export function countAuth(auth: ResolvedAuth): { cookies: number; origins: number } {
  const origins = new Set([
    ...Object.keys(auth.localStorage),
    ...Object.keys(auth.sessionStorage),
    ...auth.indexedDB.map((entry) => entry.origin),
  ]);
  return { cookies: auth.cookies.length, origins: origins.size };
}

function resolveCredentials(auth: AuthState, target: TargetUrl, checkOrigin: (origin: string, path: string) => boolean) {
  if (!auth.httpCredentials) return null;
  const { origin = target.origin, ...rest } = auth.httpCredentials;
  return checkOrigin(origin, 'auth.httpCredentials.origin') ? { ...rest, origin: new URL(origin).origin } : null;
}

type ResolvedCookie = ResolvedAuth['cookies'][number];

function resolveCookie(cookie: Cookie, target: TargetUrl, domains: readonly AllowedDomain[]) {
  const byUrl = cookie.url !== undefined && URL.canParse(cookie.url) ? new URL(cookie.url) : null;
  const domain = byUrl?.hostname ?? cookie.domain?.toLowerCase() ?? target.host;
  const faults = cookieFaults(cookie, domain);
  const base = domain.replace(/^\./, '');
  const field = cookie.url !== undefined ? 'url' : 'domain';
  if (isPublicSuffix(base)) faults.push({ field, reason: `${base} is a public suffix: no browser should send a cookie to all of it` });
  else if (domain.startsWith('.') ? !coversSubtree(domains, base) : !domains.some((entry) => matchesHost(entry.host, base))) {
    const reason = domain.startsWith('.')
      ? `is for every host below ${base}, but *.${base} is not an allowed domain: add it, or drop the leading dot`
      : `${base} is not an allowed domain`;
    if (field === 'domain' || byUrl) faults.push({ field, reason });
  }
  const { url: _url, ...rest } = cookie;
  const resolved: ResolvedCookie = {
    ...rest,
    domain,
    path: cookie.path ?? '/',
    secure: cookie.secure ?? true,
    ...(cookie.sameSite ? {} : { sameSite: 'Lax' as const }),
  };
  return { faults, resolved };
}

function originFault(origin: string, domains: readonly AllowedDomain[]): string | null {
  if (!URL.canParse(origin)) return 'is not an origin such as https://app.example.com';
  const url = new URL(origin);
  if (url.protocol !== 'https:') return 'must be an https origin';
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password) return 'must be an origin alone, without a path';
  // What a parser repairs in silence (spaces, backslashes, line breaks) is no origin that anybody meant.
  if (!parseTargetUrl(origin).ok) return 'is not an origin such as https://app.example.com';
  return matchAllowedDomain(domains, url.hostname, Number(url.port || 443)) ? null : `${url.host} is not an allowed domain`;
}

function storageStateParts(state: StorageState | undefined, domains: readonly AllowedDomain[], rejected: RejectedItem[]) {
  const cookies: ResolvedAuth['cookies'] = [];
  const localStorage: ResolvedAuth['localStorage'] = {};
  const indexedDB: StorageState['origins'] = [];
  for (const raw of state?.cookies ?? []) {
    const sameSite = (['Strict', 'Lax', 'None'] as const).find((value) => value === raw.sameSite);
    const cookie: Cookie = {
      name: raw.name,
      value: raw.value,
      domain: raw.domain,
      path: raw.path,
      ...(typeof raw.expires === 'number' ? { expires: raw.expires } : {}),
      httpOnly: raw.httpOnly === true,
      secure: raw.secure === true,
      ...(sameSite ? { sameSite } : {}),
      ...(typeof raw.partitionKey === 'string' ? { partitionKey: raw.partitionKey } : {}),
    };
    const host = raw.domain.replace(/^\./, '');
    const { faults, resolved } = resolveCookie(cookie, { href: '', origin: '', host, port: 443, path: '/' }, domains);
    const reason = faults.map((fault) => `${fault.field}: ${fault.reason}`).join('; ');
    if (reason) rejected.push({ name: raw.name, reason, kind: 'cookie', at: raw.domain });
    else cookies.push({ ...resolved, secure: cookie.secure ?? false });
  }
  for (const entry of state?.origins ?? []) {
    const fault = originFault(entry.origin, domains);
    if (fault) {
      const origin = URL.canParse(entry.origin) ? new URL(entry.origin).origin : 'origin';
      const kind = entry.localStorage.length === 0 && entry.indexedDB?.length ? 'indexedDB' : 'localStorage';
      rejected.push({ name: origin, reason: fault, kind, at: origin });
      continue;
    }
    const origin = new URL(entry.origin).origin;
    if (entry.localStorage.length > 0) localStorage[origin] = Object.fromEntries(entry.localStorage.map((item) => [item.name, item.value]));
    if (entry.indexedDB && entry.indexedDB.length > 0) indexedDB.push({ ...entry, origin, localStorage: [] });
  }
  return { cookies, localStorage, indexedDB };
}

function byOrigin(
  storage: WebStorage | undefined,
  target: TargetUrl,
  path: string,
  checkOrigin: (origin: string, path: string) => boolean,
): Record<string, Record<string, string>> {
  if (!storage) return {};
  const nested: Record<string, Record<string, string>> = {};
  const flat: Record<string, string> = {};
  for (const [key, value] of Object.entries(storage)) {
    if (typeof value === 'string') flat[key] = value;
    else if (checkOrigin(key, `${path}.${key.replace(USER_INFO, '//')}`)) nested[new URL(key).origin] = value;
  }
  return Object.keys(flat).length > 0 ? { [target.origin]: flat } : nested;
}

function merge(a: Record<string, Record<string, string>>, b: Record<string, Record<string, string>>) {
  const out = { ...a };
  for (const [origin, items] of Object.entries(b)) out[origin] = { ...out[origin], ...items };
  return out;
}
