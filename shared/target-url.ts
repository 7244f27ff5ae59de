import { LIMITS } from './limits.ts';

/** A target that passed intake: `href` is what is used from here on, and it is never parsed a second time. */
export type TargetUrl = { href: string; origin: string; host: string; port: number; path: string };
export type TargetUrlResult = { ok: true; target: TargetUrl } | { ok: false; message: string };

/** RFC 1035 2.3.4, written as text without the final dot. */
const HOST_CHARS_MAX = 253;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\u0000-\u0020\u007f\\\u2028\u2029]/;

/**
 * Decides whether a URL may be a capture's target, by its form alone: https, no user info, a host name and no IP
 * literal, nothing that a URL parser would repair (CVE-2024-21544 and its kin), at most 2,048 characters. One trailing
 * dot of the host is removed. Whether the host and port are allowed is for `matchAllowedDomain` to say.
 */
export function parseTargetUrl(raw: string): TargetUrlResult {
  const refuse = (message: string): TargetUrlResult => ({ ok: false, message });
  if (raw === '') return refuse('The URL is empty: give an https:// URL.');
  if (raw.length > LIMITS.urlCharsMax) return refuse(`The URL is longer than ${LIMITS.urlCharsMax} characters.`);
  if (FORBIDDEN.test(raw)) return refuse('The URL holds a space, a backslash or a control character: encode it.');
  if (!/^https:\/\/[^/?#]/i.test(raw)) return refuse('The URL must begin with https:// and a host.');
  if (!URL.canParse(raw)) return refuse('The URL cannot be parsed.');
  const url = new URL(raw);
  if (url.protocol !== 'https:') return refuse('Only https URLs can be captured.');
  if (url.username !== '' || url.password !== '' || /^https:\/\/[^/?#]*@/i.test(raw))
    return refuse('The URL may not hold a user name or password: use auth.httpCredentials.');
  if (isIpLiteral(url.hostname)) return refuse('The host is an IP address: use its name.');
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  if (url.hostname === '' || url.hostname.split('.').some((label) => label === '' || label.length > 63))
    return refuse('The host has an empty or overlong label.');
  if (!isHostName(url.hostname)) return refuse('The host holds a character that host names cannot have, or is too long.');
  return {
    ok: true,
    target: { href: url.href, origin: url.origin, host: url.hostname, port: Number(url.port || 443), path: url.pathname },
  };
}

/**
 * Tells whether a parsed host could be looked up at all: letters, digits, hyphens and underscores, at most 253 characters.
 * URL parsers also let `*`, `;`, quotes and braces pass, and a wildcard entry would then cover `evil;.example.com`.
 */
export function isHostName(hostname: string): boolean {
  return (
    hostname.length <= HOST_CHARS_MAX && !/(^|\.)xn--(\.|$)/.test(hostname) && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(hostname)
  );
}

/** Tells whether a parsed host name is an IP address in any of the forms that a URL parser yields. */
export function isIpLiteral(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}\.?$/.test(hostname);
}

/** Writes a URL as people may see it: no user info, the query as `?…`, no fragment. Not a URL: an empty string. */
export function shownUrl(href: string): string {
  if (!URL.canParse(href)) return '';
  const url = new URL(href);
  return `${url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin}${url.pathname}${url.search ? '?…' : ''}`;
}
