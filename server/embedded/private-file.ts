import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Writes a file that only its owner can read (0600), in one step: a reader sees the old text or the new, never half. */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}

/** Reads a text file; null when there is none. */
export function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** Reads a private file, or writes it first with what `make` gives. */
export function readOrMake(path: string, make: () => string): string {
  const held = readIfThere(path);
  if (held !== null) return held;
  const text = make();
  writePrivateFile(path, text);
  return text;
}
