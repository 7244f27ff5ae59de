import type { Bed } from '../bed.ts';
import { CASES } from '../corpus.ts';
import { COLD, PRODUCT, startDrivers } from '../drivers/start-drivers.ts';
import { runCell, type Sample } from './run-cell.ts';

/** A page that `load` finishes too, so that both sides end with the same picture. */
const PAGE = 'article';

export type BootResult = { startMs: number; firstMs: number; coldMs: number; gaps: (string | null)[] };

/**
 * Starts the product anew each time and takes the time of its first capture after `ready`, beside a plain Playwright that
 * launches its browser, takes the same page and has the bytes.
 */
export async function measureBoot(bed: Bed, rounds: number, say: (text: string) => void): Promise<BootResult[]> {
  const wanted = CASES.filter(({ page }) => page === PAGE);
  const results: BootResult[] = [];
  // The very first start also makes the database and a capture of the demo: it is not the boot that is meant.
  await (await bed.openProduct(null)).close();
  for (let round = 0; round < rounds; round++) {
    say(`boot: ${round + 1} of ${rounds}`);
    const product = await bed.openProduct(null);
    try {
      const { drivers, close } = await startDrivers([PRODUCT, COLD], bed, product);
      try {
        const samples: Sample[] = [];
        for (const driver of drivers) samples.push(...(await runCell(driver, wanted, { concurrency: 1, restMs: 500 })).samples);
        const of = (name: string) => samples.find(({ driver }) => driver === name)?.ms ?? Number.NaN;
        results.push({ startMs: product.startMs, firstMs: of(PRODUCT), coldMs: of(COLD), gaps: samples.map(({ gap }) => gap) });
      } finally {
        await close();
      }
    } finally {
      await product.close();
    }
  }
  return results;
}
