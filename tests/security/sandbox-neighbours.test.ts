import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaunchedBrowser } from '#runner/browser/launch/launch-chromium.ts';
import { openTestBrowsers, type TestBrowsers } from '#runner/fixtures/test-browsers.ts';
import { environmentOf, readProc } from './read-proc.ts';
import { type Account, IS_ROOT, tryAs } from './runner-machine.ts';

// One browser serves one workspace. What breaks out of it, sandbox and all, must not find the next customer's session.
describe.runIf(IS_ROOT)('two browsers of a runner that was started as root', () => {
  let browsers: TestBrowsers;
  let launched: LaunchedBrowser[] = [];
  beforeAll(async () => {
    browsers = await openTestBrowsers();
    launched = [await browsers.launch(), await browsers.launch()];
  });
  afterAll(async () => {
    for (const browser of launched) await browser.close();
    await browsers?.close();
  });

  it('are two users, of whom neither can open the home, the environment or the memory of the other', async () => {
    const [first, second] = await Promise.all(launched.map(describeBrowser));
    if (!first || !second) throw new Error('two browsers were launched');
    expect(first.account.uid).not.toBe(second.account.uid);
    for (const [own, other] of [
      [first, second],
      [second, first],
    ] as const) {
      for (const [program, path] of [
        ['ls', other.home],
        ['cat', `/proc/${other.pid}/environ`],
        ['cat', `/proc/${other.pid}/maps`],
      ] as const)
        expect(await tryAs(own.account, program, path), path).toMatch(/Permission denied/);
      expect(await tryAs(own.account, 'ls', own.home)).not.toMatch(/denied/);
      expect(await tryAs(own.account, 'cat', `/proc/${own.pid}/environ`)).toContain(own.home);
    }
  });
});

async function describeBrowser({ pid }: LaunchedBrowser): Promise<{ pid: number; account: Account; home: string }> {
  const proc = pid === null ? null : await readProc(pid);
  if (!proc) throw new Error('the browser is gone');
  const home = /^HOME=(.*)$/m.exec((await environmentOf(proc.pid)) ?? '')?.[1] ?? '';
  return { pid: proc.pid, account: { uid: proc.uids[0] ?? 0, gid: Number(proc.field('Gid').split(/\s+/)[0]) }, home };
}
