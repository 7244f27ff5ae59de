import { BlockList, isIPv6 } from 'node:net';

/** Addresses come and go with interfaces; asking the system for each connection would cost more than it knows. */
const KEPT_MS = 10_000;
/** A wider net than these is a route to the internet, not a network of neighbors. */
const PREFIX_MIN = { ipv4: 16, ipv6: 48 };

export type OwnInterface = { address: string; cidr: string | null };

/**
 * Makes the question whether an address is one of this machine, or of a network that it is connected to without a router
 * between. Such an address may well be a public one, and still lead to services that the firewall shows to nobody outside:
 * packets of a machine to itself or to its neighbors do not come past it. `read` answers the machine's interfaces.
 */
export function watchOwnNetworks(read: () => readonly OwnInterface[]): (address: string, now?: number) => boolean {
  let kept: { at: number; list: BlockList } | null = null;
  return (address, now = Date.now()) => {
    if (!kept || now - kept.at > KEPT_MS || now < kept.at) kept = { at: now, list: listNetworks(read()) };
    return isListed(kept.list, address);
  };
}

/** The networks of these interfaces. */
export function listNetworks(interfaces: readonly OwnInterface[]): BlockList {
  const list = new BlockList();
  for (const { address, cidr } of interfaces) {
    const [plain = ''] = address.split('%');
    const family = isIPv6(plain) ? 'ipv6' : 'ipv4';
    list.addAddress(plain, family);
    const bits = Number(cidr?.split('/')[1] ?? Number.NaN);
    if (bits >= PREFIX_MIN[family]) list.addSubnet(plain, bits, family);
  }
  return list;
}

export function isListed(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
