import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, OperatorError } from './operator-error.ts';
import { readIfThere, writePrivateFile } from './private-file.ts';
import { type EndStep, endProcess, isAlive, readStartStamp } from './process-record.ts';

const childSchema = z.object({ pid: z.int().positive(), startStamp: z.string(), port: z.int().optional() });
const instanceSchema = z.object({
  pid: z.int().positive(),
  startStamp: z.string(),
  /** Tells one boot of the machine from the next: pids and ticks start anew with each. */
  boot: z.string(),
  startedAt: z.iso.datetime(),
  port: z.int().nullable(),
  host: z.string(),
  url: z.string().nullable(),
  children: z.record(z.string(), childSchema),
});
/** What `instance.json` holds while an instance runs on a data folder: who, where, and its children. */
export type InstanceRecord = z.infer<typeof instanceSchema>;
export type InstanceChild = z.infer<typeof childSchema>;
export type Instance = {
  record(): InstanceRecord;
  /** Writes down where the instance listens. */
  setAddress(address: { host: string; port: number; url: string }): void;
  setChild(name: string, child: InstanceChild): void;
  /** Gives the data folder back. */
  release(): void;
};

const FILE = 'instance.json';
const ATTEMPTS = 5;
const LEFT_OVER_END: readonly EndStep[] = [
  { signal: 'SIGTERM', ms: 10_000 },
  { signal: 'SIGKILL', ms: 5_000 },
];
/** The database has its own way of being ended (`endLeftOver`): SIGTERM would wait for its clients. */
const ENDED_ELSEWHERE = new Set(['postgres', 'azurite']);

/**
 * Takes a data folder for this process. Throws 69 when a live instance holds it, naming its pid and URL. The record of
 * one that was killed is taken over, and what it left running is ended by pid and start stamp.
 */
export async function takeInstance(dataDir: string, host: string): Promise<Instance> {
  const file = join(dataDir, FILE);
  let record: InstanceRecord = {
    pid: process.pid,
    startStamp: readStartStamp(process.pid) ?? '',
    boot: bootId(),
    startedAt: new Date().toISOString(),
    port: null,
    host,
    url: null,
    children: {},
  };
  for (let attempt = 1; !create(file, record); attempt++) {
    const text = readIfThere(file);
    const other = text === null ? null : parse(text);
    if (other && isRunning(other)) throw alreadyRunning(dataDir, other);
    if (attempt === ATTEMPTS)
      throw new OperatorError(
        EXIT.unavailable,
        'data_dir_in_use',
        `Another start is taking the data folder ${dataDir} at this moment.`,
        'Wait for it, then run `sessionshot status`.',
      );
    if (text !== null && removeStale(file, text) && other) await endLeftOvers(other);
  }
  const save = () => writePrivateFile(file, JSON.stringify(record, null, 2));
  return {
    record: () => record,
    setAddress: (address) => {
      record = { ...record, ...address };
      save();
    },
    setChild: (name, child) => {
      record = {
        ...record,
        children: {
          ...record.children,
          [name]: { pid: child.pid, startStamp: child.startStamp, ...(child.port ? { port: child.port } : {}) },
        },
      };
      save();
    },
    release: () => rmSync(file, { force: true }),
  };
}

/** Reads who runs on a data folder; null when nobody does, a record that a killed instance left included. */
export function findInstance(dataDir: string): InstanceRecord | null {
  const text = readIfThere(join(dataDir, FILE));
  const record = text === null ? null : parse(text);
  return record && isRunning(record) ? record : null;
}

/** Creates the record whole or not at all: a link fails where the name exists, and never shows half a text. */
function create(file: string, record: InstanceRecord): boolean {
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  writeFileSync(draft, JSON.stringify(record, null, 2), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a stale record away; of two starts that try, one wins. A live record caught in the race is put back. */
function removeStale(file: string, stale: string): boolean {
  const aside = `${file}.${randomBytes(6).toString('hex')}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
  const isStale = readFileSync(aside, 'utf8') === stale;
  if (!isStale) linkSync(aside, file);
  rmSync(aside, { force: true });
  return isStale;
}

async function endLeftOvers(record: InstanceRecord): Promise<void> {
  if (record.boot !== bootId()) return;
  const children = Object.entries(record.children).filter(([name]) => !ENDED_ELSEWHERE.has(name));
  await Promise.all(children.map(([, child]) => endProcess(child, LEFT_OVER_END)));
}

function isRunning(record: InstanceRecord): boolean {
  return record.boot === bootId() && isAlive(record);
}

function alreadyRunning(dataDir: string, other: InstanceRecord): OperatorError {
  const where = other.url ? `at ${other.url}` : '(still starting)';
  return new OperatorError(
    EXIT.unavailable,
    'already_running',
    `SessionShot is already running ${where} on ${dataDir} (pid ${other.pid}).`,
    'Open it with `sessionshot open`, stop it with `sessionshot stop`, or choose another folder with --data-dir DIR.',
  );
}

/** A record that cannot be read counts as none: only whole ones are ever written, so it was not ours. */
function parse(text: string): InstanceRecord | null {
  try {
    return instanceSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // not JSON
  }
}

function bootId(): string {
  return readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}
