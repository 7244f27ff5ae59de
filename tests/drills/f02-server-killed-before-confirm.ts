import { checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must } from './until.ts';

const CAPTURES = { short: 6, full: 60 };

export const f02: Drill = {
  id: 'F02',
  title: 'Server killed between publish and confirm',
  what: 'Killed at `before_confirm`. The other server announces again what was not confirmed; a doorbell that rings twice makes one result',
  without:
    'Not seen to fail. With announcements marked before their confirm it passed: what was sent had left the process and arrived. By reading, a lost one would be found by the slow look of a runner too; neither was tried',
  isShort: true,
  run: async (bed, size) => {
    const load = startLoad();
    const [victim] = bed.servers;
    await victim.now().stop('SIGTERM');
    const server = await victim.start({ NODE_ENV: 'test', SESSIONSHOT_FAULT_POINTS: 'before_confirm=kill' });
    await postMany(bed, load, CAPTURES[size]);
    await Promise.race([server.exit, new Promise((resolve) => setTimeout(resolve, 60_000).unref())]);
    must(server.child.signalCode === 'SIGKILL', 'the server never came to a confirm');
    await victim.start();
    const rows = await checkInvariants(bed, load);
    const doubled = rows.filter(({ attempts }) => attempts > 1);
    must(doubled.length === 0, `${doubled.length} captures ran more than once`);
    return `killed with a wake-up unconfirmed; ${rows.length} of ${rows.length} succeeded, each in one attempt`;
  },
};
