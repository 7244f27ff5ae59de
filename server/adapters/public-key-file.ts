import { statSync } from 'node:fs';
import type { Log } from '#shared/log.ts';
import { readPublicKeys } from '../config.ts';

type PublicKeys = ReturnType<typeof readPublicKeys>;

/**
 * Follows the file of the pool's public keys: answers the set as the file has it now, the same object until it has changed, so
 * that a rotation needs no restart. A file that cannot be used any more is told once, and the set before it goes on. Throws
 * `ConfigError` for the first reading.
 */
export function followPublicKeys(file: string, log: Log): () => PublicKeys {
  let version = versionOf(file);
  let held = readPublicKeys(file);
  return () => {
    const present = versionOf(file);
    if (present === version) return held;
    version = present;
    try {
      held = readPublicKeys(file);
      log.info('the file of public keys has changed: captures are sealed to its first key from now on', { count: held.keys.length });
    } catch (error) {
      log.error('the file of public keys has changed and cannot be used: the keys before it go on', { error });
    }
    return held;
  };
}

/** What changes whenever the file is written or replaced; the same word while it is not there. A look costs some microseconds. */
function versionOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats ? [stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(' ') : 'none';
}
