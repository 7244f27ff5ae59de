import { BlockList, isIP, isIPv6 } from 'node:net';
import { isPublicAddress } from './address-policy.ts';
import { type AllowedDomain, matchAllowedDomain, matchesHost } from './allowed-domain.ts';
import { LIMITS } from './limits.ts';

/**
 * The rules of the way out: which host and port a captured page or a webhook may reach, and at which address. Pure but for
 * the look-up that it is given. Who goes out asks here for every single connection and dials only what it is given.
 */
export const BLOCK_REASONS = [
  'not listed',
  'private address',
  'port not allowed',
  'malformed host',
  'name not found',
  'look-up timed out',
  'unreachable',
  'no answer from the upstream proxy',
  'refused by the upstream proxy',
  'too many connections',
  'byte limit',
] as const;
export type BlockReason = (typeof BLOCK_REASONS)[number];
/** Reasons that are refusals of ours; the others say that the host itself could not be reached. */
export const POLICY_REASONS: ReadonlySet<string> = new Set<BlockReason>([
  'not listed',
  'private address',
  'port not allowed',
  'malformed host',
  'too many connections',
  'byte limit',
]);

/**
 * Where one capture may go: `domains` are its pages, `parts` the only other hosts that these may load from (strict egress);
 * null: any public host.
 */
export type Reach = { domains: readonly AllowedDomain[]; parts: readonly AllowedDomain[] | null };
/** `connect` is a TLS tunnel (also `ws:`), `plain` an unencrypted sub-resource. */
export type EgressKind = 'connect' | 'plain';
export type EgressDecision = { ok: true; addresses: string[] } | { ok: false; reason: BlockReason };
/** Resolves a name to all of its addresses, or rejects. */
export type Resolve = (host: string) => Promise<string[]>;

/** How names are looked up (not bounded: `judgeEgress` bounds it), and which addresses are this machine's or a neighbor's. */
export type EgressMeans = { resolve: Resolve; isOwn: (address: string) => boolean };

// Cloud metadata, link-local and multicast stay shut for private entries too: whoever runs a name below `*.corp.internal`
// could otherwise point it at the machine's own credentials.
const NEVER = {
  ipv4: blockListOf(
    ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32'],
    'ipv4',
  ),
  ipv6: blockListOf(
    [
      ...['::/128', 'fe80::/10', 'ff00::/8', '::ffff:0:0/96', '64:ff9b::/96', '2002::/16'],
      // The metadata services of Amazon, Google, Oracle, Scaleway, Akamai and Alibaba.
      ...[
        'fd00:ec2::/32',
        'fd20:ce::254/128',
        'fd00:c1::a9fe:a9fe/128',
        'fd00:42::42/128',
        'fd00:a9fe:a9fe::1/128',
        'fd00:100::100:200/128',
      ],
    ],
    'ipv6',
  ),
};

/**
 * Decides one connection. The name is resolved once; if any of its addresses is not public, or is this machine's or a
 * neighbor's, the whole name is refused, unless `host:port` is a private entry. Never rejects. The addresses given (at
 * most `LIMITS.proxyAddressesMax`) are the only ones to dial: resolving again would reopen the door to DNS rebinding.
 * In strict egress what is not listed is refused before it is resolved: a look-up alone carries data out in its name.
 */
export async function judgeEgress(
  reach: Reach,
  wanted: { kind: EgressKind; host: string; port: number },
  { resolve, isOwn }: EgressMeans,
): Promise<EgressDecision> {
  const host = normalizeHost(wanted.host);
  if (host === null) return { ok: false, reason: 'malformed host' };
  const listed = [...reach.domains, ...(reach.parts ?? [])];
  const entry = matchAllowedDomain(listed, host, wanted.port);
  if (reach.parts && !entry)
    return { ok: false, reason: listed.some((other) => matchesHost(other.host, host)) ? 'port not allowed' : 'not listed' };
  const isPrivate = entry?.isPrivate === true && isIP(host) === 0;
  if (!isPortAllowed(wanted.kind, wanted.port, entry !== undefined)) return { ok: false, reason: 'port not allowed' };
  if (isPrivate && isLocalhost(host)) return { ok: true, addresses: ['127.0.0.1'] };
  if (isLocalhost(host)) return { ok: false, reason: 'private address' };
  const found = isIP(host) === 0 ? await resolveInTime(host, resolve) : [host];
  if (typeof found === 'string') return { ok: false, reason: found };
  const isReachable = isPrivate ? isPrivateTargetAddress : (address: string) => isPublicAddress(address) && !isOwn(address);
  if (!found.every(isReachable)) return { ok: false, reason: 'private address' };
  return { ok: true, addresses: found.slice(0, LIMITS.proxyAddressesMax) };
}

/** Brings a host of a request line into its compared form, or null for what no browser sends. */
export function normalizeHost(raw: string): string | null {
  const bare = raw.startsWith('[') && raw.endsWith(']') ? raw.slice(1, -1) : raw;
  if (isIPv6(bare)) return bare.includes('%') ? null : bare.toLowerCase();
  const name = bare.toLowerCase().replace(/\.$/, '');
  if (name === '' || name.length > 253 || !/^[a-z0-9._-]+$/.test(name) || name.includes('..')) return null;
  // A last label of digits is an IPv4 address to a resolver (0x7f.1, 2130706433): only the plain form is one to us.
  if (/^(0x[0-9a-f]*|\d+)$/.test(name.split('.').at(-1) ?? '') && isIP(name) === 0) return null;
  return name;
}

function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

function isPortAllowed(kind: EgressKind, port: number, isListed: boolean): boolean {
  return kind === 'plain' ? port === 80 : port === 443 || isListed;
}

function isPrivateTargetAddress(address: string): boolean {
  if (isIP(address) === 0 || address.includes('%')) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return !NEVER[family].check(address, family);
}

async function resolveInTime(host: string, resolve: Resolve): Promise<string[] | BlockReason> {
  const { promise: late, resolve: giveUp } = Promise.withResolvers<BlockReason>();
  const timer = setTimeout(() => giveUp('look-up timed out'), LIMITS.dnsMsMax);
  try {
    const found = await Promise.race([resolve(host), late]);
    return typeof found !== 'string' && found.length === 0 ? 'name not found' : found;
  } catch {
    return 'name not found'; // ENOTFOUND, EAI_AGAIN: the page gets the same answer as from a browser of its own
  } finally {
    clearTimeout(timer);
  }
}

function blockListOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net, bits] = range.split('/');
    list.addSubnet(net ?? '', Number(bits), family);
  }
  return list;
}
