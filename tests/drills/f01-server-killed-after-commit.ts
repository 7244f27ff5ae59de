import { checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, startLoad } from './run-load.ts';
import { must } from './until.ts';

const ROUNDS = { short: 2, full: 20 };

/** The client's first try goes to the server that dies; its repetition, with the same key, to the other one. */
export const f01: Drill = {
  id: 'F01',
  title: 'Server killed after its commit, before its answer',
  what: 'Killed at `after_commit`. The same key gives the same id (`Idempotent-Replayed`), one capture, which runs although its server never published it',
  without: 'The key that is taken for good (the lookup, and the condition of its conflict): *0 of 2 repetitions were replays*',
  isShort: true,
  run: async (bed, size) => {
    const load = startLoad();
    const [victim] = bed.servers;
    for (let round = 0; round < ROUNDS[size]; round++) {
      await victim.now().stop('SIGTERM');
      const server = await victim.start({ NODE_ENV: 'test', SESSIONSHOT_FAULT_POINTS: 'after_commit=kill' });
      await post(bed, load, `${load.reference}-${round}`, { server: 0 });
      await server.exit;
      must(server.child.signalCode === 'SIGKILL', `the server ended by ${server.child.signalCode ?? server.child.exitCode}`);
      await victim.start();
    }
    must(load.replayed === ROUNDS[size], `${load.replayed} of ${ROUNDS[size]} repetitions were replays`);
    const rows = await checkInvariants(bed, load);
    return `${ROUNDS[size]} kills, ${load.replayed} replays, ${rows.length} captures, all succeeded`;
  },
};
