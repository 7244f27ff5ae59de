import type { Bed } from '../bed.ts';
import { CASES, type Case } from '../corpus.ts';
import type { Driver } from '../drivers/start-driver.ts';
import { DRIVERS, startDrivers } from '../drivers/start-drivers.ts';
import type { CpuSeconds } from '../measure/cpu-meter.ts';
import { runCell, type Sample } from './run-cell.ts';

/** What a driver's background work may take after the bytes are out, before the next one's clock starts. */
const REST_MS = 500;

export type LatencyResult = { samples: (Sample & { cpu: CpuSeconds })[]; missing: { name: string; why: string }[] };
export type LatencyOptions = { rounds: number; pages?: readonly string[]; drivers?: readonly string[] };

/**
 * One capture at a time, round robin over drivers within pages within rounds, so that what else the machine does hits
 * all alike; the driver that begins changes with every page. A first round that counts for nothing warms everything up.
 */
export async function measureLatency(bed: Bed, options: LatencyOptions, say: (text: string) => void): Promise<LatencyResult> {
  const product = await bed.openProduct(null);
  try {
    const running = await startDrivers(options.drivers ?? Object.keys(DRIVERS), bed, product);
    try {
      const cases = CASES.filter(({ page }) => options.pages?.includes(page) ?? true);
      say('warming up: one capture of each driver');
      for (const driver of running.drivers) await runCell(driver, cases.slice(0, 1), { concurrency: 1, restMs: REST_MS });
      const samples: LatencyResult['samples'] = [];
      for (let round = 0; round < options.rounds; round++)
        for (const [index, wanted] of cases.entries()) {
          say(`latency: round ${round + 1} of ${options.rounds}, ${wanted.page}`);
          for (const driver of rotate(running.drivers, round + index)) samples.push(await takeOne(driver, wanted));
        }
      return { samples, missing: running.missing };
    } finally {
      await running.close();
    }
  } finally {
    await product.close();
  }
}

async function takeOne(driver: Driver, wanted: Case): Promise<LatencyResult['samples'][number]> {
  const { samples, cpu } = await runCell(driver, [wanted], { concurrency: 1, restMs: REST_MS });
  const sample = samples[0];
  if (!sample) throw new Error(`${driver.name} answered nothing for ${wanted.page}`);
  return { ...sample, cpu };
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
