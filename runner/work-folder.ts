import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Log } from '#shared/log.ts';
import { killGroup, readProcess } from './process-group.ts';
import { chooseProfilePlace, processWorld } from './profile-folder.ts';

const PREFIX = 'sessionshot-runner-';
/** The process groups of browsers under way, one file each. */
const GROUPS = 'groups';
const ownerSchema = z.object({ pid: z.int(), startStamp: z.string() });

/** The folders of one run of one runner: results on their way (`spool`), browser homes, profiles. Gone when it ends. */
export type WorkFolder = {
  path: string;
  spool: string;
  /** Below it everything that a browser writes; in memory where the machine has room there. */
  profiles: string;
  profilesIn: 'memory' | 'disk';
  /** Where Playwright makes its profiles, below `profiles`. */
  temporary: string;
  /** Notes a browser's process group, so that a later start can end it if this runner is killed. */
  noteGroup(group: number): Promise<void>;
  forgetGroup(group: number): Promise<void>;
  remove(): Promise<void>;
};

/**
 * Makes the folders of this run below `base`, after removing what killed runs left there: their folders, and those of
 * their browsers that still live, recognized by process id and start time so that nobody else's process is ended.
 * `slots` captures at once must find room where the profiles are.
 */
export async function openWorkFolder(base: string, log: Log, slots = 1): Promise<WorkFolder> {
  await mkdir(base, { recursive: true });
  await removeDeadRuns(base, PREFIX, log);
  const place = await chooseProfilePlace(base, slots);
  const path = await makeRunFolder(base, PREFIX);
  const profiles = place.base === base ? path : await openProfiles(place.base, log);
  const [spool, temporary, groups] = [join(path, 'spool'), join(profiles, 'tmp'), join(path, GROUPS)];
  await mkdir(spool, { mode: 0o700 });
  await mkdir(temporary);
  await chmod(temporary, isRoot() ? 0o711 : 0o700);
  return {
    path,
    spool,
    profiles,
    profilesIn: place.in,
    temporary,
    noteGroup: async (group) => writeFile(join(groups, String(group)), await startStampOf(group)),
    forgetGroup: (group) => rm(join(groups, String(group)), { force: true }),
    remove: async () => {
      for (const folder of new Set([profiles, path])) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The second folder of a run, where its profiles do not lie in the first. */
async function openProfiles(base: string, log: Log): Promise<string> {
  const prefix = `${PREFIX}${await processWorld()}-`;
  await removeDeadRuns(base, prefix, log);
  return await makeRunFolder(base, prefix);
}

async function makeRunFolder(base: string, prefix: string): Promise<string> {
  const path = await mkdtemp(join(base, prefix));
  // As root the browser is another user, who must be able to walk through to its home and see nothing else.
  if (isRoot()) await chmod(path, 0o711);
  await mkdir(join(path, GROUPS), { mode: 0o700 });
  await writeFile(join(path, 'owner.json'), JSON.stringify({ pid: process.pid, startStamp: await startStampOf(process.pid) }), {
    mode: 0o600,
  });
  return path;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** An empty string when the process is gone or the system does not say. */
async function startStampOf(pid: number): Promise<string> {
  return (await readProcess(pid))?.startStamp ?? '';
}

async function removeDeadRuns(base: string, prefix: string, log: Log): Promise<void> {
  for (const name of await readdir(base)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(base, name);
    try {
      if ((await stat(path)).uid !== (process.getuid?.() ?? 0)) continue;
      const owner = ownerSchema.parse(JSON.parse(await readFile(join(path, 'owner.json'), 'utf8')));
      if (await isRunning(owner.pid, owner.startStamp)) continue;
      await endGroups(join(path, GROUPS), log);
      await rm(path, { recursive: true, force: true });
      log.info('removed the folder of a runner that was killed', { pid: owner.pid });
    } catch (error) {
      // A folder without an owner note is another runner in the middle of its start: left alone.
      log.debug('left a work folder alone', { path, error });
    }
  }
}

async function endGroups(folder: string, log: Log): Promise<void> {
  for (const name of await readdir(folder)) {
    const group = Number(name);
    const stamp = await readFile(join(folder, name), 'utf8');
    if (!Number.isInteger(group) || group <= 1 || stamp === '' || !(await isRunning(group, stamp))) continue;
    log.warn('ending a browser that a killed runner left behind', { pid: group });
    await killGroup(group);
  }
}

async function isRunning(pid: number, startStamp: string): Promise<boolean> {
  if (startStamp !== '') return (await startStampOf(pid)) === startStamp;
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH: gone
  }
}
