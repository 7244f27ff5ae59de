import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolders } from './make-folders.ts';
import { EXIT, OperatorError } from './operator-error.ts';
import { readIfThere, writePrivateFile } from './private-file.ts';
import { findBarrier } from './reachable.ts';

/** Where things go that root's helper users must reach although the data folder lies out of their way. */
export const SHARED_ROOT = '/var/lib/sessionshot';

export type DataDir = {
  /** The folder a person named: secrets, records, logs, blobs, captures. */
  path: string;
  /**
   * The folder for what other OS users must reach (the database cluster, browser profiles). It is `path` itself, unless
   * we are root and a parent of `path` is closed to others (such as root's home).
   */
  open: string;
  /** The folder that made `open` differ from `path`; null otherwise. */
  barrier: string | null;
};

/** Names the default data folder for this user. */
export function defaultDataDir(options: { isRoot: boolean; home: string; xdgDataHome?: string | undefined }): string {
  if (options.isRoot) return SHARED_ROOT;
  return join(options.xdgDataHome || join(options.home, '.local', 'share'), 'sessionshot');
}

/**
 * Opens a data folder, making it when it is missing. As root it is 0711, since the database runs as another user and
 * must pass through (each secret in it is 0600); else 0700. Throws 74 when it cannot be made or written.
 */
export function openDataDir(path: string, isRoot: boolean = process.getuid?.() === 0): DataDir {
  let folder = resolve(path);
  try {
    makeFolders(folder);
    // One folder, one name: records and command lines are compared by it.
    folder = realpathSync(folder);
    if (!statSync(folder).isDirectory()) throw new Error('it is not a folder');
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    chmodSync(folder, isRoot ? 0o711 : 0o700);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(
      EXIT.io,
      'data_dir_not_writable',
      `The data folder ${folder} cannot be used: ${why}`,
      'Choose another one with --data-dir DIR, or give this user the right to write there.',
      { cause },
    );
  }
  const barrier = isRoot ? findBarrier(dirname(folder)) : null;
  if (!barrier) return { path: folder, open: folder, barrier: null };
  return { path: folder, open: openOutside(folder, barrier), barrier };
}

/** Finds or makes the folder outside; which one belongs to this data folder is recorded in its `outside.json`. */
function openOutside(folder: string, barrier: string): string {
  const record = join(folder, 'outside.json');
  const known = readRecord(record);
  if (known !== null) {
    if (existsSync(known)) return known;
    throw new OperatorError(
      EXIT.configuration,
      'data_missing',
      `The database of ${folder} is gone: it was kept in ${known}.`,
      `Restore ${known}, or start over with an empty data folder.`,
    );
  }
  const instances = join(SHARED_ROOT, 'instances');
  const outside = join(instances, randomBytes(8).toString('hex'));
  try {
    mkdirSync(instances, { recursive: true, mode: 0o711 });
    chmodSync(SHARED_ROOT, 0o711);
    const blocked = findBarrier(instances);
    if (blocked) throw new Error(`${blocked} is closed to other users`);
    removeAbandoned(instances, folder);
    mkdirSync(outside, { mode: 0o711 });
    writeFileSync(join(outside, 'belongs-to'), folder);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(
      EXIT.configuration,
      'data_dir_not_reachable',
      `The database must not run as root, and the user it runs as cannot pass through ${barrier}. Keeping it in ${instances} instead failed: ${why}`,
      'Choose a data folder outside of private folders, such as --data-dir /srv/sessionshot, or start as a user other than root.',
      { cause },
    );
  }
  writePrivateFile(record, JSON.stringify({ outside }));
  return outside;
}

/** A data folder that was emptied leaves its database behind: it goes when the same folder is used anew. */
function removeAbandoned(instances: string, folder: string): void {
  for (const name of readdirSync(instances)) {
    const owner = readIfThere(join(instances, name, 'belongs-to'));
    const isRunning = existsSync(join(instances, name, 'postgres', 'postmaster.pid'));
    if (owner === folder && !isRunning) rmSync(join(instances, name), { recursive: true, force: true });
  }
}

function readRecord(path: string): string | null {
  if (!existsSync(path)) return null;
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return typeof value === 'object' && value !== null && 'outside' in value && typeof value.outside === 'string' ? value.outside : null;
}
