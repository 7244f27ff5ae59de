import { BlockList, isIP, isIPv6 } from 'node:net';

/** IPv4 ranges that are not public: IANA's special-purpose registry, multicast, and Azure's WireServer. */
const V4_DENIED = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
];
/** IPv6: only 2000::/3 is public, less these. Mapped, NAT64, ULA, link-local and multicast forms fall out by that. */
const V6_ALLOWED = '2000::/3';
const V6_DENIED = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '2620:4f:8000::/48'];

const denied4 = listOf(V4_DENIED, 'ipv4');
const denied6 = listOf(V6_DENIED, 'ipv6');
const allowed6 = listOf([V6_ALLOWED], 'ipv6');

/** Tells whether an address is on the public internet. Anything that is not a plain address (zone ids included) is not. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  if (isIPv6(address)) return allowed6.check(address, 'ipv6') && !denied6.check(address, 'ipv6');
  return !denied4.check(address, 'ipv4');
}

function listOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net, bits] = range.split('/');
    list.addSubnet(net ?? '', Number(bits), family);
  }
  return list;
}
