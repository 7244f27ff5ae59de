import { checkInvariants, rowsOf } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { captureOf, post, startLoad } from './run-load.ts';
import { must } from './until.ts';

const POSTS = 50;

export const f14: Drill = {
  id: 'F14',
  title: 'Fifty posts at once with one key',
  what: 'One capture, at both servers; the same key with another body is refused (422); a repetition at the other server is a replay',
  without: 'The condition of the key’s conflict, as if its index were none: *… was answered with cap_… and with cap_…*',
  isShort: true,
  run: async (bed) => {
    const load = startLoad();
    const key = `${load.reference}-one`;
    await Promise.all(Array.from({ length: POSTS }, (_, index) => post(bed, load, key, { server: index })));
    must((await rowsOf(bed, load)).length === 1, `${(await rowsOf(bed, load)).length} captures were made`);
    must(load.replayed === POSTS - 1, `${load.replayed} of ${POSTS - 1} were replays`);
    for (const { name, url } of bed.servers) {
      const answer = await fetch(`${url}/api/captures`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bed.key}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify({ ...captureOf(bed, load, 500), delay: 1 }),
      });
      must(answer.status === 422, `another body under the same key was answered ${answer.status} by ${name}`);
      await post(bed, load, key, { server: bed.servers.findIndex((server) => server.url === url) });
    }
    await checkInvariants(bed, load);
    return `${POSTS} posts, 1 capture, ${load.replayed} replays in all, 422 for another body at both servers`;
  },
};
