import type { Deps } from '../deps.ts';
import { groupCalls, onePer } from '../group-calls.ts';

/** A rate: one a `everyMs`, and as many as `burst` at once after a pause. `name` says of whom. */
export type Rate = { name: string; everyMs: number; burst: number };
/** `left`: how many more at once. `waitMs`: until the next one; 0 unless it was refused. */
export type Taken = { ok: boolean; left: number; waitMs: number };

/**
 * Takes one from a rate, which all servers on the database share, by the database's clock. Two that take the last one at the
 * same moment wait for each other, and one of them is refused. What is refused writes nothing. Those of one server that come
 * at once are taken by one statement, in their order.
 */
export async function takeRate(deps: Pick<Deps, 'db'>, rate: Rate): Promise<Taken> {
  return await takingOf(deps.db)(`${rate.everyMs} ${rate.burst} ${rate.name}`, rate);
}

const GROUP_MAX = 1000;

const takingOf = onePer((db: Deps['db']) => {
  const take = async (rates: readonly Rate[]): Promise<Taken[]> => {
    const [rate] = rates;
    if (!rate) return [];
    const { name, everyMs, burst } = rate;
    const values = [name, everyMs, burst, rates.length];
    const [row] = await db
      .fork()
      .execute<{ granted: number; busy_ms: number }[]>('select granted, busy_ms from take_rate(?, ?, ?, ?)', values);
    const { granted = 0, busy_ms: busyMs = 0 } = row ?? {};
    // Each sees the rate as the ones before it have left it.
    return rates.map((_rate, index) => {
      if (index >= granted) return { ok: false, left: 0, waitMs: busyMs + (granted - burst + 1) * everyMs };
      return { ok: true, left: Math.max(0, Math.floor(burst - busyMs / everyMs) - index - 1), waitMs: 0 };
    });
  };
  return groupCalls(take, { sizeMax: GROUP_MAX });
});

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
