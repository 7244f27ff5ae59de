import { isIP, isIPv6 } from 'node:net';

/** `1.2.3.4:5678` and `[::1]:5678`: some proxies forward the port too, and each connection has another one. */
const WITH_PORT = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;
/** IPv4 inside of IPv6: mapped (`::ffff:…`), and translated by NAT64 (`64:ff9b::…`). */
const V4_PREFIXES = ['0:0:0:0:0:ffff', '64:ff9b:0:0:0:0'];

/**
 * Tells by what a caller's address is counted: an IPv4 address by itself; an IPv6 one by its /64, since that much is what a
 * single line is given, and whoever has it has more addresses than any rate could count. Text that is no address: as it is.
 */
export function countedAddress(address: string): string {
  const bare = bareAddress(address);
  if (!isIPv6(bare)) return isIP(bare) === 4 ? bare : address;
  const groups = groupsOf(bare);
  if (V4_PREFIXES.includes(groups.slice(0, 6).join(':'))) return dotted(groups[6], groups[7]);
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** An address without port, brackets and zone. Text that is no address: as it is, but for what looks like a zone. */
export function bareAddress(address: string): string {
  const { v4, v6 } = WITH_PORT.exec(address)?.groups ?? {};
  return (v4 ?? v6 ?? address).replace(/%.*$/, '');
}

/** The eight groups of an IPv6 address, each as short as it can be written. */
function groupsOf(address: string): string[] {
  // A URL knows every spelling there is, an IPv4 address at the end included, and gives one for all.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
}

function dotted(high = '0', low = '0'): string {
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]).join('.');
}
