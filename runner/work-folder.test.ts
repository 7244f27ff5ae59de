import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '#shared/log.ts';
import { chooseProfilePlace } from './profile-folder.ts';
import { openWorkFolder } from './work-folder.ts';

const log = createLog('test', 'error', () => undefined);
const TMPFS = 0x01021994;
const SHARED = '/dev/shm';
/** No machine has room in memory for so many captures. */
const TOO_MANY = 1_000_000;
const isTmpfs = async (path: string) =>
  (await statfs(path).then(
    (system) => system.type,
    () => 0,
  )) === TMPFS;
const hasShared = await isTmpfs(SHARED);
const isOnDisk = !(await isTmpfs(tmpdir()));

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'sessionshot-folders-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('the place of profiles', () => {
  it.runIf(hasShared)('is the folder for work where that lies in memory', async () => {
    const own = await mkdtemp(join(SHARED, 'sessionshot-folders-'));
    expect(await chooseProfilePlace(own, TOO_MANY)).toEqual({ base: own, in: 'memory' });
    await rm(own, { recursive: true });
  });

  it.runIf(hasShared && isOnDisk)('is shared memory where that has room, and else the folder for work', async () => {
    const { bavail, bsize } = await statfs(SHARED);
    const hasRoom = bavail * bsize >= 1024 ** 3;
    expect(await chooseProfilePlace(base, 1)).toEqual(hasRoom ? { base: SHARED, in: 'memory' } : { base, in: 'disk' });
    expect(await chooseProfilePlace(base, TOO_MANY)).toEqual({ base, in: 'disk' });
  });

  it.runIf(isOnDisk)('is never shared memory that is a disk, that not everybody may use, or that is not there', async () => {
    expect(await chooseProfilePlace(base, 1, tmpdir())).toEqual({ base, in: 'disk' });
    expect(await chooseProfilePlace(base, 1, join(base, 'nowhere'))).toEqual({ base, in: 'disk' });
    if (!hasShared) return;
    const closed = await mkdtemp(join(SHARED, 'sessionshot-folders-'));
    await chmod(closed, 0o700);
    expect(await chooseProfilePlace(base, 1, closed)).toEqual({ base, in: 'disk' });
    await rm(closed, { recursive: true });
  });
});

describe('the folders of a run', () => {
  it('are gone when it ends, wherever they were', async () => {
    const folder = await openWorkFolder(base, log);
    expect(await readdir(folder.temporary)).toEqual([]);
    await folder.remove();
    expect(await readdir(base)).toEqual([]);
    await expect(readdir(folder.profiles)).rejects.toThrow(/ENOENT/);
  });

  it('of a runner that was killed are removed by the next start, and those of a living one are not', async () => {
    const [dead, living] = [await openWorkFolder(base, log), await openWorkFolder(base, log)];
    const gone = Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
    for (const path of new Set([dead.path, dead.profiles]))
      await writeFile(join(path, 'owner.json'), JSON.stringify({ pid: gone, startStamp: '1' }));
    const next = await openWorkFolder(base, log);
    const left = [...(await readdir(base)), ...(await readdir(dirname(next.profiles)))];
    const nameOf = (path: string) => path.slice(dirname(path).length + 1);
    for (const path of [living.path, living.profiles, next.path, next.profiles]) expect(left).toContain(nameOf(path));
    for (const path of [dead.path, dead.profiles]) expect(left).not.toContain(nameOf(path));
    expect(JSON.parse(await readFile(join(next.path, 'owner.json'), 'utf8')).pid).toBe(process.pid);
    for (const folder of [living, next]) await folder.remove();
  });
});
