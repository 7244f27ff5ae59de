import { isSite } from './allowed-domain.ts';
import type { Cookie } from './auth-state.ts';
import { LIMITS } from './limits.ts';
import { isHostName } from './target-url.ts';

export type CookieFault = { field: keyof Cookie; reason: string };

// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 6265bis 5.6 refuses control characters
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The last second of the year 9999: browsers take no later one, and Playwright refuses the whole batch for it. */
const EXPIRES_MAX = 253_402_300_799;

/**
 * Lists everything by which a browser would refuse a cookie, each with its field. Chromium refuses a batch whole and
 * without a reason, so each rule is told here. `domain` is the one that the cookie will have; allowed or not is not asked.
 */
export function cookieFaults(cookie: Cookie, domain: string, now = Date.now()): CookieFault[] {
  const { name, value, path, sameSite, expires, partitionKey } = cookie;
  const isInsecure = cookie.secure === false;
  const faults: CookieFault[] = [];
  const fault = (is: boolean, field: keyof Cookie, reason: string) => {
    if (is) faults.push({ field, reason });
  };
  fault(name === '' && value === '', 'name', 'must not be empty');
  fault(CONTROL.test(name) || /[;=,\s]/.test(name), 'name', 'holds a character that cookie names cannot have');
  fault(CONTROL.test(value) || value.includes(';'), 'value', 'holds a character that cookie values cannot have');
  fault(!isHostName(domain.replace(/^\./, '')), cookie.url === undefined ? 'domain' : 'url', 'is not a host name such as app.example.com');
  const bytes = new TextEncoder().encode(name + value).length;
  fault(bytes > LIMITS.cookieBytesMax, 'value', `name and value together are over ${LIMITS.cookieBytesMax} bytes`);
  fault(path !== undefined && (!path.startsWith('/') || CONTROL.test(path)), 'path', 'must begin with /');
  // Browsers heed the prefixes in any case of their letters.
  const isBoundToHost = !domain.startsWith('.') && (path ?? '/') === '/' && !isInsecure;
  fault(/^__host-/i.test(name) && !isBoundToHost, 'name', 'a __Host- cookie must be secure, host-only and for the path /');
  fault(/^__secure-/i.test(name) && isInsecure, 'name', 'a __Secure- cookie must be secure');
  fault(sameSite === 'None' && isInsecure, 'sameSite', 'None needs `secure: true`');
  fault(expires !== undefined && expires !== -1 && expires * 1000 < now, 'expires', 'lies in the past: this cookie has run out');
  fault(expires !== undefined && expires > EXPIRES_MAX, 'expires', 'lies beyond the year 9999: give seconds, not milliseconds');
  fault(partitionKey !== undefined && !isSiteUrl(partitionKey), 'partitionKey', 'must be a site such as https://example.com');
  fault(cookie.url !== undefined && cookie.domain !== undefined, 'url', 'contradicts `domain`: give one of them');
  if (cookie.url !== undefined) faults.push(...urlFaults(cookie.url, cookie.secure ?? true));
  return faults;
}

function urlFaults(url: string, isSecure: boolean): CookieFault[] {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'https:') return [];
  const isSecureOnHttp = protocol === 'http:' && isSecure;
  return [
    {
      field: 'url',
      reason: isSecureOnHttp ? 'must be an https URL: a secure cookie is never sent to an http one' : 'must be an https URL',
    },
  ];
}

function isSiteUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === 'https:' && url.pathname === '/' && !url.search && !url.hash && !url.username && isSite(url.hostname);
}
