import { lookup } from 'node:dns/promises';
import { type EgressDecision, type EgressKind, judgeEgress, type Reach, type Resolve } from '#shared/egress-policy.ts';
import { isOnOwnNetwork } from './own-networks.ts';

/** Asks the system for every address of a name; rejects when there is none. Not bounded: `decideEgress` bounds it. */
export const resolveBySystem: Resolve = async (host) => (await lookup(host, { all: true, verbatim: true })).map((entry) => entry.address);

/** Decides one connection of a captured page by the rules of the way out, as this machine looks names up. */
export async function decideEgress(
  reach: Reach,
  wanted: { kind: EgressKind; host: string; port: number },
  resolve: Resolve = resolveBySystem,
  isOwn: (address: string) => boolean = isOnOwnNetwork,
): Promise<EgressDecision> {
  return await judgeEgress(reach, wanted, { resolve, isOwn });
}
