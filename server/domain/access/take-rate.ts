import type { Deps } from '../deps.ts';

/** A rate: one a `everyMs`, and as many as `burst` at once after a pause. `name` says of whom. */
export type Rate = { name: string; everyMs: number; burst: number };
/** `left`: how many more at once. `waitMs`: until the next one; 0 unless it was refused. */
export type Taken = { ok: boolean; left: number; waitMs: number };

/**
 * Takes one from a rate, which all servers on the database share. One statement, by the database's clock; two that take
 * the last one at the same moment wait for each other, and one of them is refused. What is refused writes nothing.
 */
export async function takeRate(deps: Pick<Deps, 'db'>, { name, everyMs, burst }: Rate): Promise<Taken> {
  const slackMs = (burst - 1) * everyMs;
  const [row] = await deps.db.fork().execute<{ ok: boolean; busy_ms: number }[]>(TAKE, [name, everyMs, everyMs, slackMs, name]);
  // Somebody else's first one may have come between: it is counted, and cannot be seen by this statement.
  if (!row) return { ok: false, left: 0, waitMs: everyMs };
  // One that was refused may see the rate as it was before others took at the same moment: then it is told the longest wait.
  const wait = row.busy_ms > slackMs ? row.busy_ms - slackMs : everyMs;
  return row.ok
    ? { ok: true, left: Math.max(0, Math.floor((slackMs + everyMs - row.busy_ms) / everyMs)), waitMs: 0 }
    : { ok: false, left: 0, waitMs: wait };
}

/** Gives back one that was taken a moment ago. What others took in the meantime stays taken. */
export async function giveBackRate(deps: Pick<Deps, 'db'>, { name, everyMs }: Rate): Promise<void> {
  await deps.db
    .fork()
    .execute("update rate_limit set busy_until = busy_until - ? * interval '1 millisecond' where name = ?", [everyMs, name]);
}

/** Gives back everything that was taken from these rates. */
export async function clearRates(deps: Pick<Deps, 'db'>, names: readonly [string, ...string[]]): Promise<void> {
  await deps.db.fork().execute('delete from rate_limit where name in (?)', [[...names]]);
}

/** Forgets rates of which everything is there again. */
export async function purgeRates(deps: Pick<Deps, 'db'>): Promise<void> {
  await deps.db.fork().execute('delete from rate_limit where busy_until < clock_timestamp()');
}

// `busy_until` is when everything would be there again; it moves on by one step for each that is taken, and as far ahead
// of now as the burst allows. The clock is read where it is used: now() would be the time before a wait for the row.
const TAKE = `
with taken as (
  insert into rate_limit as rate (name, busy_until) values (?, clock_timestamp() + ? * interval '1 millisecond')
  on conflict (name) do update set busy_until = greatest(rate.busy_until, clock_timestamp()) + ? * interval '1 millisecond'
    where rate.busy_until <= clock_timestamp() + ? * interval '1 millisecond'
  returning busy_until
)
select true as ok, (extract(epoch from busy_until - clock_timestamp()) * 1000)::float8 as busy_ms from taken
union all
select false, (extract(epoch from busy_until - clock_timestamp()) * 1000)::float8 from rate_limit
where name = ? and not exists (select 1 from taken)`;
