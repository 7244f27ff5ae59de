import type { EntityManager } from '@mikro-orm/postgresql';
import { LIMITS } from '#shared/limits.ts';
import type { Actor, ApiKeyActor } from '../access/actor.ts';
import { AppError } from '../app-error.ts';

/** Where none of the workspace's captures has succeeded yet, to go by. */
const USUAL_SECONDS = 10;
const RECENT = 20;

/** Places of API keys that are left. `take` takes one, or answers the refusal of a key that has none. */
export type KeySlots = { take(em: EntityManager, actor: Actor): Promise<AppError | null> };

/**
 * Counts the captures that each API key may still have at once. Inside the transaction that makes them it holds the keys' rows
 * until that ends, so that of requests at the same moment, on all servers together, no more get through than may; outside of
 * one it tells what would be refused now. A key without a bound costs nothing. Captures count until they are final, however
 * they end.
 */
export async function countKeySlots(em: EntityManager, actors: readonly Actor[]): Promise<KeySlots> {
  const bounded = new Map(actors.filter(isBounded).map((actor) => [actor.keyId, actor]));
  const counted = new Map<string, Busy>();
  // In their order, so that two who hold several never wait for each other.
  for (const [keyId, actor] of [...bounded].sort(([one], [other]) => (one < other ? -1 : 1))) {
    await em.execute('select 1 from api_key where id = ? for update', [keyId]);
    const [busy] = await em.execute<Busy[]>(BUSY, [actor.workspaceId, keyId]);
    if (busy) counted.set(keyId, busy);
  }
  return {
    take: async (tx, actor) => {
      const busy = isBounded(actor) ? counted.get(actor.keyId) : undefined;
      if (!busy || !isBounded(actor)) return null;
      if (busy.count >= actor.maxConcurrentCaptures) return await busyKey(tx, actor, busy);
      busy.count += 1;
      return null;
    },
  };
}

type BoundedActor = ApiKeyActor & { maxConcurrentCaptures: number };

function isBounded(actor: Actor): actor is BoundedActor {
  return actor.kind === 'apiKey' && actor.maxConcurrentCaptures !== null;
}

async function busyKey(em: EntityManager, actor: BoundedActor, busy: Busy): Promise<AppError> {
  const max = actor.maxConcurrentCaptures;
  const many = max === 1 ? 'one capture' : `${max} captures`;
  const detail = `This API key may have ${many} unfinished at once, and has ${busy.count}: send again when one is done, or cancel one.`;
  return new AppError('quota_exceeded', detail, { retryAfterSeconds: await untilSlot(em, actor, busy) });
}

type Busy = { count: number; oldest_seconds: number; end_seconds: number };

/**
 * The seconds until one of a key's captures is likely to be done: what the workspace's latest ones took, less what the oldest
 * has had. Never beyond the first deadline among them, by when one is certainly over.
 */
async function untilSlot(em: EntityManager, actor: ApiKeyActor, busy: Busy): Promise<number> {
  const [usual] = await em.execute<{ seconds: number | null }[]>(USUAL, [actor.workspaceId, RECENT]);
  const likely = (usual?.seconds ?? USUAL_SECONDS) - busy.oldest_seconds;
  const certain = busy.end_seconds + LIMITS.recoverMs / 1000;
  return Math.ceil(Math.max(1, Math.min(likely, certain)));
}

// Both read `capture_list_by_status`: unfinished captures of a workspace are as many as may wait and as its runners hold.
// The clock is read where it is used: now() would be the time before the wait for the key's row.
const BUSY = `
select count(*)::int as count,
  extract(epoch from clock_timestamp() - min(created_at))::float8 as oldest_seconds,
  extract(epoch from min(deadline_at) - clock_timestamp())::float8 as end_seconds
from capture where workspace_id = ? and status in ('queued', 'running') and created_by = ?`;
const USUAL = `
select percentile_cont(0.5) within group (order by extract(epoch from finished_at - created_at)::float8) as seconds
from (select created_at, finished_at from capture where workspace_id = ? and status = 'succeeded' order by id desc limit ?) as recent`;
