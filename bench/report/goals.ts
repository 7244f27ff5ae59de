import { CHROMIUM_IDLE, CHROMIUM_LOAD, HAND_TUNED, PEERS, PRODUCT, READY, SHELL_IDLE, SHELL_LOAD } from '../drivers/start-drivers.ts';
import { geometricMean, mean, median } from '../measure/statistics.ts';
import type { BootResult } from '../phases/boot.ts';
import type { EgressResult } from '../phases/egress.ts';
import type { LatencyResult } from '../phases/latency.ts';
import type { LevelCell } from '../phases/throughput.ts';

export type Run = {
  latency: LatencyResult | null;
  throughput: LevelCell[];
  memory: LevelCell[];
  boot: BootResult[];
  /** Missing in what older versions saved. */
  egress?: EgressResult | null;
};
/**
 * One goal of the engine; `value` is null where it was not measured. `most` and `least` are the bounds. One without a
 * bound is shown and not judged.
 */
export type Goal = { what: string; value: number | null; bound: { most: number } | { least: number } | null; unit: string };
type Sample = LatencyResult['samples'][number];

const MIB = 1024 * 1024;

/** Works out every goal from one run. All ratios are between figures of this same run. */
export function judgeRun(run: Run): Goal[] {
  const samples = run.latency?.samples ?? [];
  const own = samples.filter(({ driver }) => driver === PRODUCT);
  const complete = own.filter(({ gap }) => gap === null).length / own.length;
  return [
    { what: 'complete captures', value: finite(complete), bound: { least: 1 }, unit: 'share' },
    ratio('latency / plain Playwright, same shell, our readiness', latencyRatio(samples, READY), { most: 1 }),
    ratio('latency / plain Playwright, full Chromium, networkidle', latencyRatio(samples, CHROMIUM_IDLE), { most: 0.5 }),
    ratio('browser CPU per capture / plain Playwright, full Chromium', cpuRatio(samples, CHROMIUM_LOAD), { most: 0.35 }),
    ratio('browser CPU per capture / plain Playwright `load`, same shell', cpuRatio(samples, SHELL_LOAD), { most: 1 }),
    ratio('CPU of all parts per capture / plain Playwright, full Chromium, with its script', allCpuRatio(samples, CHROMIUM_LOAD), null),
    ratio('CPU of all parts per capture / plain Playwright `load`, same shell, with its script', allCpuRatio(samples, SHELL_LOAD), null),
    ...[4, 8].flatMap((level) => [
      ratio(`throughput at ${level} / plain Playwright, our readiness`, throughputRatio(run.throughput, level, READY), { least: 1 }),
      ...PEERS.map((peer) => ratio(`throughput at ${level} / ${peer}`, throughputRatio(run.throughput, level, peer), { least: 2 })),
    ]),
    ratio('settle / networkidle on the same shell, where it ends', settleRatio(samples), { most: 0.75 }),
    ratio('settle / a wait written by hand for each page, same shell', pageRatio(samples, HAND_TUNED, settled), null),
    ratio('PDF / plain `page.pdf`, our readiness, same tagging', pdfRatio(samples), { most: 1.1 }),
    ...[4, 8].map((level) => ({
      what: `peak memory of the browser tree per capture, ${level} at once`,
      value: peakMemory(run.memory, level, PRODUCT),
      bound: { most: 120 },
      unit: 'MiB',
    })),
    ratio('first capture after boot / cold launch to bytes', bootRatio(run.boot), { most: 2 }),
    ratio('page of 60 images through the egress proxy / directly', egressRatio(run.egress), { most: 1.3 }),
  ];
}

function ratio(what: string, value: number | null, bound: Goal['bound']): Goal {
  return { what, value, bound, unit: '×' };
}

/** The mean (geometric) over pages of the ratio of medians: no page counts for more because it is slow. */
export function latencyRatio(samples: readonly Sample[], reference: string): number | null {
  return pageRatio(samples, reference, ({ ms }) => ms);
}

