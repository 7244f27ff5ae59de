import { checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must } from './until.ts';

const CAPTURES = { short: 10, full: 60 };
/** Long enough to be running when their runner is told to stop. */
const DELAY_MS = 3000;

export const f13: Drill = {
  id: 'F13',
  title: 'Rolling restart under load',
  what: 'SIGTERM to each runner, then to each server, one after the other. All end with code 0, no capture fails, and no attempt is used up',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    const posting = postMany(bed, load, CAPTURES[size], { delayMs: DELAY_MS, perSecond: 2 });
    const codes: (number | null)[] = [];
    for (const program of [...bed.runners, ...bed.servers]) {
      codes.push(await program.now().stop('SIGTERM', 90_000));
      await program.start();
    }
    await posting;
    must(
      codes.every((code) => code === 0),
      `exit codes: ${codes.join(', ')}`,
    );
    const rows = await checkInvariants(bed, load);
    const used = rows.filter(({ attempts }) => attempts > 1);
    must(used.length === 0, `${used.length} captures needed more than one attempt: ${JSON.stringify(used.slice(0, 3))}`);
    return `4 programs replaced, exit codes ${codes.join(', ')}; ${rows.length} of ${rows.length} succeeded in one attempt each; ${load.retried} tries of the client were repeated (${JSON.stringify(load.statuses)})`;
  },
};
