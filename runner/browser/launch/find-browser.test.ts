import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserUserLockedOut, makeReachable } from './browser-home.ts';
import { findBrowser } from './find-browser.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sessionshot-find-'));
  for (const path of ['a/chromium', 'b/chromium-headless-shell', 'b/chromium']) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), '#!/bin/sh\n', { mode: 0o755 });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the search for a browser', () => {
  it('takes the one that was named and looks nowhere else', () => {
    const path = join(folder, 'b/chromium-headless-shell');
    expect(findBrowser({ explicit: path, searchPath: folder })).toMatchObject({
      found: { path, kind: 'headless-shell' },
      looked: [`SESSIONSHOT_BROWSER: ${path}`],
    });
    const missing = findBrowser({ explicit: join(folder, 'missing'), searchPath: `${folder}/b` });
    expect(missing).toMatchObject({
      found: null,
      looked: [expect.stringContaining('not there')],
      remedy: expect.stringContaining('SESSIONSHOT_BROWSER'),
    });
  });

  it('prefers a headless shell to a Chromium that comes earlier on the path', () => {
    const { found, looked } = findBrowser({ explicit: null, searchPath: [`${folder}/a`, `${folder}/b`].join(delimiter) });
    expect(looked[0]).toContain('Playwright headless shell');
    // A machine may have Playwright's own shell, which comes first of all.
    if (looked.length > 1) expect(found).toEqual({ path: join(folder, 'b/chromium-headless-shell'), kind: 'headless-shell' });
  });

  it('names every place and one command when there is none', () => {
    const { found, looked, remedy } = findBrowser({ explicit: null, searchPath: join(folder, 'empty'), platform: 'freebsd' });
    if (found) return; // a machine with a browser of Playwright's
    expect(looked.length).toBeGreaterThan(8);
    expect(remedy).toMatch(/^Run: /);
  });
});

describe.runIf(process.getuid?.() === 0)('a browser below a folder that only root may enter', () => {
  it('is copied with the files beside it to where its user can start it', async () => {
    const locked = join(folder, 'locked');
    await cp(join(folder, 'b'), locked, { recursive: true });
    await chmod(locked, 0o700);
    const path = join(locked, 'chromium');
    await expect(makeReachable({ path, kind: 'chromium' }, true, join(folder, 'work'))).rejects.toThrow(BrowserUserLockedOut);
    await writeFile(join(locked, 'icudtl.dat'), 'data');
    const found = await makeReachable({ path, kind: 'chromium' }, true, join(folder, 'work'));
    expect(found.path).toBe(join(folder, 'work', 'browser', 'chromium'));
    expect(await makeReachable({ path, kind: 'chromium' }, false, join(folder, 'work'))).toEqual({ path, kind: 'chromium' });
  });
});
