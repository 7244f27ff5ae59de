import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WALLS } from '../security/cases/walls.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, startLoad } from './run-load.ts';
import { must } from './until.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, '..', 'security', 'take-wall-away.ts')).href;
const TRIED = { short: 2, full: WALLS.length };

export const x3: Drill = {
  id: 'X3',
  title: 'Runner without one of its walls',
  what: 'With a capture in the queue a runner is started whose source lacks one wall of its way out, wall by wall. It ends with 69 and `self_test_failed` and takes no job; a whole runner makes the capture in its first attempt',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    const [runner] = bed.runners;
    await Promise.all(bed.runners.map((each) => each.now().stop('SIGTERM')));
    await post(bed, load, `${load.reference}-waits`);
    // A wall that only one kind of browser has is tried by tests/security/self-test-refused.test.ts.
    const walls = WALLS.filter(({ kind }) => kind === undefined).slice(0, TRIED[size]);
    for (const { name, file, text, instead } of walls) {
      const env = { NODE_OPTIONS: `--import=${PRELOAD}`, WALL_TAKEN_AWAY: JSON.stringify({ file, text, instead }) };
      const ended = await runner.start(env).then(
        () => 'ready',
        (error: Error) => error.message,
      );
      must(/exited with 69/.test(ended) && /self_test_failed/.test(ended), `without ${name}: ${ended.slice(0, 400)}`);
    }
    const [waiting] = await query<{ status: string; attempts: number }>(
      bed,
      'select status, (select count(*)::int from attempt where capture_id = capture.id) as attempts from capture where reference = $1',
      [load.reference],
    );
    must(waiting?.status === 'queued' && waiting.attempts === 0, `the capture is ${JSON.stringify(waiting)}`);
    await Promise.all(bed.runners.map((each) => each.start()));
    const rows = await checkInvariants(bed, load);
    must(
      rows.every(({ attempts }) => attempts === 1),
      `attempts: ${JSON.stringify(rows)}`,
    );
    return `${walls.length} of ${WALLS.length} walls taken away (${walls.map(({ name }) => name).join('; ')}): refused each time; the capture waited and succeeded in one attempt`;
  },
};
