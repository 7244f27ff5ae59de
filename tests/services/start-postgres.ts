import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { LOG_LINE_PREFIX } from '#server/embedded/embedded-postgres.ts';
import { findPort } from '#server/embedded/free-port.ts';
import { makeCertificate } from './make-certificate.ts';
import { type ServiceProcess, startProcess, waitUntilReady } from './service-process.ts';

const READY_MS_MAX = 60_000;

/** Finds the folder of the newest PostgreSQL server's programs (15 or newer), or null. */
export function findPostgresBin(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .map(Number)
        .filter((version) => version >= 15)
    : [];
  const folders = versions.sort((a, b) => b - a).map((version) => join(debian, String(version), 'bin'));
  return [...folders, ...(process.env.PATH ?? '').split(delimiter)].find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

type StartedDatabase = { url: string; certFile: string; logFile: string };

/**
 * Starts a PostgreSQL of its own on loopback, on data in `folder`, with a random password. Durability is off: the data
 * is thrown away. It speaks TLS with those who ask for it. As root it runs as the user `postgres`, because the server
 * refuses to be root.
 */
export async function startPostgres(folder: string, track: (service: ServiceProcess) => void): Promise<StartedDatabase> {
  const bin = findPostgresBin();
  if (bin === null) throw new Error('PostgreSQL is not installed: `npm test` installs it or says how');
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const password = randomBytes(18).toString('base64url');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const { certFile, keyFile } = await makeCertificate(folder);
  if (user.uid !== undefined) chownSync(keyFile, user.uid, user.gid);
  const env = { PATH: process.env.PATH, LANG: 'C.UTF-8' };
  const initArgs = ['-D', data, '-U', 'tests', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(join(bin, 'initdb'), initArgs, { ...user, env, cwd: folder, timeout: READY_MS_MAX });

  const port = await findPort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 300,
    fsync: 'off',
    full_page_writes: 'off',
    log_line_prefix: LOG_LINE_PREFIX,
    ssl: 'on',
    ssl_cert_file: certFile,
    ssl_key_file: keyFile,
  };
  const args = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const logFile = join(folder, 'service.log');
  const service = startProcess('PostgreSQL', join(bin, 'postgres'), ['-D', data, ...args], { ...user, env, cwd: folder, logFile });
  track(service);
  const url = `postgres://tests:${password}@127.0.0.1:${port}/postgres`;
  await waitUntilReady(service, () => answers(url), READY_MS_MAX);
  return { url, certFile, logFile };
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', timeout: 10_000 }));
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false; // not up yet: the caller's bound ends the wait
  }
}