/** On pages that networkidle finishes: where it gives up early, as before lazy images, being fast is no merit. */
function settleRatio(samples: readonly Sample[]): number | null {
  const unfinished = new Set(samples.filter(({ driver, gap }) => driver === SHELL_IDLE && gap !== null).map(({ page }) => page));
  const finished = samples.filter(({ page }) => !unfinished.has(page));
  return pageRatio(finished, SHELL_IDLE, settled);
}

function settled({ settleMs }: Sample): number {
  return settleMs ?? Number.NaN;
}

function pdfRatio(samples: readonly Sample[]): number | null {
  return pageRatio(
    samples.filter(({ page }) => page === 'report'),
    READY,
    ({ ms }) => ms,
  );
}

function cpuRatio(samples: readonly Sample[], reference: string): number | null {
  return pageRatio(samples, reference, ({ cpu }) => cpu.browser ?? Number.NaN, mean);
}

/** Everything that was spent for a capture: browser, script, and of SessionShot its servers, database and store too. */
function allCpuRatio(samples: readonly Sample[], reference: string): number | null {
  return pageRatio(samples, reference, ({ cpu }) => Object.values(cpu).reduce((all, seconds) => all + seconds, 0), mean);
}

/** Leaves out the page that never falls idle where the reference waited to its cap: any ratio could be had there. */
function pageRatio(
  samples: readonly Sample[],
  reference: string,
  read: (sample: Sample) => number,
  middle: (values: readonly number[]) => number = median,
): number | null {
  const isIdle = reference === CHROMIUM_IDLE || reference === SHELL_IDLE;
  const pages = [...new Set(samples.map(({ page }) => page))].filter((page) => !(isIdle && page === 'live'));
  const of = (driver: string, page: string) =>
    middle(samples.filter((sample) => sample.driver === driver && sample.page === page).map(read));
  return finite(geometricMean(pages.map((page) => of(PRODUCT, page) / of(reference, page))));
}

export function throughput(cells: readonly LevelCell[], level: number, driver: string): number | null {
  const found = cells.filter((cell) => cell.concurrency === level && cell.driver === driver);
  return finite(median(found.map(({ captures, incomplete, wallMs }) => ((captures - incomplete) * 1000) / wallMs)));
}

function throughputRatio(cells: readonly LevelCell[], level: number, reference: string): number | null {
  const [own, other] = [throughput(cells, level, PRODUCT), throughput(cells, level, reference)];
  return own === null || other === null ? null : finite(own / other);
}

export function peakMemory(cells: readonly LevelCell[], level: number, driver: string): number | null {
  const found = cells.filter((cell) => cell.concurrency === level && cell.driver === driver);
  return finite(median(found.map(({ peakPssBytes }) => (peakPssBytes ?? Number.NaN) / MIB / level)));
}

function bootRatio(boots: readonly BootResult[]): number | null {
  return finite(median(boots.map(({ firstMs }) => firstMs)) / median(boots.map(({ coldMs }) => coldMs)));
}

/** Below 1 a page came sooner through the proxy; the loads of a round lie side by side, so their ratios are compared. */
function egressRatio(egress: EgressResult | null | undefined): number | null {
  return finite(median((egress?.proxiedMs ?? []).map((ms, round) => ms / (egress?.directMs[round] ?? Number.NaN))));
}

export function isMet({ value, bound }: Goal): boolean | null {
  if (value === null || bound === null) return null;
  return 'most' in bound ? value <= bound.most : value >= bound.least;
}

/** The same goals over several runs: the median of each. */
export function mergeGoals(runs: readonly Goal[][]): Goal[] {
  return (runs[0] ?? []).map((goal, index) => {
    const values = runs.map((goals) => goals[index]?.value ?? null).filter((value) => value !== null);
    return { ...goal, value: finite(median(values)) };
  });
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
