import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { LIMITS } from '#shared/limits.ts';

/** A page of memory is 4 KiB on every kind of machine that this runs on. */
const PAGE_BYTES = 4096;

/** What Linux says about a process: its state letter, its process group, and when it started, in ticks since boot. */
export type ProcessFacts = { state: string; group: number; startStamp: string };

/** Reads a process from /proc; null when it is gone, or where there is no /proc. */
export async function readProcess(pid: number): Promise<ProcessFacts | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold spaces and parentheses of its own.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' ? null : { state: fields[0] ?? '', group: Number(fields[2]), startStamp: fields[19] ?? '' };
}

/** The process group that holds a browser: Playwright starts it as a leader, but a wrapper script may stand between. */
export async function groupOf(pid: number): Promise<number> {
  const group = (await readProcess(pid))?.group ?? pid;
  return Number.isInteger(group) && group > 1 ? group : pid;
}

/**
 * Ends a process group at once and waits until its members are gone, at most `LIMITS.browserCloseMsMax`. Answers
 * whether they are. A group that is already gone is fine.
 */
export async function killGroup(group: number): Promise<boolean> {
  if (!signalGroup(group, 'SIGKILL')) return true;
  const end = Date.now() + LIMITS.browserCloseMsMax;
  while (await hasMembers(group)) {
    if (Date.now() > end) return false;
    await wait(20);
  }
  return true;
}

/**
 * Sums the memory that is a group's own, in bytes: resident less shared, so that the browser's code is not counted once
 * for each of its processes. Null where there is no /proc, or nobody is left.
 */
export async function measureGroup(group: number): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const members = await listMembers(group);
  const pages = await Promise.all(members.map(ownPagesOf));
  return members.length === 0 ? null : pages.reduce((sum, count) => sum + count, 0) * PAGE_BYTES;
}

async function ownPagesOf(pid: number): Promise<number> {
  const [, resident, shared] = (await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')).split(' ').map(Number);
  return Math.max(0, (resident ?? 0) - (shared ?? 0));
}

/** Zombies do not count: they hold nothing, and how soon they are reaped is the business of process 1. */
async function hasMembers(group: number): Promise<boolean> {
  if (!signalGroup(group, 0)) return false;
  return process.platform !== 'linux' || (await listMembers(group)).length > 0;
}

async function listMembers(group: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const facts = await Promise.all(pids.map(async (pid) => ({ pid, facts: await readProcess(pid) })));
  return facts.filter((entry) => entry.facts?.group === group && entry.facts.state !== 'Z').map(({ pid }) => pid);
}

/** Answers whether the group had members. Signal 0 only asks. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(process.platform === 'win32' ? group : -group, signal);
  } catch {
    return false; // ESRCH: nobody is left
  }
}
