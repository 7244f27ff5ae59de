import { descendants, type ProcessStat, type ProcessTable, readProcesses, seconds } from './process-tree.ts';

/** A part of a process tree that is counted by itself: the root alone, everything below it, or both. */
export type Role = { name: string; pid: number; part: 'self' | 'below' | 'tree' };
/** CPU seconds (user and system) by the name of the role. */
export type CpuSeconds = Readonly<Record<string, number>>;
export type CpuMeter = {
  /** Looks at the processes now. To be called now and then, so that one that ends soon is seen while it lives. */
  look(table?: ProcessTable): void;
  /** What was spent since the meter was made. */
  read(): CpuSeconds;
};

/**
 * Counts the CPU time of roles in two ways that both can only miss some: by the counters of what lives now with those of
 * their reaped children, and by what was last seen of every process. A process that ends between two looks is in the
 * first, one that nobody reaped is in the second. The larger is nearer to the truth.
 */
export function createCpuMeter(roles: readonly Role[]): CpuMeter {
  const seen = roles.map(() => new Map<string, number>());
  const look = (table: ProcessTable = readProcesses()) => {
    for (const [index, role] of roles.entries())
      for (const stat of members(table, role)) seen[index]?.set(`${stat.pid}:${stat.startedAt}`, stat.ticks);
  };
  const count = (table: ProcessTable) =>
    roles.map((role, index) => ({ counters: counterTicks(table, role), sightings: total(seen[index]?.values() ?? []) }));
  const first = readProcesses();
  look(first);
  const start = count(first);
  return {
    look,
    read: () => {
      const table = readProcesses();
      look(table);
      return Object.fromEntries(
        count(table).map((now, index) => {
          const then = start[index] ?? { counters: 0, sightings: 0 };
          return [roles[index]?.name ?? '', seconds(Math.max(now.counters - then.counters, now.sightings - then.sightings))];
        }),
      );
    },
  };
}

export function members(table: ProcessTable, { pid, part }: Role): ProcessStat[] {
  const root = table.get(pid);
  const self = root && part !== 'below' ? [root] : [];
  return part === 'self' ? self : [...self, ...descendants(table, pid)];
}

function counterTicks(table: ProcessTable, role: Role): number {
  const root = table.get(role.pid);
  if (!root) return 0;
  if (role.part === 'self') return root.ticks;
  const below = descendants(table, role.pid).map((stat) => stat.ticks + stat.childTicks);
  return total(below) + root.childTicks + (role.part === 'tree' ? root.ticks : 0);
}

function total(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}
