import type { CaptureStatus } from '#shared/capture.ts';
import { makeId } from '#shared/ids.ts';
import type { Queue, Usage } from '#shared/usage.ts';
import { type Actor, requireScope } from '../access/actor.ts';
import type { Deps } from '../deps.ts';

const DAY_MS = 86_400_000;
const TOP = 10;

/**
 * Counts what a workspace has asked for on the last `days` days of UTC, today among them, and what it keeps. Read from the
 * list of its captures, whose ids sort by time.
 */
export async function readUsage(deps: Pick<Deps, 'db' | 'clock'>, actor: Actor, { days }: { days: number }): Promise<Usage> {
  requireScope(actor, 'captures:read');
  const today = Math.floor(deps.clock.now().getTime() / DAY_MS) * DAY_MS;
  const from = today - (days - 1) * DAY_MS;
  // The lowest id that a capture of that moment can have.
  const since = makeId('capture', from).slice(0, 'cap_'.length + 10);
  const range = [actor.workspaceId, since];
  return await deps.db.inWorkspace(actor.workspaceId).transactional(async (em) => {
    const byDay = await em.execute<{ day: string; status: CaptureStatus; count: number }[]>(BY_DAY, range);
    const [durations] = await em.execute<{ p50: number | null; p95: number | null }[]>(DURATIONS, range);
    const [stored] = await em.execute<{ assets: number; bytes: number }[]>(STORED, [actor.workspaceId]);
    const top = async (sql: string) => await em.execute<{ name: string; count: number }[]>(sql, [...range, TOP]);
    return {
      days: Array.from({ length: days }, (_, index) => {
        const day = new Date(from + index * DAY_MS).toISOString().slice(0, 10);
        const found = byDay.filter((row) => row.day === day);
        const of = (status: CaptureStatus) => found.find((row) => row.status === status)?.count ?? 0;
        const [queued, running, succeeded] = [of('queued'), of('running'), of('succeeded')];
        return { day, counts: { queued, running, succeeded, failed: of('failed'), canceled: of('canceled') } };
      }),
      durations: { p50Ms: durations?.p50 ?? null, p95Ms: durations?.p95 ?? null },
      stored: { assets: stored?.assets ?? 0, bytes: stored?.bytes ?? 0 },
      hosts: await top(HOSTS),
      keys: await top(KEYS),
      failures: await top(FAILURES),
    };
  });
}

/** Counts what of a workspace waits and runs at this moment. */
export async function readQueue(deps: Pick<Deps, 'db' | 'settings'>, actor: Actor): Promise<Queue> {
  requireScope(actor, 'captures:read');
  const [row] = await deps.db
    .inWorkspace(actor.workspaceId)
    .transactional(
      async (em) => await em.execute<{ waiting: number; running: number; oldest: number | null }[]>(QUEUE, [actor.workspaceId]),
    );
  return {
    waiting: row?.waiting ?? 0,
    running: row?.running ?? 0,
    waitingMax: deps.settings.queuedPerWorkspaceMax,
    oldestWaitingSeconds: row?.oldest ?? null,
  };
}

const BY_DAY = `select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as day, status, count(*)::int as count
  from capture where workspace_id = ? and id >= ? group by 1, 2`;
const DURATIONS = `select
    percentile_cont(0.5) within group (order by ms)::float8 as p50, percentile_cont(0.95) within group (order by ms)::float8 as p95
  from (select extract(epoch from finished_at - created_at) * 1000 as ms from capture
    where workspace_id = ? and id >= ? and status = 'succeeded') as done`;
const STORED = `select count(*)::int as assets, coalesce(sum(bytes), 0)::float8 as bytes
  from asset join capture on capture.id = asset.capture_id where capture.workspace_id = ?`;
const HOSTS = `select host as name, count(*)::int as count from capture where workspace_id = ? and id >= ?
  group by host order by count desc, host limit ?`;
const KEYS = `select coalesce(api_key.name, '') as name, count(*)::int as count
  from capture left join api_key on api_key.id = capture.created_by where capture.workspace_id = ? and capture.id >= ?
  group by 1 order by count desc, name limit ?`;
const FAILURES = `select failure->>'code' as name, count(*)::int as count from capture
  where workspace_id = ? and id >= ? and failure is not null group by 1 order by count desc, name limit ?`;
const QUEUE = `select count(*) filter (where state = 'available')::int as waiting, count(*) filter (where state = 'leased')::int as running,
    max(extract(epoch from now() - capture.created_at)) filter (where state = 'available')::float8 as oldest
  from job join capture on capture.id = job.capture_id where job.workspace_id = ? and state in ('available', 'leased')`;
