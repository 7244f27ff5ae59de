import { BlockList, isIP, isIPv6 } from 'node:net';

/** Explains why a text is no address or CIDR range; null when it is one. */
export function addressFault(range: string): string | null {
  const [address = '', bits, ...rest] = range.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return 'is not an IP address or a range such as 203.0.113.0/24';
  if (bits === undefined) return null;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
    ? null
    : `has a prefix length that an IPv${version} range cannot have`;
}

/** Tells whether an address lies in one of the ranges. IPv4 written as IPv6 (`::ffff:…`) counts as IPv4. */
export function isInRanges(ranges: readonly string[], remote: string): boolean {
  const address = remote.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
  if (isIP(address) === 0) return false;
  const list = new BlockList();
  for (const range of ranges) {
    if (addressFault(range)) continue; // cannot be stored; if it ever is, it allows nobody
    const [net = '', bits] = range.split('/');
    const family = isIPv6(net) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(net, family);
    else list.addSubnet(net, Number(bits), family);
  }
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
