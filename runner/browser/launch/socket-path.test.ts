import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog } from '#shared/log.ts';
import { type BrowserHome, prepareBrowserHomes } from './browser-home.ts';
import { launchChromium } from './launch-chromium.ts';
import { refuseSocketPath } from './socket-path.ts';

/** As the work folder is: the browser's user can walk through. */
async function open(folder: string): Promise<string> {
  await chmod(folder, 0o755);
  return folder;
}

describe('a full Chromium in a work folder with a long path', () => {
  it('does not start, and the remedy is told', async () => {
    const base = await mkdtemp(join(tmpdir(), 'sessionshot-test-'));
    try {
      const workDir = join(base, 'a'.repeat(60));
      await mkdir(workDir);
      for (const folder of [base, workDir]) await chmod(folder, 0o755);
      const home: BrowserHome = await (await prepareBrowserHomes({ workDir, extraCaFiles: [], environment: {} })).create();
      const log = createLog('test', 'error', () => undefined);
      // One that does not start, whatever the reason.
      const found = { path: join(base, 'chromium'), kind: 'chromium' as const };
      const starting = launchChromium({ found, home, allowNoSandbox: false, log });
      await expect(starting).rejects.toMatchObject({
        name: 'BrowserUnavailable',
        message: expect.stringContaining('SESSIONSHOT_WORK_DIR'),
      });
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });

  it('has room for it where browsers have their homes by default', async () => {
    const base = await mkdtemp(join(tmpdir(), 'sessionshot-test-'));
    try {
      const home = await (await prepareBrowserHomes({ workDir: await open(base), extraCaFiles: [], environment: {} })).create();
      // The longest number that a kernel gives a world of process ids, which is in the name (`openWorkFolder`).
      const usual = join('/dev/shm/sessionshot-runner-4294967295-XXXXXX', relative(base, home.environment('').TMPDIR ?? ''));
      expect(refuseSocketPath(usual, 'linux')).toBeNull();
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });

  it.each([
    ['linux', 62, false],
    ['linux', 63, true],
    ['darwin', 58, false],
    ['darwin', 59, true],
    ['win32', 500, false],
  ] as const)('on %s a folder of %i bytes is refused: %s', (platform, length, isRefused) => {
    expect(refuseSocketPath(`/${'a'.repeat(length - 1)}`, platform) !== null).toBe(isRefused);
  });
});
