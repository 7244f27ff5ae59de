import type { Bed } from '../bed.ts';
import { CASES, type PageName } from '../corpus.ts';
import { PEERS, PRODUCT, READY, startDrivers } from '../drivers/start-drivers.ts';
import { type Cell, runCell } from './run-cell.ts';

/** Pages that every driver, the peers included, can finish: a driver that gives up early would seem fast. */
const PAGES: readonly PageName[] = ['article', 'dashboard', 'fonts', 'spinner'];
const LEVELS = [1, 4, 8] as const;
const REST_MS = 500;

export type LevelCell = Omit<Cell, 'samples'> & { driver: string; concurrency: number; incomplete: number; ms: number[] };
export type LevelOptions = {
  rounds: number;
  perSlot: number;
  drivers?: readonly string[] | null;
  levels?: readonly number[];
  watchMemory?: boolean;
};

/**
 * Captures at once, 1, 4 and 8 of them, the product with as many slots: for each level the drivers take turns, each with
 * the same list of pages, `perSlot` captures for each slot and turn. With `watchMemory` the same, to watch the memory.
 */
export async function measureLevels(bed: Bed, options: LevelOptions, say: (text: string) => void): Promise<LevelCell[]> {
  const cells: LevelCell[] = [];
  const names = options.drivers ?? [PRODUCT, READY, ...PEERS];
  const cases = CASES.filter(({ page }) => PAGES.includes(page));
  for (const concurrency of options.levels ?? LEVELS) {
    const product = await bed.openProduct(concurrency);
    try {
      const { drivers, close } = await startDrivers(names, bed, product);
      try {
        for (const driver of drivers) await runCell(driver, cases.slice(0, 2), { concurrency, restMs: REST_MS });
        for (let round = 0; round < options.rounds; round++)
          for (const driver of drivers) {
            say(
              `${options.watchMemory ? 'memory' : 'throughput'}: ${concurrency} at once, turn ${round + 1} of ${options.rounds}, ${driver.name}`,
            );
            const count = Math.max(cases.length, options.perSlot * concurrency);
            const list = Array.from({ length: count }, (_, index) => cases[index % cases.length]).filter((entry) => entry !== undefined);
            const { samples, ...cell } = await runCell(driver, list, { concurrency, restMs: REST_MS, watchMemory: options.watchMemory });
            const incomplete = samples.filter(({ gap }) => gap !== null).length;
            cells.push({ ...cell, driver: driver.name, concurrency, incomplete, ms: samples.map(({ ms }) => ms) });
          }
      } finally {
        await close();
      }
    } finally {
      await product.close();
    }
  }
  return cells;
}
