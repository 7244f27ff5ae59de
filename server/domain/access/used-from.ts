import { isIP, isIPv6 } from 'node:net';
import { dropActing } from '#shared/inert-text.ts';
import { LIMITS } from '#shared/limits.ts';
import { scrub } from '#shared/log.ts';
import { bareAddress, countedAddress } from './counted-address.ts';

/** `address`: exact, for people to look up. `network`: what is known or new. `client`: what the program calls itself. */
export type UsedFrom = { address: string; network: string; client: string | null };

/** The server's own machine by either of its names: a program that asks for `localhost` comes by one or the other. */
const LOOPBACK = 'loopback';
const LOOPBACK_V6 = '0:0:0:0::/64';

/**
 * Tells where a call came from. A network is an IPv4 /24 or an IPv6 /64: exact addresses of one program change with each
 * connection of its line or its pool, and an alert that is always wrong is read by nobody.
 */
export function usedFrom(remote: string, userAgent: string | undefined): UsedFrom {
  const counted = countedAddress(remote);
  const client = clientOf(userAgent);
  if (isIP(counted) === 4)
    return { address: counted, network: counted.startsWith('127.') ? LOOPBACK : counted.replace(/\d+$/, '0/24'), client };
  const bare = bareAddress(remote);
  if (isIPv6(bare)) return { address: bare.toLowerCase(), network: counted === LOOPBACK_V6 ? LOOPBACK : counted, client };
  // A proxy may forward what is no address.
  const text = plain(remote, LIMITS.addressCharsMax) ?? 'unknown';
  return { address: text, network: text, client };
}

/** A `User-Agent` as it may be kept and shown: one short line that does nothing, with whatever looks like a secret taken out. */
function clientOf(userAgent: string | undefined): string | null {
  return plain(userAgent ?? '', LIMITS.clientCharsMax);
}

function plain(text: string, charsMax: number): string | null {
  // Before it is cut: half of a key is no key to the filter any more.
  const line = scrub(dropActing(text)).replace(/\s+/g, ' ').trim();
  return line.slice(0, charsMax).toWellFormed().trim() || null;
}
