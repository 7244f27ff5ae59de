import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bed } from '../bed.ts';
import { CASES } from '../corpus.ts';
import { PRODUCT, startDrivers } from '../drivers/start-drivers.ts';
import { members, type Role } from '../measure/cpu-meter.ts';
import { readProcesses, readPss } from '../measure/process-tree.ts';
import { median } from '../measure/statistics.ts';
import { runCell } from './run-cell.ts';

const CONCURRENCY = 4;
const BLOCK = 20;
const REST_MS = 2000;

export type SoakSample = { captures: number; pss: Record<string, number>; zombies: number; files: number };
export type SoakResult = {
  samples: SoakSample[];
  failed: number;
  growth: number;
  filesBefore: number;
  filesAfter: number;
  leftInTemporary: string[];
};

/**
 * Many captures in a row, `CONCURRENCY` at a time, through the whole product. After each block and a short rest: memory
 * of every part, zombies, and files in the runner's work folder. Growth compares the last quarter with the one after
 * warm-up, because browsers are replaced on the way and one look may meet two of them.
 */
export async function measureSoak(bed: Bed, count: number, say: (text: string) => void): Promise<SoakResult> {
  const pages = CASES.filter(({ page }) => page !== 'long');
  const product = await bed.openProduct(CONCURRENCY);
  const samples: SoakSample[] = [];
  let failed = 0;
  try {
    const { drivers, close } = await startDrivers([PRODUCT], bed, product);
    try {
      const driver = drivers[0];
      if (!driver) throw new Error('the client did not start');
      samples.push(look(product.roles, bed, 0));
      for (let done = 0; done < count; ) {
        const size = Math.min(BLOCK, count - done);
        const list = Array.from({ length: size }, (_, index) => pages[(done + index) % pages.length]).filter(
          (entry) => entry !== undefined,
        );
        const cell = await runCell(driver, list, { concurrency: CONCURRENCY, restMs: REST_MS });
        failed += cell.samples.filter(({ gap }) => gap !== null).length;
        done += size;
        samples.push(look(product.roles, bed, done));
        say(`soak: ${done} of ${count} captures, ${failed} incomplete, ${Math.round(total(samples.at(-1)) / 1024 / 1024)} MiB`);
      }
    } finally {
      await close();
    }
  } finally {
    await product.close();
  }
  // After the stop: neither the product's temporary folder nor the runner's work folder may hold a run's files.
  const work = readdirSync(join(bed.dataDir, 'runner')).filter((name) => name.startsWith('sessionshot-runner-'));
  const leftInTemporary = [...readdirSync(bed.temporary), ...work];
  return { samples, failed, ...compare(samples, count), leftInTemporary };
}

function look(roles: readonly Role[], bed: Bed, captures: number): SoakSample {
  const table = readProcesses();
  const pss: Record<string, number> = {};
  let zombies = 0;
  for (const role of roles) {
    const found = members(table, role);
    pss[role.name] = found.reduce((all, { pid }) => all + readPss(pid), 0);
    zombies += found.filter(({ state }) => state === 'Z').length;
  }
  return { captures, pss, zombies, files: readdirSync(join(bed.dataDir, 'runner'), { recursive: true }).length };
}

function compare(samples: readonly SoakSample[], count: number) {
  const warm = samples.filter(({ captures }) => captures >= count / 5 && captures < count * 0.45);
  const late = samples.filter(({ captures }) => captures > count * 0.75);
  const growth = median(late.map(total)) / median(warm.map(total)) - 1;
  return { growth, filesBefore: median(warm.map(({ files }) => files)), filesAfter: median(late.map(({ files }) => files)) };
}

function total(sample: SoakSample | undefined): number {
  return Object.values(sample?.pss ?? {}).reduce((all, bytes) => all + bytes, 0);
}
