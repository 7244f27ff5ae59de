import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants, query, rowsOf } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, postMany, startLoad } from './run-load.ts';
import { must, until } from './until.ts';
import { purgeWakeUps } from './wake-up-queue.ts';

const CAPTURES = { short: 20, full: 100 };
const AWAY_MS = { short: 15_000, full: 60_000 };

export const f03: Drill = {
  id: 'F03',
  title: 'Broker away for a minute',
  what: 'Connections are reset and refused in the middle of the load, then the queue is emptied, as by a broker that lost its data. 202 goes on; all of it runs',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    const posting = postMany(bed, load, CAPTURES[size], { perSecond: 5 });
    await until('captures are being made', async () => (await rowsOf(bed, load)).some(({ attempts }) => attempts > 0), 60_000);
    bed.stores.broker.stop();
    const from = Date.now();
    await post(bed, load, `${load.reference}-while-away`);
    const tookMs = Date.now() - from;
    await posting;
    await sleep(Math.max(0, from + AWAY_MS[size] - Date.now()));
    must(load.retried === 0, `${load.retried} tries had to be repeated: ${JSON.stringify(load.statuses)}`);
    await purgeWakeUps();
    bed.stores.broker.restart();
    const rows = await checkInvariants(bed, load);
    const [late] = await query<{ ms: number }>(
      bed,
      'select max(extract(epoch from finished_at - created_at) * 1000)::float8 as ms from capture where reference = $1',
      [load.reference],
    );
    return `away for ${AWAY_MS[size] / 1000} s, queue emptied: ${rows.length} of ${rows.length} accepted without a repetition (one while away in ${tookMs} ms) and succeeded, the last after ${Math.round((late?.ms ?? 0) / 1000)} s`;
  },
};
