import { readlink, stat, statfs } from 'node:fs/promises';
import { LIMITS } from '#shared/limits.ts';

/** Linux's own numbers for file systems that live in memory: tmpfs and ramfs. */
const MEMORY_FILE_SYSTEMS: readonly number[] = [0x01021994, 0x858458f6];
const SHARED_MEMORY = '/dev/shm';

export type ProfilePlace = { base: string; in: 'memory' | 'disk' };

/**
 * Chooses where browsers keep profiles, homes and shared memory, which is where pages and sessions would come to rest on
 * a disk: the folder for work where that lies in memory, else `/dev/shm` where it has room for `slots` captures, else the
 * folder for work on its disk. Never throws.
 */
export async function chooseProfilePlace(workBase: string, slots: number, shared = SHARED_MEMORY): Promise<ProfilePlace> {
  if ((await freeMemoryBytes(workBase)) !== null) return { base: workBase, in: 'memory' };
  const free = await freeMemoryBytes(shared);
  // A file system in memory that fills up ends the browser in the middle of a page.
  const isRoomy = free !== null && free >= Math.max(LIMITS.profileBytesMin, slots * LIMITS.profileSlotBytes);
  return isRoomy && (await isOpenToAll(shared)) ? { base: shared, in: 'memory' } : { base: workBase, in: 'disk' };
}

/**
 * Names this process's world of process ids. `/dev/shm` may be shared with another container, whose runner's id means
 * nothing here: a folder is only removed as left behind where its owner could be seen. Empty where the system does not say.
 */
export async function processWorld(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  return /\d+/.exec(link)?.[0] ?? '';
}

/** Free bytes of a folder's file system when that lives in memory, else null. */
async function freeMemoryBytes(path: string): Promise<number | null> {
  const facts = await statfs(path).catch(() => null);
  return facts && MEMORY_FILE_SYSTEMS.includes(facts.type) ? facts.bavail * facts.bsize : null;
}

/** Anybody may make folders there, and the browser's user may walk in: `/dev/shm` as every system has it. */
async function isOpenToAll(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => null);
  return facts !== null && (facts.mode & 0o1777) === 0o1777;
}
