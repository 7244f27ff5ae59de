import { execFileSync } from 'node:child_process';
import { EXIT, OperatorError } from './operator-error.ts';
import type { Account } from './reachable.ts';

const NAME = 'postgres';

/**
 * Finds the OS user that the database runs as. PostgreSQL refuses to run as root: there it is `postgres`, made when it
 * is missing. Null means our own user.
 */
export function findDatabaseAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const known = lookUpDatabaseAccount();
  if (known) return known;
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', NAME],
      { stdio: 'pipe', timeout: 30_000 },
    );
  } catch (cause) {
    // Another start may have made it in this moment; whether it is there now is what counts.
    const made = lookUpDatabaseAccount();
    if (made) return made;
    throw new OperatorError(
      EXIT.unavailable,
      'no_database_user',
      'PostgreSQL refuses to run as root, and the user `postgres` could not be made.',
      'Make it (`useradd --system postgres`), or start as a user other than root.',
      { cause },
    );
  }
  const made = lookUpDatabaseAccount();
  if (!made)
    throw new OperatorError(
      EXIT.unavailable,
      'no_database_user',
      'The user `postgres` was made but cannot be found.',
      'Start as a user other than root.',
    );
  return made;
}

/** Finds the OS user `postgres`; null when there is none. */
export function lookUpDatabaseAccount(): Account | null {
  const id = (flag: string) => Number(execFileSync('id', [flag, NAME], { encoding: 'utf8', stdio: 'pipe', timeout: 10_000 }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null; // `id` exits 1 for an unknown user
  }
}
