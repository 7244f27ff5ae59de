import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, OperatorError } from './operator-error.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { readIfThere } from './private-file.ts';
import { type EndStep, endProcess, isAlive, readCommandLine, readStartStamp } from './process-record.ts';
import type { Account } from './reachable.ts';

export type Cluster = { folder: string; binaries: PostgresBinaries; account: Account | null };
export const DATABASE = 'sessionshot';

const INIT_MS_MAX = 120_000;
/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one (it recovers at the next start). */
export const POSTGRES_END: readonly EndStep[] = [
  { signal: 'SIGINT', ms: 20_000 },
  { signal: 'SIGQUIT', ms: 5_000 },
  { signal: 'SIGKILL', ms: 5_000 },
];

/** Makes the database cluster when there is none. It gets its name only when it is whole: a broken-off start leaves none. */
export async function prepareCluster(cluster: Cluster, password: string): Promise<void> {
  const versionFile = join(cluster.folder, 'PG_VERSION');
  if (existsSync(versionFile)) {
    const major = readFileSync(versionFile, 'utf8').trim();
    if (major === cluster.binaries.major) return;
    throw new OperatorError(
      EXIT.configuration,
      'data_of_other_version',
      `The data folder was written by PostgreSQL ${major}; this version of SessionShot comes with ${cluster.binaries.major}.`,
      'Start the version that wrote it, or choose an empty folder with --data-dir DIR.',
    );
  }
  const draft = `${cluster.folder}.${randomBytes(4).toString('hex')}.new`;
  const passwordFile = `${draft}.password`;
  try {
    mkdirSync(draft, { mode: 0o700 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (cluster.account) for (const path of [draft, passwordFile]) chownSync(path, cluster.account.uid, cluster.account.gid);
    // `--no-sync` skips only the flush of the new files: the server's own writes are flushed as ever.
    const flags = [
      '--encoding=UTF8',
      '--locale=C',
      '--auth=scram-sha-256',
      `--username=${DATABASE}`,
      `--pwfile=${passwordFile}`,
      '--no-sync',
      '--no-instructions',
    ];
    await runAs(cluster, cluster.binaries.initdb, ['-D', draft, ...flags]);
    await runAs(cluster, cluster.binaries.postgres, ['--single', '-D', draft, 'postgres'], `CREATE DATABASE ${DATABASE};\n`);
    renameSync(draft, cluster.folder);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Ends a server that a killed instance left on this cluster, and clears its mark. What is named in `postmaster.pid` is
 * touched only if it is a PostgreSQL server on this very folder: the number may belong to somebody else by now.
 */
export async function endLeftOver(cluster: Cluster): Promise<void> {
  const mark = join(cluster.folder, 'postmaster.pid');
  const pid = Number(readIfThere(mark)?.split('\n')[0] ?? Number.NaN);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const record = { pid, startStamp: readStartStamp(pid) ?? '' };
  const command = readCommandLine(pid);
  const isOurs = isAlive(record) && command.includes(`-D ${cluster.folder} `);
  if (isOurs && !(await endProcess(record, POSTGRES_END))) {
    throw new OperatorError(
      EXIT.unavailable,
      'database_left_over',
      `A database server of an earlier start (pid ${pid}) still runs on ${cluster.folder} and cannot be ended.`,
      `End it (kill -9 ${pid}) and start again.`,
    );
  }
  // PostgreSQL would take any live process of its user with this number for a server on its data and refuse to start.
  if (isOurs || !command.includes('postgres')) rmSync(mark, { force: true });
}

/** Tells whether the server with this pid has written that it takes connections. */
export function isReady(cluster: Cluster, pid: number): boolean {
  const lines = readIfThere(join(cluster.folder, 'postmaster.pid'))?.split('\n') ?? [];
  return lines[0]?.trim() === String(pid) && lines[7]?.trim() === 'ready';
}

/** The environment of PostgreSQL's programs: messages in English, since some of them are read. */
export const POSTGRES_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const REMEDIES: readonly [RegExp, string][] = [
  [/error while loading shared libraries|ENOENT/, 'Run `npm ci` again, without --ignore-scripts.'],
  [
    /user does not exist/,
    'PostgreSQL wants its user to have a name: start as a user that /etc/passwd knows, or set DATABASE_URL to another server.',
  ],
];

async function runAs(cluster: Cluster, command: string, args: readonly string[], input = ''): Promise<void> {
  const child = spawn(command, args, {
    cwd: '/',
    env: POSTGRES_ENV,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: INIT_MS_MAX,
    killSignal: 'SIGKILL',
    ...(cluster.account ?? {}),
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // The program may end before it has read its input; its exit code tells what happened.
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise<number | null | Error>((resolve) => child.once('error', resolve).once('close', resolve));
  if (code === 0) return;
  const why = code instanceof Error ? code.message : output.trim().split('\n').slice(-4).join(' ');
  const remedy =
    REMEDIES.find(([fault]) => fault.test(why))?.[1] ??
    'Check the free space and rights of the data folder; `sessionshot doctor` looks at both.';
  throw new OperatorError(EXIT.unavailable, 'database_not_made', `The database could not be made in ${cluster.folder}: ${why}`, remedy);
}
