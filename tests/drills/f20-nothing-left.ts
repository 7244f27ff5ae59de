import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkInvariants, rowsOf } from './check-invariants.ts';
import type { Drill } from './drill.ts';
import { postMany, startLoad } from './run-load.ts';
import type { Bed, Runner } from './start-bed.ts';
import { must } from './until.ts';

const DISK_MIB = 48;
const FULL_MS = 20_000;
/** Handles that a runner may still open, above those that it has. */
const HANDLES_LEFT = 4;
/** What an attempt may end as that met the lack; another one follows when there is room again. */
const LACKS = /^(?:storage_unavailable|browser_crashed|runner_lost|internal)$/;

export const f20: Drill = {
  id: 'F20',
  title: 'Full disk, file handles at the limit',
  what: 'The work folder of a runner lies on a small disk that is full for 20 s, with the other runner away; then the runner may open no more files for as long. It goes on living, captures are repeated when there is room again, and all succeed, with no hand on it. (Not run: a full disk of the database or the broker, whose alarm is as F04, and the limit of a runner’s memory.)',
  isShort: false,
  run: async (bed) => {
    const load = startLoad();
    const [runner, other] = bed.runners;
    await other.now().stop('SIGTERM', 120_000);
    await runner.now().stop('SIGTERM', 120_000);
    const disk = join(bed.folder, 'small-disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=711`, 'tmpfs', disk], { timeout: 10_000 });
    try {
      await runner.start({ SESSIONSHOT_WORK_DIR: disk });
      const pid = runner.now().child.pid ?? 0;
      const seen = [await lack(bed, load, 'disk', fillDisk(disk)), await lack(bed, load, 'handles', shutHandles(pid))];
      must(runner.now().child.exitCode === null, 'the runner has ended');
      await checkInvariants(bed, load);
      return `${seen.join('; ')}; the same runner process all the while`;
    } finally {
      await restart(runner);
      execFileSync('umount', ['--lazy', disk], { timeout: 10_000 });
    }
  },
};

/** Lets captures run into the lack that `begin` makes, ends it after a while, and tells how many met it. */
async function lack(bed: Bed, load: ReturnType<typeof startLoad>, name: string, begin: () => () => void): Promise<string> {
  const before = load.accepted.size;
  const end = begin();
  const posting = postMany(bed, load, 4, { delayMs: 500, prefix: name });
  await sleep(FULL_MS);
  end();
  await posting;
  const rows = await checkInvariants(bed, load);
  const met = (await rowsOf(bed, load)).filter(({ codes }) => codes.some((code) => code !== null)).length;
  const strange = rows.flatMap(({ codes }) => codes).filter((code) => code !== null && !LACKS.test(code));
  must(strange.length === 0, `${name}: attempts ended as ${strange.join(', ')}`);
  return `${name}: ${rows.length - before} captures, all succeeded, ${met} of all so far by more than one attempt`;
}

function fillDisk(disk: string) {
  return () => {
    const filler = join(disk, 'filler');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(bavail * bsize));
    chmodSync(filler, 0o600);
    return () => rmSync(filler);
  };
}

function shutHandles(pid: number) {
  return () => {
    const open = readdirSync(`/proc/${pid}/fd`).length;
    limitHandles(pid, `${open + HANDLES_LEFT}:`);
    return () => limitHandles(pid, '4096:');
  };
}

function limitHandles(pid: number, limit: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}`], { timeout: 10_000 });
}

async function restart(runner: Runner): Promise<void> {
  await runner.now().stop('SIGTERM', 120_000);
  await runner.start();
}
