import { readdirSync, readFileSync } from 'node:fs';
import { isAlive, type ProcessRecord, readCommandLine, readStartStamp } from '#server/embedded/process-record.ts';

/** Every process below this one, by pid and start time: a browser and what it started. Linux only. */
export function descendantsOf(pid: number): ProcessRecord[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(Number(entry));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found: ProcessRecord[] = [];
  for (let next = children.get(pid) ?? []; next.length > 0; next = next.flatMap((each) => children.get(each) ?? []))
    for (const each of next) {
      const startStamp = readStartStamp(each);
      if (startStamp !== null) found.push({ pid: each, startStamp });
    }
  return found;
}

/** The browsers below a process: their main processes, without renderers and helpers. */
export function browsersOf(pid: number): ProcessRecord[] {
  return descendantsOf(pid).filter((each) => /chrom/i.test(readCommandLine(each.pid)) && !/--type=/.test(readCommandLine(each.pid)));
}

/** The processes of browsers that draw pages. */
export function renderersOf(pid: number): ProcessRecord[] {
  return descendantsOf(pid).filter((each) => readCommandLine(each.pid).includes('--type=renderer'));
}

export function stillAlive(processes: readonly ProcessRecord[]): number[] {
  return processes.filter(isAlive).map(({ pid }) => pid);
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null; // it has ended meanwhile
  }
}

/** The memory of these processes in MiB, with what they share counted once between them (Pss). */
export function residentMiB(pids: readonly number[]): number {
  const kiB = pids.map((pid) => {
    try {
      return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0; // it has ended meanwhile
    }
  });
  return Math.round(kiB.reduce((sum, each) => sum + each, 0) / 1024);
}
