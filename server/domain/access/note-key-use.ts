import { LockMode } from '@mikro-orm/postgresql';
import { ApiKey, type ApiKeyRow } from '#server/db/access.entities.ts';
import type { KeyNetwork } from '#shared/console.ts';
import type { Deps } from '../deps.ts';
import type { ApiKeyActor } from './actor.ts';
import { boundNetworks } from './key-networks.ts';
import { recordNewNetwork } from './record-new-network.ts';
import type { UsedFrom } from './used-from.ts';

const NOTED_EVERY_MS = 60_000;

/** `row`: the key as it was just read. */
export type KeyUse = { row: ApiKeyRow; from: UsedFrom; now: Date };

/**
 * Keeps where a key was used and by what: at most once a minute for each network, so that nearly all calls write nothing and
 * ask for nothing. The first network of a key is learned; another one that it was never used from raises an alert, once
 * however many calls come from there at the same moment and to whichever server.
 */
export async function noteKeyUse(deps: Pick<Deps, 'db' | 'log'>, actor: ApiKeyActor, use: KeyUse): Promise<void> {
  const { network } = use.from;
  const isKnown = find(use.row, network) !== undefined;
  if (isKnown && isFresh(use.row, use)) return;
  const isAlert = await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    // Who only renews a time does not wait: another call is just writing it. Who brings a new network waits its turn.
    const lockMode = isKnown ? LockMode.PESSIMISTIC_PARTIAL_WRITE : LockMode.PESSIMISTIC_WRITE;
    const row = await em.findOne(ApiKey, { id: actor.keyId }, { lockMode });
    if (!row || isFresh(row, use)) return false;
    const isFirst = !row.networks?.length;
    const before = find(row, network);
    const entry = toEntry(use, before, !isFirst && !before);
    row.networks = boundNetworks([entry, ...(row.networks ?? []).filter((each) => each !== before)]);
    row.lastUsedAt = use.now;
    await em.flush();
    if (before || isFirst) return false;
    await recordNewNetwork(em, actor, entry);
    return true;
  });
  if (isAlert)
    deps.log.warn('An API key was used from a network that is new to it', { keyId: actor.keyId, workspaceId: actor.workspaceId, network });
}

function find(row: ApiKeyRow, network: string): KeyNetwork | undefined {
  return row.networks?.find((each) => each.network === network);
}

function isFresh(row: ApiKeyRow, { from, now }: KeyUse): boolean {
  const known = find(row, from.network);
  return known !== undefined && now.getTime() - Date.parse(known.lastUsedAt) <= NOTED_EVERY_MS;
}

function toEntry({ from, now }: KeyUse, before: KeyNetwork | undefined, isNew: boolean): KeyNetwork {
  const at = now.toISOString();
  return { ...from, firstUsedAt: before?.firstUsedAt ?? at, lastUsedAt: at, isNew: before?.isNew ?? isNew };
}
