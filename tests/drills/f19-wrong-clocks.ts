import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApi, fetchAsset } from '../e2e/call-api.ts';
import { checkInvariants } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import type { Bed, Program } from './start-bed.ts';
import { must } from './until.ts';

const OFF_S = 300;
const COUNT = { short: 8, full: 40 };
/** From Debian's package `libfaketime`, by the machine's architecture. */
const LIBRARIES = ['x86_64', 'aarch64'].map((name) => `/usr/lib/${name}-linux-gnu/faketime/libfaketime.so.1`);

export const f19: Drill = {
  id: 'F19',
  title: 'Clocks that are wrong and jump',
  what: 'One runner and one server are five minutes ahead, the other runner five behind; in the middle of the load those ahead jump to five behind. No capture expires, none loses its lease, and links of the wrong server open. The clock of the database is right',
  without:
    'The steady clock by which a server ends a heartbeat that it holds: two captures were lost, whose heartbeats the jump held for ten minutes',
  isShort: false,
  run: async (bed, size) => {
    const library = LIBRARIES.find((path) => existsSync(path));
    must(library !== undefined, 'libfaketime is not installed: `apt-get install libfaketime`');
    const load = startLoad();
    const [ahead, behind] = bed.runners;
    const [, server] = bed.servers;
    const clocks: (() => void)[] = [];
    for (const [program, seconds] of [
      [server, OFF_S],
      [ahead, OFF_S],
      [behind, -OFF_S],
    ] as const) {
      const clock = join(bed.folder, `${program.name.replaceAll(' ', '-')}.clock`);
      const set = (to: number) => writeFileSync(clock, `${to > 0 ? '+' : ''}${to}`);
      set(seconds);
      clocks.push(() => set(-OFF_S));
      await restart(program, {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_CACHE_DURATION: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      });
    }
    const offBy = await skewOf(server.url);
    must(Math.abs(offBy - OFF_S) < 30, `the clock of ${server.name} is off by ${offBy} s, not by ${OFF_S}`);
    const posting = postMany(bed, load, COUNT[size], { delayMs: 2000, perSecond: 1 });
    await postMany(bed, load, 2, { delayMs: 2000, prefix: 'first' });
    await checkLinks(bed, load);
    for (const jump of clocks) jump();
    await posting;
    const rows = await checkInvariants(bed, load);
    const repeated = rows.filter(({ attempts }) => attempts !== 1);
    must(repeated.length === 0, `more than one attempt: ${JSON.stringify(repeated)}`);
    await checkLinks(bed, load);
    const jumped = await skewOf(server.url);
    must(Math.abs(jumped + OFF_S) < 30, `the clock of ${server.name} did not jump: it is off by ${jumped} s`);
    for (const program of [server, ahead, behind]) await restart(program, {});
    return `${rows.length} of ${rows.length} succeeded in one attempt each, by runners ${OFF_S} s ahead and behind, through a jump of ${2 * OFF_S} s; links of the server that was ahead and then behind opened`;
  },
};

async function restart(program: Program, more: Record<string, string>): Promise<void> {
  await program.now().stop('SIGTERM', 120_000);
  await program.start(more);
}

/** How far the clock of a server is ahead, in seconds, by the `Date` of its answers. */
async function skewOf(url: string): Promise<number> {
  const date = (await fetch(`${url}/healthz`)).headers.get('date');
  return Math.round((Date.parse(date ?? '') - Date.now()) / 1000);
}

/** Links that the wrong server signs open at the storage, whose clock is right. */
async function checkLinks(bed: Bed, { accepted }: { accepted: Map<string, string> }): Promise<void> {
  const api = createApi(bed.servers[1].url, bed.key);
  for (const id of [...accepted.values()].slice(0, 2)) {
    const capture = await api.follow(id);
    const bytes = await fetchAsset(capture);
    must(bytes.length === capture.asset?.bytes, `a link of ${bed.servers[1].name} gave ${bytes.length} bytes of ${capture.asset?.bytes}`);
  }
}
