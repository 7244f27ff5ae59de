import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, postMany, startLoad } from './run-load.ts';
import { must } from './until.ts';

const CAPTURES = { short: 12, full: 100 };
const AWAY_MS = { short: 20_000, full: 60_000 };

export const f05: Drill = {
  id: 'F05',
  title: 'PostgreSQL away for a minute',
  what: 'Connections are reset and refused in the middle of the load. No 202 meanwhile; afterwards all of it runs, with no restart and one result each',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    await postMany(bed, load, CAPTURES[size], { delayMs: 2000, perSecond: 10 });
    const accepted = load.accepted.size;
    const pids = [...bed.servers, ...bed.runners].map((program) => program.now().child.pid);
    bed.stores.database.stop();
    const waiting = startLoad();
    const posting = post(bed, waiting, `${waiting.reference}-0`);
    await sleep(AWAY_MS[size]);
    must(waiting.accepted.size === 0, 'a capture was accepted while there was no database');
    const { statuses, slowestMs } = waiting;
    const [seen, slowest] = [JSON.stringify(statuses), slowestMs];
    bed.stores.database.restart();
    await posting;
    const rows = await checkInvariants(bed, load);
    await checkInvariants(bed, waiting);
    const now = [...bed.servers, ...bed.runners].map((program) => program.now().child.pid);
    must(JSON.stringify(pids) === JSON.stringify(now), 'a program was started again');
    const again = rows.filter(({ attempts }) => attempts > 1).length;
    return `away for ${AWAY_MS[size] / 1000} s: answers meanwhile ${seen}, the slowest after ${slowest} ms; ${accepted} captures accepted before and 1 after all succeeded, ${again} in more than one attempt`;
  },
};
