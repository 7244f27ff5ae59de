import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { openDataDir } from '#server/embedded/data-dir.ts';
import { startEmbeddedPostgres } from '#server/embedded/embedded-postgres.ts';
import { isAlive, sendSignal } from '#server/embedded/process-record.ts';
import { makeDataFolder } from './data-folder.ts';
import { startElsewhere } from './killed-process.ts';

// Real clusters of the embedded PostgreSQL; as root it runs as the user `postgres`, else as the user of the test.
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function folder(isPrivate = false): string {
  const made = makeDataFolder(isPrivate);
  cleanUps.push(made.remove);
  return made.path;
}

async function start(path: string) {
  const database = await startEmbeddedPostgres(openDataDir(path));
  cleanUps.push(() => database.close());
  return database;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('it starts, keeps data over a restart, and leaves no process', async () => {
  const path = folder();
  const first = await start(path);
  await query(first.databaseUrl, 'create table kept (n int); insert into kept values (7)');
  await first.close();
  expect(isAlive(first)).toBe(false);
  const second = await start(path);
  expect(await query(second.databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('it listens on loopback alone, in UTF-8, with a password that only the owner can read', async () => {
  const path = folder();
  const database = await start(path);
  const settings =
    "select current_setting('listen_addresses') a, current_setting('unix_socket_directories') s, current_setting('server_encoding') e, current_setting('data_checksums') c";
  expect(await query(database.databaseUrl, settings)).toEqual([{ a: '127.0.0.1', s: '', e: 'UTF8', c: 'on' }]);
  expect(statSync(join(path, 'postgres.password')).mode & 0o777).toBe(0o600);
  const wrong = database.databaseUrl.replace(/:[^:@]+@/, ':wrong@');
  await expect(query(wrong, 'select 1')).rejects.toThrow(/password authentication failed/);
});

test('a server that a killed process left is ended, and its committed rows are there', async () => {
  const path = folder();
  const before = await startElsewhere('postgres', path);
  await before.kill();
  expect(isAlive(before.part)).toBe(true);
  const after = await start(path);
  expect(isAlive(before.part)).toBe(false);
  expect(after.pid).not.toBe(before.part.pid);
});

test('a killed database server recovers what was committed', async () => {
  const path = folder();
  const first = await start(path);
  await query(first.databaseUrl, 'create table kept (n int); insert into kept select generate_series(1, 1000)');
  sendSignal(first.pid, 'SIGKILL');
  await first.exited;
  const second = await start(path);
  expect(await query(second.databaseUrl, 'select count(*)::int n from kept')).toEqual([{ n: 1000 }]);
});

test.runIf(process.getuid?.() === 0)(
  'as root, a data folder below a private one works: the cluster lies where its user can reach it',
  async () => {
    const path = folder(true);
    const dataDir = openDataDir(path);
    cleanUps.push(() => rmSync(dataDir.open, { recursive: true }));
    expect(dataDir.barrier).not.toBeNull();
    expect(dataDir.open).not.toBe(path);
    const database = await start(path);
    expect(await query(database.databaseUrl, 'select 1 n')).toEqual([{ n: 1 }]);
    expect(existsSync(join(dataDir.open, 'postgres', 'PG_VERSION'))).toBe(true);
    expect(openDataDir(path).open, 'it is found again').toBe(dataDir.open);
    expect(JSON.parse(readFileSync(join(path, 'outside.json'), 'utf8'))).toEqual({ outside: dataDir.open });
  },
);
