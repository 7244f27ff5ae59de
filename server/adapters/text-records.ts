import { Resolver } from 'node:dns/promises';
import { LIMITS } from '#shared/limits.ts';
import type { TextRecords } from '../domain/ports.ts';

/** A name that is not there, and one that has no text: an answer, and no fault. */
const NOTHING = ['ENOTFOUND', 'ENODATA'];

/** Asks the name servers of the system, or those that are given (`address`, `address:port`, `[v6]:port`). */
export function createTextRecords(servers: readonly string[] = []): TextRecords {
  return { find: (name) => findTexts(name, servers) };
}

async function findTexts(name: string, servers: readonly string[]): Promise<string[]> {
  // One for each look-up: ending it ends no other.
  const resolver = new Resolver({ timeout: LIMITS.proofTryMsMax, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  // Its own times are for one server each, and longer from try to try.
  const timer = setTimeout(() => resolver.cancel(), LIMITS.proofLookUpMsMax);
  try {
    // A text of more than 255 bytes comes in pieces.
    return (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''));
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOTHING.includes(String(error.code))) return [];
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
