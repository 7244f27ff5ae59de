import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must, until } from './until.ts';
import { countWakeUps } from './wake-up-queue.ts';

const CAPTURES = { short: 6, full: 60 };
const DEADLINE_MS = 20_000;
const LATE_MS_MAX = 30_000;

export const f16: Drill = {
  id: 'F16',
  title: 'No runner until the deadline',
  what: 'Both runners are stopped. Each capture fails as `deadline_exceeded` at most 30 s late, with its payload deleted; runners that are back drop the stale messages. (The webhook is not looked at.)',
  without: 'The loop of deadlines: *every capture is ended: not within 80 s*',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    await Promise.all(bed.runners.map((runner) => runner.now().stop('SIGTERM')));
    await postMany(bed, load, CAPTURES[size], { deadlineMs: DEADLINE_MS });
    const open = async () => await query(bed, 'select 1 from capture where reference = $1 and finished_at is null', [load.reference]);
    await until('every capture is ended', async () => (await open()).length === 0, DEADLINE_MS + 2 * LATE_MS_MAX);
    const [late] = await query<{ low: number; high: number; payloads: number }>(
      bed,
      `select min(extract(epoch from finished_at - job.deadline_at) * 1000)::float8 as low,
         max(extract(epoch from finished_at - job.deadline_at) * 1000)::float8 as high,
         (select count(*)::int from capture_payload where capture_id in (select id from capture where reference = $1)) as payloads
       from capture join job on job.capture_id = capture.id where reference = $1`,
      [load.reference],
    );
    must(late !== undefined && late.low >= 0 && late.high < LATE_MS_MAX, `ended at ${late?.low} to ${late?.high} ms after the deadline`);
    must(late.payloads === 0, `${late.payloads} payloads were left before a runner was back`);
    const stale = await countWakeUps();
    must(stale > 0, 'no stale message was in the queue');
    await Promise.all(bed.runners.map((runner) => runner.start()));
    await until('the stale messages are dropped', async () => (await countWakeUps()) === 0, 60_000);
    const rows = await checkInvariants(bed, load, { mayFail: ['deadline_exceeded'] });
    const other = rows.filter(({ code, attempts }) => code !== 'deadline_exceeded' || attempts > 0);
    must(other.length === 0, `ended otherwise: ${JSON.stringify(other.slice(0, 3))}`);
    return `${rows.length} of ${rows.length} ended as deadline_exceeded without an attempt, the last ${Math.round(late.high)} ms late; ${stale} stale messages were dropped by the runners that came back`;
  },
};
