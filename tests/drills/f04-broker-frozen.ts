import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must } from './until.ts';

const CAPTURES = { short: 20, full: 100 };
const FROZEN_MS = { short: 25_000, full: 120_000 };

export const f04: Drill = {
  id: 'F04',
  title: 'Broker frozen for two minutes',
  what: 'It takes connections and answers nothing. No request waits for it, connections are replaced, and all of it runs',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    const before = bed.stores.broker.accepted();
    bed.stores.broker.freeze();
    const from = Date.now();
    await postMany(bed, load, CAPTURES[size], { perSecond: 5 });
    const { slowestMs } = load;
    await sleep(Math.max(0, from + FROZEN_MS[size] - Date.now()));
    const replaced = bed.stores.broker.accepted() - before;
    bed.stores.broker.thaw();
    bed.stores.broker.cut();
    must(load.retried === 0, `${load.retried} tries had to be repeated: ${JSON.stringify(load.statuses)}`);
    must(replaced > 0, 'no connection was replaced');
    const rows = await checkInvariants(bed, load);
    return `frozen for ${FROZEN_MS[size] / 1000} s: slowest answer ${slowestMs} ms, ${replaced} new connections, ${rows.length} of ${rows.length} succeeded. The growth of memory is not measured`;
  },
};
