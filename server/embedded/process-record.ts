import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * A process as it is written down for later. The pid alone is no name: it is given again once its process is gone, so
 * the start stamp (ticks since boot on Linux, the start date elsewhere) must fit as well.
 */
export type ProcessRecord = { pid: number; startStamp: string };

/** One step of ending a process: a signal, and how long to wait for it to work, in milliseconds. */
export type EndStep = { signal: NodeJS.Signals; ms: number };

const POLL_MS = 25;

/** Reads the start stamp of a live process; null when there is none (a zombie counts as none). */
export function readStartStamp(pid: number): string | null {
  if (process.platform === 'linux') {
    const text = readProc(`/proc/${pid}/stat`);
    // The second field is the program's name in brackets and may itself hold brackets and spaces.
    const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields && fields[0] !== 'Z' && fields[0] !== 'X' ? (fields[19] ?? null) : null;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 }).trim() || null;
  } catch {
    return null; // ps exits 1 when there is no such process
  }
}

/** Reads the command line of a live process, its parts joined by spaces; empty when there is none. */
export function readCommandLine(pid: number): string {
  if (process.platform === 'linux') return (readProc(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim();
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 }).trim();
  } catch {
    return ''; // ps exits 1 when there is no such process
  }
}

/** Tells whether the recorded process, and not another one with its number, is alive. */
export function isAlive(record: ProcessRecord): boolean {
  return readStartStamp(record.pid) === record.startStamp;
}

/**
 * Ends a recorded process by the given steps, each bounded; a process that is gone or was replaced is left alone.
 * With `group` the signals go to its whole process group. Resolves true when it is gone.
 */
export async function endProcess(record: ProcessRecord, steps: readonly EndStep[], group = false): Promise<boolean> {
  for (const step of steps) {
    if (!isAlive(record)) return true;
    sendSignal(group ? -record.pid : record.pid, step.signal);
    const end = Date.now() + step.ms;
    while (Date.now() < end && isAlive(record)) await wait(POLL_MS);
  }
  return !isAlive(record);
}

/** Sends a signal; a process that has just ended is no fault. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // no such process, or it ended while it was read
  }
}
