import { type AllowedDomain, coversSubtree, isPublicSuffix, matchAllowedDomain, matchesHost } from './allowed-domain.ts';
import type { AuthState, Cookie, StorageState, WebStorage } from './auth-state.ts';
import { LIMITS } from './limits.ts';
import type { FieldError } from './problem.ts';
import type { TargetUrl } from './target-url.ts';

export type RejectedItem = { name: string; reason: string };
/** The auth state in its one canonical form: what the runner puts into the browser context. */
export type ResolvedAuth = {
  cookies: (Cookie & { domain: string; path: string })[];
  localStorage: Record<string, Record<string, string>>;
  sessionStorage: Record<string, Record<string, string>>;
  indexedDB: StorageState['origins'];
  headers: Record<string, string>;
  headerOrigins: string[];
  httpCredentials: { username: string; password: string; origin: string } | null;
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
    const result = resolveCookie(cookie, target, domains);
    if ('reason' in result)
      errors.push({ path: `auth.cookies[${index}]${result.field ? `.${result.field}` : ''}`, message: result.reason });
    else cookies.push(result.cookie);
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
  const httpCredentials = auth.httpCredentials ? { ...auth.httpCredentials, origin: target.origin } : null;
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

type CookieResult = { cookie: ResolvedAuth['cookies'][number] } | { reason: string; field?: string };

function resolveCookie(cookie: Cookie, target: TargetUrl, domains: readonly AllowedDomain[]): CookieResult {
  const fault = cookieFault(cookie);
  if (fault) return fault;
  if (cookie.url !== undefined && cookie.domain !== undefined) return { field: 'url', reason: 'contradicts `domain`: give one of them' };
  let domain = cookie.domain?.toLowerCase() ?? target.host;
  if (cookie.url !== undefined) {
    if (!URL.canParse(cookie.url) || new URL(cookie.url).protocol !== 'https:') return { field: 'url', reason: 'must be an https URL' };
    domain = new URL(cookie.url).hostname;
  }
  const base = domain.replace(/^\./, '');
  const field = cookie.url !== undefined ? 'url' : 'domain';
  if (isPublicSuffix(base)) return { field, reason: `${base} is a public suffix: no browser should send a cookie to all of it` };
  if (domain.startsWith('.') ? !coversSubtree(domains, base) : !domains.some((entry) => matchesHost(entry.host, base))) {
    return {
      field,
      reason: domain.startsWith('.')
        ? `is for every host below ${base}, but *.${base} is not an allowed domain: add it, or drop the leading dot`
        : `${base} is not an allowed domain`,
    };
  }
  if (cookie.name.startsWith('__Host-') && (domain.startsWith('.') || (cookie.path ?? '/') !== '/' || cookie.secure === false))
    return { field: 'name', reason: 'a __Host- cookie must be secure, host-only and for the path /' };
  const { url: _url, ...rest } = cookie;
  return {
    cookie: {
      ...rest,
      domain,
      path: cookie.path ?? '/',
      secure: cookie.secure ?? true,
      ...(cookie.sameSite ? {} : { sameSite: 'Lax' as const }),
    },
  };
}

function cookieFault(cookie: Cookie): { reason: string; field: string } | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 6265bis 5.6 refuses control characters
  const control = /[\u0000-\u001f\u007f]/;
  if (cookie.name === '' && cookie.value === '') return { field: 'name', reason: 'must not be empty' };
  if (control.test(cookie.name) || /[;=,\s]/.test(cookie.name))
    return { field: 'name', reason: 'holds a character that cookie names cannot have' };
  if (control.test(cookie.value) || cookie.value.includes(';'))
    return { field: 'value', reason: 'holds a character that cookie values cannot have' };
  if (new TextEncoder().encode(cookie.name + cookie.value).length > LIMITS.cookieBytesMax)
    return { field: 'value', reason: `name and value together are over ${LIMITS.cookieBytesMax} bytes` };
  if (cookie.path !== undefined && (!cookie.path.startsWith('/') || control.test(cookie.path)))
    return { field: 'path', reason: 'must begin with /' };
  if (cookie.name.startsWith('__Secure-') && cookie.secure === false) return { field: 'name', reason: 'a __Secure- cookie must be secure' };
  if (cookie.sameSite === 'None' && cookie.secure === false) return { field: 'sameSite', reason: 'None needs `secure: true`' };
  if (cookie.expires !== undefined && cookie.expires !== -1 && cookie.expires * 1000 < Date.now())
    return { field: 'expires', reason: 'lies in the past: this cookie has run out' };
  return null;
}

function originFault(origin: string, domains: readonly AllowedDomain[]): string | null {
  if (!URL.canParse(origin)) return 'is not an origin such as https://app.example.com';
  const url = new URL(origin);
  if (url.protocol !== 'https:') return 'must be an https origin';
  if (url.pathname !== '/' || url.search || url.hash || url.username) return 'must be an origin alone, without a path';
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
    const result = resolveCookie(cookie, { href: '', origin: '', host, port: 443, path: '/' }, domains);
    if ('reason' in result) rejected.push({ name: raw.name, reason: result.field ? `${result.field}: ${result.reason}` : result.reason });
    else cookies.push({ ...result.cookie, secure: cookie.secure ?? false });
  }
  for (const entry of state?.origins ?? []) {
    const fault = originFault(entry.origin, domains);
    if (fault) {
      rejected.push({ name: URL.canParse(entry.origin) ? new URL(entry.origin).origin : 'origin', reason: fault });
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
    else if (checkOrigin(key, `${path}.${key}`)) nested[new URL(key).origin] = value;
  }
  return Object.keys(flat).length > 0 ? { [target.origin]: flat } : nested;
}

function merge(a: Record<string, Record<string, string>>, b: Record<string, Record<string, string>>) {
  const out = { ...a };
  for (const [origin, items] of Object.entries(b)) out[origin] = { ...out[origin], ...items };
  return out;
}
