import { findGap } from '../check-capture.ts';
import type { Case } from '../corpus.ts';
import type { Driver } from '../drivers/start-driver.ts';
import { type CpuSeconds, createCpuMeter, members } from '../measure/cpu-meter.ts';
import { readProcesses, readPss } from '../measure/process-tree.ts';

/** One capture as it was measured. `gap` says what was missing in it, or the error; null for a complete one. */
export type Sample = { driver: string; page: string; ms: number; settleMs: number | null; bytes: number; gap: string | null };
export type Cell = { samples: Sample[]; wallMs: number; cpu: CpuSeconds; captures: number; peakPssBytes: number | null };
export type CellOptions = {
  concurrency: number;
  /** Pause after the last capture, within what is counted as CPU time: contexts close, rows are written. */
  restMs: number;
  /** Also watches the memory of the browser tree. Looking costs time, so not while anything else is measured. */
  watchMemory?: boolean;
};

const LOOK_MS = 250;

/** Runs captures on one driver, `concurrency` at a time, and judges them when the clock has stopped. */
export async function runCell(driver: Driver, cases: readonly Case[], options: CellOptions): Promise<Cell> {
  const meter = createCpuMeter(driver.roles);
  const browser = driver.roles.find((role) => role.name === 'browser');
  let peak = 0;
  const timer = setInterval(() => {
    const table = readProcesses();
    meter.look(table);
    if (!options.watchMemory || !browser) return;
    let all = 0;
    for (const { pid } of members(table, browser)) all += readPss(pid);
    peak = Math.max(peak, all);
  }, LOOK_MS);
  const queue = [...cases];
  const taken: { wanted: Case; result: Awaited<ReturnType<Driver['capture']>> }[] = [];
  const client = async () => {
    for (let wanted = queue.shift(); wanted; wanted = queue.shift()) taken.push({ wanted, result: await driver.capture(wanted) });
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: options.concurrency }, client));
  const wallMs = performance.now() - from;
  await new Promise((resolve) => setTimeout(resolve, options.restMs));
  clearInterval(timer);
  const cpu = meter.read();
  const samples: Sample[] = [];
  for (const { wanted, result } of taken) {
    const gap = result.error ?? (result.bytes ? await findGap(Buffer.from(result.bytes), wanted) : 'no bytes');
    samples.push({
      driver: driver.name,
      page: wanted.page,
      ms: result.ms,
      settleMs: result.settleMs,
      bytes: result.bytes?.length ?? 0,
      gap,
    });
  }
  return { samples, wallMs, cpu, captures: taken.length, peakPssBytes: options.watchMemory ? peak : null };
}
