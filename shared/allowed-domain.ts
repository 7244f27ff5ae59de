import { parse } from 'tldts';
import { isIpLiteral } from './target-url.ts';

/** One entry of a workspace's list. `host` is exact or `*.` and a suffix (any depth below, not the apex itself). */
export type AllowedDomain = { host: string; port: number | null; isPrivate: boolean };
export type DomainResult = { ok: true; domain: AllowedDomain } | { ok: false; message: string };

/**
 * Reads what a person typed as an allowed domain: `app.example.com`, `*.example.com`, with `:port` if it is not 443.
 * Refuses schemes and paths, IP literals, misplaced wildcards, public suffixes and shared hosting. Private entries
 * (operators only) may also be `localhost`, a single label or an internal name, and may resolve to a private address.
 */
export function parseAllowedDomain(raw: string, isPrivate = false): DomainResult {
  const refuse = (message: string): DomainResult => ({ ok: false, message });
  const text = raw.trim();
  if (text.includes('://')) return refuse('Give the host alone, without https://.');
  if (/[/?#@\\\s]/.test(text)) return refuse('Give the host alone, without a path, user or spaces.');
  const match = /^(\*\.)?(.+?)(?::(\d{1,5}))?$/.exec(text);
  if (!match?.[2]) return refuse('Give a host such as app.example.com or *.example.com.');
  const wildcard = match[1] !== undefined;
  const port = match[3] === undefined ? null : Number(match[3]);
  if (port !== null && (port < 1 || port > 65_535)) return refuse('The port must lie between 1 and 65535.');
  if (port !== null && port !== 443 && !isPrivate && wildcard) return refuse('A wildcard entry cannot name a port.');
  if (match[2].includes('*')) return refuse('A wildcard stands only at the front: *.example.com.');
  // `host:8443:443` and `host:` are no ports of ours: a parser would drop the inner one in silence.
  if (match[2].includes(':') && !match[2].startsWith('[')) return refuse('This is not a valid host name, or not a valid port.');
  if (!URL.canParse(`https://${match[2]}`)) return refuse('This is not a valid host name.');
  const name = new URL(`https://${match[2]}`).hostname.replace(/\.$/, '');
  if (isIpLiteral(name)) return refuse('IP addresses cannot be allowed: give the host name.');
  const fault = nameFault(name, wildcard, isPrivate);
  return fault ? refuse(fault) : { ok: true, domain: { host: (wildcard ? '*.' : '') + name, port: port === 443 ? null : port, isPrivate } };
}

function nameFault(name: string, wildcard: boolean, isPrivate: boolean): string | null {
  if (name.split('.').some((label) => !/^[a-z0-9_]([a-z0-9-_]{0,61}[a-z0-9_])?$/.test(label))) return 'This is not a valid host name.';
  const facts = parse(name, { allowPrivateDomains: true });
  if (facts.publicSuffix === name && (facts.isIcann || facts.isPrivate))
    return wildcard
      ? `*.${name} would cover the hosts of many owners (a public suffix): name your own host.`
      : `${name} is a public suffix: name your own host.`;
  if (wildcard && holdsPublicSuffix(name))
    return `*.${name} would cover the hosts of many owners (there are public suffixes below it): name your own host.`;
  if (isPrivate) return null;
  if (!name.includes('.')) return 'This name is not on the public internet: an operator can add it with --private.';
  return facts.isIcann || facts.isPrivate ? null : 'This name does not end in a public suffix: an operator can add it with --private.';
}

/**
 * Names below which hosters give hosts to anybody, as the list has them: `blob.core.windows.net` is a public suffix and
 * `windows.net` is none, but `*.windows.net` covers it all the same. The list cannot be asked what lies below a name, so
 * these are tried; `x` and `x.x` find its wildcard rules.
 */
const BELOW = ['x', 'x.x', 's3', 'elb', 'blob', 'blob.core', 'web.core', 'map', 'cdn', 'app', 'apps'];

function holdsPublicSuffix(name: string): boolean {
  return BELOW.some((below) => {
    const facts = parse(`${below}.${name}`, { allowPrivateDomains: true });
    return facts.isPrivate === true && (facts.publicSuffix ?? '').endsWith(`.${name}`);
  });
}

/** Finds the entry that allows a host and port; a private entry must name the port if it is not 443. */
export function matchAllowedDomain(domains: readonly AllowedDomain[], host: string, port = 443): AllowedDomain | undefined {
  return domains.find((entry) => matchesHost(entry.host, host) && (entry.port ?? 443) === port);
}

/** Tells whether a host pattern covers a host, whatever the port. */
export function matchesHost(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1 : pattern === host;
}

/** Tells whether every host below (and not at) `base` is allowed, as a cookie for `.base` needs. */
export function coversSubtree(domains: readonly AllowedDomain[], base: string): boolean {
  return domains.some(
    (entry) => entry.host.startsWith('*.') && (`.${base}` === entry.host.slice(1) || `.${base}`.endsWith(entry.host.slice(1))),
  );
}

/** Tells whether a host is a whole site: a registrable name such as `example.com`, or a name without a known suffix. */
export function isSite(host: string): boolean {
  const { domain } = parse(host, { allowPrivateDomains: true });
  return domain === null ? !isPublicSuffix(host) : domain === host;
}

/** Tells whether a name is one under which anybody can register: cookies for it would go to strangers. */
export function isPublicSuffix(name: string): boolean {
  const facts = parse(name, { allowPrivateDomains: true });
  return facts.publicSuffix === name && (facts.isIcann === true || facts.isPrivate === true);
}
