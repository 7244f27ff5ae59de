import { checkInvariants, query } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { post, startLoad } from './run-load.ts';
import { must } from './until.ts';

export const x4: Drill = {
  id: 'X4',
  title: 'Sealed payload of one capture in the row of another',
  what: 'Two rows have each other’s payload. Both fail as `payload_unreadable` at the first attempt, with no browser begun; one beside them succeeds. (An alert is not looked at.)',
  without: 'The check of the capture named in the payload’s header: both swapped captures succeeded',
  isShort: false,
  run: async (bed) => {
    const load = startLoad();
    await Promise.all(bed.runners.map((runner) => runner.now().stop('SIGTERM')));
    const ids: string[] = [];
    for (const name of ['one', 'two', 'kept']) ids.push(await post(bed, load, `${load.reference}-${name}`));
    const [one, two, kept] = ids;
    const swapped = await query(
      bed,
      `update capture_payload as here set sealed = there.sealed, kid = there.kid, auth_kid = there.auth_kid from capture_payload as there
       where (here.capture_id = $1 and there.capture_id = $2) or (here.capture_id = $2 and there.capture_id = $1) returning 1`,
      [one, two],
    );
    must(swapped.length === 2, `${swapped.length} rows were changed`);
    await Promise.all(bed.runners.map((runner) => runner.start()));
    const rows = await checkInvariants(bed, load, { mayFail: ['payload_unreadable'] });
    const failed = rows.filter(({ code }) => code === 'payload_unreadable').map(({ id }) => id);
    must(JSON.stringify(failed) === JSON.stringify([one, two].sort()), `failed: ${JSON.stringify(rows)}`);
    must(rows.find(({ id }) => id === kept)?.status === 'succeeded', 'the one that nobody touched did not succeed');
    must(
      rows.every(({ attempts }) => attempts === 1),
      `attempts: ${JSON.stringify(rows)}`,
    );
    const begun = await query(bed, `select 1 from capture where id = any($1) and (final_url is not null or http_status is not null)`, [
      failed,
    ]);
    must(begun.length === 0, 'a page was opened with the payload of another capture');
    return `2 of 2 swapped payloads refused at the first attempt, no page opened; the third capture succeeded`;
  },
};
