import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export type Account = { uid: number; gid: number };

/**
 * Finds the folder that keeps an OS user from reaching a path: the first of its parents (or itself) without the right to
 * pass through. Null when the way is free. Without an account: for any user. Access lists are not looked at.
 */
export function findBarrier(path: string, account?: Account): string | null {
  const steps: string[] = [];
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    steps.unshift(folder);
    if (dirname(folder) === folder) break;
  }
  return steps.find((folder) => !mayPass(folder, account)) ?? null;
}

function mayPass(folder: string, account: Account | undefined): boolean {
  const { mode, uid, gid } = statSync(folder);
  if (account && uid === account.uid) return (mode & 0o100) !== 0;
  if (account && gid === account.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}
