import { readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';

const FILE = 'alive';

/** Notes in the run's folder, every `LIMITS.livenessMs`, that the event loop turns. Begins once the runner is ready. */
export async function keepAliveNote(folder: string, log: Log): Promise<{ stop(): void }> {
  const path = join(folder, FILE);
  await writeFile(path, '');
  const touch = () => {
    const now = new Date();
    // A full disk must not end a runner that works: the note grows old, and the orchestrator decides.
    utimes(path, now, now).catch((error: unknown) => log.warn('the note for the health check could not be renewed', { error }));
  };
  const timer = setInterval(touch, LIMITS.livenessMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** Tells whether a runner with its work below `base` was ready and turning within the last three notes' time. */
export async function isAlive(base: string): Promise<boolean> {
  const names = await readdir(base).catch(() => []); // no folder: no runner has come so far
  const ages = await Promise.all(
    names.map(async (name) => {
      const note = await stat(join(base, name, FILE)).catch(() => null); // not ready yet, or ended just now
      return note === null ? Number.POSITIVE_INFINITY : Date.now() - note.mtimeMs;
    }),
  );
  return ages.some((age) => age < 3 * LIMITS.livenessMs);
}
