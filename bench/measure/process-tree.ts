import { readdirSync, readFileSync } from 'node:fs';

/** Facts of a process from /proc/<pid>/stat. Times are in clock ticks; `childTicks` is of children that ended. */
export type ProcessStat = { pid: number; parent: number; state: string; ticks: number; childTicks: number; startedAt: number };
export type ProcessTable = ReadonlyMap<number, ProcessStat>;

/** USER_HZ: the unit of the times in /proc, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads one line of /proc/<pid>/stat; null for what is none. */
export function parseStat(text: string): ProcessStat | null {
  // The name in parentheses may hold spaces and parentheses of its own.
  const end = text.lastIndexOf(')');
  const fields = text
    .slice(end + 2)
    .trim()
    .split(' ');
  const pid = Number.parseInt(text, 10);
  const number = (index: number) => Number(fields[index]);
  if (end < 0 || fields.length < 20 || !Number.isInteger(pid)) return null;
  return {
    pid,
    state: fields[0] ?? '',
    parent: number(1),
    ticks: number(11) + number(12),
    childTicks: number(13) + number(14),
    startedAt: number(19),
  };
}

/** Reads every process of the machine. */
export function readProcesses(): ProcessTable {
  const table = new Map<number, ProcessStat>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat) table.set(stat.pid, stat);
  }
  return table;
}

function readStat(pid: number): ProcessStat | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null; // it ended between the listing and the reading
  }
}

/** The processes below `root`, without itself. */
export function descendants(table: ProcessTable, root: number): ProcessStat[] {
  const children = Map.groupBy(table.values(), (stat) => stat.parent);
  const found: ProcessStat[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop())
    for (const child of children.get(pid) ?? []) {
      found.push(child);
      open.push(child.pid);
    }
  return found;
}

/**
 * The private share of memory of a process, in bytes: shared pages are counted by their part (PSS). 0 once it is gone or
 * where this user may not look.
 */
export function readPss(pid: number): number {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return kilobytes === undefined ? 0 : Number(kilobytes) * 1024;
  } catch {
    return 0;
  }
}

export function seconds(ticks: number): number {
  return ticks / TICKS_PER_SECOND;
}
