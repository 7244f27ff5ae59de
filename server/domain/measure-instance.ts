import { setTimeout as delay } from 'node:timers/promises';
import type { CaptureStatus } from '#shared/capture.ts';
import { makeId } from '#shared/ids.ts';
import { LIMITS } from '#shared/limits.ts';
import type { DeliveryState } from '#shared/webhook.ts';
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
  /** Captures that are not final and have no job that could still run, and sealed payloads of final ones: both are faults of ours. */
  lost: number;
  payloadsOfFinal: number;
  /** Networks new to a key that one was used from within the last hour. */
  newNetworks: number;
  /** Deliveries of webhooks begun within the last hour, by their present state; and how late the most overdue try is, in seconds. */
  webhooks: { recent: Partial<Record<DeliveryState, number>>; lateSeconds: number };
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

/** Reads the numbers of `/metrics`. Bounded by indexes: unsettled jobs, open captures with their payloads, and the captures of the last hour. */
export async function measureInstance(deps: Pick<Deps, 'db'>): Promise<InstanceMeasures> {
  const em = deps.db.acrossWorkspaces();
  // Ids sort by time: the range of the last hour is read from the primary key's index.
  const hourAgo = makeId('capture', Date.now() - HOUR_MS);
  const statuses = await em.execute<{ status: CaptureStatus; count: number }[]>(RECENT, [hourAgo]);
  const deliveries = await em.execute<{ state: DeliveryState; count: number }[]>(DELIVERIES, [
    makeId('webhookDelivery', Date.now() - HOUR_MS),
  ]);
  const [late] = await em.execute<{ seconds: number | null }[]>(LATE);
  const [jobs] = await em.execute<{ available: number; leased: number; due: number; oldest: number | null }[]>(JOBS);
  const [faults] = await em.execute<{ lost: number; payloads: number }[]>(FAULTS);
  const [alerts] = await em.execute<{ count: number }[]>(NEW_NETWORKS);
  return {
    recent: Object.fromEntries(statuses.map((row) => [row.status, row.count])),
    jobs: { available: jobs?.available ?? 0, leased: jobs?.leased ?? 0 },
    outbox: { count: jobs?.due ?? 0, oldestSeconds: Math.max(0, jobs?.oldest ?? 0) },
    lost: faults?.lost ?? 0,
    payloadsOfFinal: faults?.payloads ?? 0,
    newNetworks: alerts?.count ?? 0,
    webhooks: {
      recent: Object.fromEntries(deliveries.map((row) => [row.state, row.count])),
      lateSeconds: Math.max(0, late?.seconds ?? 0),
    },
  };
}

// Workspace by workspace, as the index of their lists has it; payloads are those of open captures, so few.
const FAULTS = `
select (
  select count(*)::int from workspace, lateral (
    select 1 from capture where workspace_id = workspace.id and status in ('queued', 'running')
      and not exists (select 1 from job where capture_id = capture.id and state <> 'settled')
  ) as orphan
) as lost, (
  select count(*)::int from capture_payload join job on job.capture_id = capture_payload.capture_id where job.state = 'settled'
) as payloads`;
// By `audit_event_recent`.
const NEW_NETWORKS = `select count(*)::int as count from audit_event where action = 'key.new_network' and at > now() - interval '1 hour'`;
const RECENT = 'select status, count(*)::int as count from capture where id >= ? group by status';
const DELIVERIES = 'select state, count(*)::int as count from webhook_delivery where id >= ? group by state';
const LATE = `select max(extract(epoch from now() - next_try_at))::float8 as seconds from webhook_delivery where state = 'pending'`;
const JOBS = `
select count(*) filter (where state = 'available')::int as available,
  count(*) filter (where state = 'leased')::int as leased,
  count(*) filter (where state = 'available' and announced_at is null and available_at <= now())::int as due,
  max(extract(epoch from now() - available_at)) filter (where state = 'available' and announced_at is null)::float8 as oldest
from job where state in ('available', 'leased')`;
