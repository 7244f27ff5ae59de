import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A data folder of a test's own; `isPrivate` puts it below a folder that other users may not pass, as root's home is. */
export function makeDataFolder(isPrivate = false): { path: string; remove(): void } {
  const base = mkdtempSync(join(tmpdir(), 'sessionshot-embedded-'));
  chmodSync(base, isPrivate ? 0o700 : 0o755);
  const path = join(base, 'data');
  mkdirSync(path);
  return { path, remove: () => rmSync(base, { recursive: true, force: true }) };
}
