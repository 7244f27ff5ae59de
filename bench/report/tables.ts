import { CASES } from '../corpus.ts';
import { DRIVERS, PRODUCT } from '../drivers/start-drivers.ts';
import { mean, median, p90 } from '../measure/statistics.ts';
import type { BootResult } from '../phases/boot.ts';
import type { EgressResult } from '../phases/egress.ts';
import type { LatencyResult } from '../phases/latency.ts';
import type { SoakResult } from '../phases/soak.ts';
import type { LevelCell } from '../phases/throughput.ts';
import { type Goal, isMet, latencyRatio, peakMemory, throughput } from './goals.ts';

type Samples = LatencyResult['samples'];

export function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => {
    const met = isMet(goal);
    const verdict = goal.value === null ? 'not measured' : met === null ? 'shown' : met ? 'met' : '**not met**';
    return [goal.what, showBound(goal), shown(goal), verdict];
  });
  return markdown(['goal', 'bound', 'measured', ''], rows);
}

function showBound({ bound, unit }: Goal): string {
  if (bound === null) return '–';
  return 'most' in bound ? `≤ ${bound.most} ${unit}` : `≥ ${bound.least} ${unit}`;
}

/** Two digits, or four where two would say that a bound was met by a hair that was missed by one, or the other way. */
function shown(goal: Goal): string {
  const rounded = { ...goal, value: goal.value === null ? null : Number(goal.value.toFixed(2)) };
  return show(goal.value, isMet(rounded) === isMet(goal) ? 2 : 4);
}

/** Median (and 90th percentile) in milliseconds for each page; × marks pages with at least one incomplete capture. */
export function latencyTable(samples: Samples): string {
  const names = drivers(samples);
  const rows = names.map((driver) => {
    const cells = CASES.map(({ page }) => {
      const found = samples.filter((sample) => sample.driver === driver && sample.page === page);
      const times = found.map(({ ms }) => ms);
      return found.length === 0 ? '' : `${show(median(times))} (${show(p90(times))})${found.some(({ gap }) => gap !== null) ? ' ×' : ''}`;
    });
    const own = samples.filter((sample) => sample.driver === driver);
    const complete = own.filter(({ gap }) => gap === null).length;
    return [driver, ...cells, show(median(own.map(({ ms }) => ms))), show(latencyRatio(samples, driver), 2), `${complete} / ${own.length}`];
  });
  return markdown(['driver', ...CASES.map(({ page }) => page), 'all', `${PRODUCT} / this`, 'complete'], rows);
}

/** CPU seconds for each capture, by the part that spent them. */
export function cpuTable(samples: Samples): string {
  const parts = ['browser', 'driver', 'runner', 'server', 'database', 'storage'];
  const rows = drivers(samples).map((driver) => {
    const own = samples.filter((sample) => sample.driver === driver);
    return [driver, ...parts.map((part) => show(mean(own.map(({ cpu }) => cpu[part] ?? Number.NaN)), 2))];
  });
  return markdown(['driver', ...parts], rows);
}

export function levelTable(cells: readonly LevelCell[]): string {
  const levels = [...new Set(cells.map(({ concurrency }) => concurrency))];
  const rows = [...new Set(cells.map(({ driver }) => driver))].flatMap((driver) =>
    levels.map((level) => {
      const found = cells.filter((cell) => cell.driver === driver && cell.concurrency === level);
      const [own, it] = [throughput(cells, level, PRODUCT), throughput(cells, level, driver)];
      const times = found.flatMap(({ ms }) => ms);
      const cpu = mean(found.map((cell) => (cell.cpu.browser ?? Number.NaN) / cell.captures));
      const incomplete = found.reduce((all, cell) => all + cell.incomplete, 0);
      const values = [show(it, 2), show(own !== null && it ? own / it : null, 2), show(median(times)), show(p90(times)), show(cpu, 2)];
      return [driver, String(level), ...values, String(incomplete)];
    }),
  );
  return markdown(
    ['driver', 'at once', 'complete a second', `${PRODUCT} / this`, 'median ms', 'p90 ms', 'browser CPU s', 'incomplete'],
    rows,
  );
}

export function memoryTable(cells: readonly LevelCell[]): string {
  const rows = [...new Set(cells.map(({ driver, concurrency }) => `${driver} ${concurrency}`))].map((key) => {
    const [driver = '', level = ''] = key.split(' ');
    return [driver, level, show(peakMemory(cells, Number(level), driver))];
  });
  return markdown(['driver', 'at once', 'peak PSS of the browser tree, MiB per capture at once'], rows);
}

export function bootTable(boots: readonly BootResult[]): string {
  const middle = (read: (boot: BootResult) => number) => show(median(boots.map(read)));
  return markdown(
    ['start to ready, ms', 'ready to first bytes, ms', 'cold plain launch to bytes, ms'],
    [[middle(({ startMs }) => startMs), middle(({ firstMs }) => firstMs), middle(({ coldMs }) => coldMs)]],
  );
}

export function egressTable(loads: readonly EgressResult[]): string {
  const of = (read: (result: EgressResult) => number[]) => loads.flatMap(read);
  const cell = (values: number[]) => `${show(median(values))} (${show(p90(values))})`;
  return markdown(
    ['60 images directly, ms', 'through the egress proxy, ms', 'rounds'],
    [[cell(of(({ directMs }) => directMs)), cell(of(({ proxiedMs }) => proxiedMs)), String(of(({ directMs }) => directMs).length)]],
  );
}

export function soakTable({ samples, failed, growth, filesBefore, filesAfter, leftInTemporary }: SoakResult): string {
  const mib = (bytes: number | undefined) => show((bytes ?? 0) / 1024 / 1024);
  const parts = Object.keys(samples[0]?.pss ?? {});
  const every = Math.max(1, Math.floor(samples.length / 12));
  const rows = samples
    .filter((_, index) => index % every === 0 || index === samples.length - 1)
    .map(({ captures, pss, zombies, files }) => [
      String(captures),
      ...parts.map((part) => mib(pss[part])),
      mib(Object.values(pss).reduce((all, bytes) => all + bytes, 0)),
      String(zombies),
      String(files),
    ]);
  const verdict = [
    `Growth after warm-up: ${show(growth * 100, 1)} % (at most 10 %). Incomplete: ${failed}.`,
    `Zombies seen: ${Math.max(0, ...samples.map(({ zombies }) => zombies))}. Files in the work folder: ${filesBefore} after warm-up, ${filesAfter} at the end.`,
    `Left in the temporary and work folders after the stop: ${leftInTemporary.length === 0 ? 'nothing' : leftInTemporary.join(', ')}.`,
  ];
  return `${markdown(['captures', ...parts.map((part) => `${part} MiB`), 'all MiB', 'zombies', 'work files'], rows)}\n\n${verdict.join('\n')}`;
}

function drivers(samples: Samples): string[] {
  return Object.keys(DRIVERS).filter((name) => samples.some(({ driver }) => driver === name));
}

function show(value: number | null, digits = 0): string {
  return value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
