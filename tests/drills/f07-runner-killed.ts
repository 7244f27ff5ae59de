import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { descendantsOf } from './process-tree.ts';
import { postMany, startLoad } from './run-load.ts';
import { must, until } from './until.ts';

const CAPTURES = { short: 8, full: 60 };
const DELAY_MS_MAX = 40_000;

export const f07: Drill = {
  id: 'F07',
  title: 'Runner killed in the middle of its captures',
  what: 'The other runner takes them over when the lease has run out, at most 40 s later; the browsers of the dead one are gone',
  without: 'The loop that takes lost jobs back: *every lost capture is claimed again: not within 120 s*',
  isShort: true,
  run: async (bed, size) => {
    const load = startLoad();
    const [victim] = bed.runners;
    const posting = postMany(bed, load, CAPTURES[size], { delayMs: 2000 });
    const held = async () =>
      await query<{ id: string }>(
        bed,
        `select job.capture_id as id from job join runner on runner.id = runner_id join capture on capture.id = capture_id
         where job.state = 'leased' and runner.name = $1 and reference = $2 and step <> 'claimed'`,
        [victim.name, load.reference],
      );
    await until('the runner holds captures', async () => (await held()).length >= 2, 60_000);
    const dead = descendantsOf(victim.now().child.pid ?? 0);
    must(dead.length > 0, 'the runner had no browser');
    await victim.now().stop('SIGKILL');
    const killedAt = new Date();
    const lost = (await held()).map(({ id }) => id);
    must(lost.length > 0, 'the runner held nothing when it was killed');
    await posting;
    const again = async () =>
      await query<{ ms: number }>(
        bed,
        `select extract(epoch from max(started_at) - $2::timestamptz)::float8 * 1000 as ms from attempt
         where capture_id = any($1) and number = 2 having count(*) = $3`,
        [lost, killedAt, lost.length],
      );
    await until('every lost capture is claimed again', async () => (await again()).length === 1, 120_000);
    const ms = (await again())[0]?.ms ?? Number.POSITIVE_INFINITY;
    must(ms < DELAY_MS_MAX, `the last was claimed again after ${Math.round(ms / 1000)} s`);
    await victim.start();
    const rows = await checkInvariants(bed, load, { dead });
    return `${lost.length} captures lost with the runner, claimed again within ${Math.round(ms / 1000)} s; ${rows.length} of ${rows.length} succeeded; its browsers are gone`;
  },
};
