import { setTimeout as delay } from 'node:timers/promises';
import type { CaptureStatus } from '#shared/capture.ts';
import { makeId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Deps } from './deps.ts';

const HOUR_MS = 3_600_000;

export type PartState = { ok: boolean; detail: string };
export type InstanceMeasures = {
  /** Captures accepted within the last hour, by their present status. */
  recent: Partial<Record<CaptureStatus, number>>;
  /** Jobs that are not settled, by state. */
  jobs: { available: number; leased: number };
  /** Jobs that are due and were not announced yet, and the age of the oldest in seconds. */
  outbox: { count: number; oldestSeconds: number };
};

/** Tells whether the database answers within two seconds. Never throws. */
export async function isDatabaseUp(deps: Pick<Deps, 'db'>): Promise<boolean> {
  return (await checkPart(() => deps.db.fork().execute('select 1'))).ok;
}

/** Asks a part whether it is there. Its own error text is not passed on: it could name hosts or accounts. */
export async function checkPart(ask: () => Promise<unknown>): Promise<PartState> {
  const late = new AbortController();
  try {
    const result = await Promise.race([
      ask().then(() => 'ok' as const),
      delay(LIMITS.partCheckMsMax, 'late' as const, { signal: late.signal, ref: false }),
    ]);
    return result === 'ok' ? { ok: true, detail: 'ok' } : { ok: false, detail: `no answer within ${LIMITS.partCheckMsMax} ms` };
  } catch {
    return { ok: false, detail: 'not reachable' };
  } finally {
    late.abort();
  }
}

/** Counts the captures that run and those that wait, on the whole instance. Null when the database does not say within two seconds. */
export async function countWork(deps: Pick<Deps, 'db'>): Promise<{ running: number; waiting: number } | null> {
  let work: { running: number; waiting: number } | null = null;
  await checkPart(async () => {
    const { jobs } = await measureInstance(deps);
    work = { running: jobs.leased, waiting: jobs.available };
  });
  return work;
}

/** Reads the numbers of `/metrics`. Bounded by indexes: unsettled jobs, and the captures of the last hour. */
export async function measureInstance(deps: Pick<Deps, 'db'>): Promise<InstanceMeasures> {
  const em = deps.db.acrossWorkspaces();
  // Ids sort by time: the range of the last hour is read from the primary key's index.
  const hourAgo = makeId('capture', Date.now() - HOUR_MS);
  const statuses = await em.execute<{ status: CaptureStatus; count: number }[]>(RECENT, [hourAgo]);
  const [jobs] = await em.execute<{ available: number; leased: number; due: number; oldest: number | null }[]>(JOBS);
  return {
    recent: Object.fromEntries(statuses.map((row) => [row.status, row.count])),
    jobs: { available: jobs?.available ?? 0, leased: jobs?.leased ?? 0 },
    outbox: { count: jobs?.due ?? 0, oldestSeconds: Math.max(0, jobs?.oldest ?? 0) },
  };
}

const RECENT = 'select status, count(*)::int as count from capture where id >= ? group by status';
const JOBS = `
select count(*) filter (where state = 'available')::int as available,
  count(*) filter (where state = 'leased')::int as leased,
  count(*) filter (where state = 'available' and announced_at is null and available_at <= now())::int as due,
  max(extract(epoch from now() - available_at)) filter (where state = 'available' and announced_at is null)::float8 as oldest
from job where state in ('available', 'leased')`;
