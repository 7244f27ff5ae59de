import { blobNames, checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { descendantsOf } from './process-tree.ts';
import { postMany, startLoad } from './run-load.ts';
import { must } from './until.ts';

const CAPTURES = { short: 6, full: 30 };

export const f09: Drill = {
  id: 'F09',
  title: 'Runner killed after its upload, before its finish',
  what: 'Killed at `after_upload`. The next attempt stores a blob of its own; the first one belongs to nobody and is swept; one result',
  without: 'The sweep of orphans: *I2: not exactly one blob*',
  isShort: true,
  run: async (bed, size) => {
    const load = startLoad();
    const [victim] = bed.runners;
    await victim.now().stop('SIGTERM');
    const runner = await victim.start({ NODE_ENV: 'test', SESSIONSHOT_FAULT_POINTS: 'after_upload=kill' });
    const dead = descendantsOf(runner.child.pid ?? 0);
    await postMany(bed, load, CAPTURES[size]);
    await Promise.race([runner.exit, new Promise((resolve) => setTimeout(resolve, 60_000).unref())]);
    must(runner.child.signalCode === 'SIGKILL', 'the runner never came to an upload');
    const ids = [...load.accepted.values()];
    const orphans = (await blobNames(bed)).filter((name) => ids.some((id) => name.includes(id)));
    must(orphans.length > 0, 'nothing was uploaded');
    await victim.start();
    const rows = await checkInvariants(bed, load, { dead });
    const again = rows.filter(({ codes }) => codes.includes('runner_lost'));
    must(again.length > 0, 'no capture was repeated');
    return `${again.length} captures repeated after the kill, each with one blob after the sweep; ${rows.length} of ${rows.length} succeeded`;
  },
};
