import { createHash } from 'node:crypto';
import { scrub } from '#shared/log.ts';

/** Like the audit log: what somebody can make happen without end is counted from there on. */
export const REFUSED_PER_MINUTE_MAX = 100;

const MINUTE_MS = 60_000;
const LINE_CHARS_MAX = 4_000;
/** What Azurite says of a request: `127.0.0.1 - - [date] "PUT /account/container/blob?sv=… HTTP/1.1" 201 -`. */
const REQUEST = /^\S+ - \S+ \[[^\]]+\] "([A-Z]+) \S+ HTTP\/[\d.]+" (\d{3}|-) /;
const SIGNATURE = /([?&]sig=)([^&\s"]*)/gi;

/**
 * Makes a filter for the lines of Azurite's access log. Kept are those of requests that were refused, at most
 * `REFUSED_PER_MINUTE_MAX` a minute, and of those that wrote or deleted something; null for the rest. A signature opens
 * what it was made for to whoever reads it: it is replaced by its fingerprint, which tells whose link or grant it was.
 */
export function createAccessFilter(now: () => number = Date.now): (line: string) => string | null {
  let minute = 0;
  let refused = 0;
  return (line) => {
    const [, method, status] = REQUEST.exec(line) ?? [];
    if (method === undefined) return mask(line);
    if (!(Number(status) >= 400)) return method === 'GET' || method === 'HEAD' ? null : mask(line);
    const current = Math.floor(now() / MINUTE_MS);
    if (current !== minute) [minute, refused] = [current, 0];
    refused += 1;
    if (refused > REFUSED_PER_MINUTE_MAX + 1) return null;
    return refused <= REFUSED_PER_MINUTE_MAX ? mask(line) : 'more than 100 requests were refused in this minute: the rest is left out';
  };
}

/** The name of a signed link or grant in the log: the beginning of the SHA-256 of its `sig`, as hexadecimal. */
export function fingerprintOf(signature: string): string {
  return createHash('sha256').update(signature).digest('hex').slice(0, 16);
}

function mask(line: string): string {
  const masked = line
    .slice(0, LINE_CHARS_MAX)
    .replace(SIGNATURE, (_all, lead: string, value: string) => `${lead.replace(/sig=/i, 'by=')}${fingerprintOf(decode(value))}`);
  return scrub(masked);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // not encoded as it should be: it is no signature of ours
  }
}
