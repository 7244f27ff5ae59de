import type { Drill, DrillSize } from './drill.ts';
import { type Bed, startBed } from './start-bed.ts';
import { DrillFailed } from './until.ts';
import type { Result } from './write-document.ts';

/**
 * Runs drills one after the other on one bed; after one that fails the next gets a new bed. `told` is called with each
 * result, because a run takes long and one that is stopped should leave what it has.
 */
export async function runDrills(drills: readonly Drill[], size: DrillSize, told: (result: Result) => void): Promise<Result[]> {
  const results: Result[] = [];
  const held: { bed: Bed | null } = { bed: null };
  const open = async () => {
    held.bed ??= await startBed();
    return held.bed;
  };
  try {
    for (const drill of drills) {
      const result = await runDrill(drill, open, size);
      results.push(result);
      told(result);
      if (result.ok) continue;
      await held.bed?.close();
      held.bed = null;
    }
  } finally {
    await held.bed?.close();
  }
  return results;
}

async function runDrill(drill: Drill, open: () => Promise<Bed>, size: DrillSize): Promise<Result> {
  let from = Date.now();
  const end = (ok: boolean, seen: string) => ({
    id: drill.id,
    title: drill.title,
    ok,
    seen,
    size,
    seconds: Math.round((Date.now() - from) / 1000),
  });
  try {
    const bed = await open();
    from = Date.now();
    const seen = await drill.run(bed, size);
    await bed.mend();
    return end(true, seen);
  } catch (error) {
    if (error instanceof DrillFailed) return end(false, error.message);
    return end(false, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}
