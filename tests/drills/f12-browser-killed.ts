import { sendSignal } from '#server/embedded/process-record.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { browsersOf, renderersOf } from './process-tree.ts';
import { postMany, startLoad } from './run-load.ts';
import type { Bed } from './start-bed.ts';
import { must, until } from './until.ts';

const DELAY_MS = 4000;

/** The frozen browser of the plan is not in here: its capture ends at its own time limit, which takes minutes. */
export const f12: Drill = {
  id: 'F12',
  title: 'Renderer killed, then the browser itself',
  what: 'In the middle of a capture. `browser_crashed`, repeated in a new browser, success. (The frozen browser is not run yet.)',
  isShort: false,
  run: async (bed) => {
    const seen: string[] = [];
    for (const [part, find] of [
      ['renderer', renderersOf],
      ['browser', browsersOf],
    ] as const) {
      const load = startLoad();
      const posting = postMany(bed, load, 4, { delayMs: DELAY_MS });
      await until('captures are being made', async () => (await running(bed, load.reference)) >= 2, 60_000);
      const victims = bed.runners.flatMap((runner) => find(runner.now().child.pid ?? 0));
      must(victims.length > 0, `no ${part} was found`);
      for (const { pid } of victims) sendSignal(pid, 'SIGKILL');
      await posting;
      const rows = await checkInvariants(bed, load, { dead: victims });
      const crashed = rows.filter(({ codes }) => codes.includes('browser_crashed'));
      must(crashed.length > 0, `no capture met the end of its ${part}: ${JSON.stringify(rows)}`);
      seen.push(`${part}: ${victims.length} killed, ${crashed.length} of ${rows.length} captures met it and succeeded by another attempt`);
    }
    return seen.join('; ');
  },
};

async function running(bed: Bed, reference: string): Promise<number> {
  const sql = `select 1 from job join capture on capture.id = capture_id where state = 'leased' and step in ('settle', 'navigate') and reference = $1`;
  return (await query(bed, sql, [reference])).length;
}
