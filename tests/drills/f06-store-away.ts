import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import { must } from './until.ts';

const CAPTURES = { short: 8, full: 60 };
const FAULT_MS = 12_000;

/** A proxy of TCP cannot answer 503: refused, frozen and cut are what it can do. */
export const f06: Drill = {
  id: 'F06',
  title: 'Blob store refuses, freezes, is cut',
  what: 'During uploads: connections refused, then silent, then cut in the middle. Repeated until it is back; never a missing or a short result. (503 is not driven.)',
  isShort: false,
  run: async (bed, size) => {
    const load = startLoad();
    const { blobs } = bed.stores;
    const posting = postMany(bed, load, CAPTURES[size], { perSecond: 1 });
    await sleep(2000);
    blobs.stop();
    await sleep(FAULT_MS);
    blobs.restart();
    blobs.freeze();
    await sleep(FAULT_MS);
    blobs.thaw();
    blobs.cut();
    for (let cuts = 0; cuts < 20; cuts++) {
      await sleep(150);
      blobs.cut();
    }
    await posting;
    const rows = await checkInvariants(bed, load);
    const again = rows.filter(({ attempts }) => attempts > 1);
    must(again.length > 0 || bed.output().includes('an upload was not taken and is tried again'), 'no upload met the fault');
    return `${rows.length} of ${rows.length} succeeded, ${again.length} by more than one attempt (${JSON.stringify([...new Set(again.flatMap(({ codes }) => codes))])})`;
  },
};
