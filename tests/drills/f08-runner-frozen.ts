import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandLine } from '#server/embedded/process-record.ts';
import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must, until } from './until.ts';

/** Longer than a lease and the turn that takes it back. */
const FROZEN_MS = 50_000;
const WOKEN_MS = 10_000;

export const f08: Drill = {
  id: 'F08',
  title: 'Runner frozen past its lease',
  what: 'Frozen at `before_finish`, after its upload, for 50 s. Another attempt succeeds; what the woken runner reports is refused, and its blob is swept',
  without:
    'The fence of the lease token: *I1: ended otherwise than by success*, a capture whose second attempt had succeeded ended as `payload_unreadable` in a third',
  isShort: false,
  run: async (bed) => {
    const load = startLoad();
    const [victim] = bed.runners;
    await victim.now().stop('SIGTERM');
    const runner = await victim.start({ NODE_ENV: 'test', SESSIONSHOT_FAULT_POINTS: 'before_finish=stop' });
    const pid = runner.child.pid ?? 0;
    await postMany(bed, load, 6);
    await until('the runner is frozen', () => isFrozen(pid), 60_000);
    const frozenAt = Date.now();
    const lost = async () =>
      await query<{ id: string; number: number; asset: string | null }>(
        bed,
        `select attempt.capture_id as id, number, asset.blob_name as asset from attempt join capture on capture.id = capture_id
         left join asset on asset.capture_id = capture.id where code = 'runner_lost' and reference = $1`,
        [load.reference],
      );
    await until('another attempt has succeeded', async () => (await lost()).some(({ asset }) => asset !== null), 150_000);
    await sleep(Math.max(0, frozenAt + FROZEN_MS - Date.now()));
    const before = await lost();
    runner.child.kill('SIGCONT');
    await sleep(WOKEN_MS);
    const after = await lost();
    for (const { id, asset } of before)
      must(after.find((each) => each.id === id)?.asset === asset, `the woken runner changed the result of ${id}`);
    must(/lease/i.test(runner.stderr().slice(-20_000)), 'the woken runner did not notice that it had lost its lease');
    const rows = await checkInvariants(bed, load);
    return `${before.length} captures lost by the frozen runner, each with the result of its next attempt after the runner woke; ${rows.length} of ${rows.length} succeeded`;
  },
};

function isFrozen(pid: number): boolean {
  return readCommandLine(pid) !== '' && /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
