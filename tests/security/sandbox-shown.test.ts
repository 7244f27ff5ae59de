import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunner, listRunners, revokeRunner } from '#server/domain/access/runners.ts';
import { openBrowser, openSignedIn, type Tab } from '../console/open-browser.ts';
import { type Console, startConsole } from '../console/start-console.ts';
import { type Machine, prepareMachine } from './runner-machine.ts';

// Runners are elsewhere in a distributed set-up: what each says of its sandbox and its browser must reach whoever operates the server.
let console: Console;
let machine: Machine;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  [console, machine, browser] = await Promise.all([startConsole(), prepareMachine(null), openBrowser()]);
  tab = await openSignedIn(browser, console);
});
afterAll(async () => {
  await browser?.close();
  await machine?.close();
  await console?.close();
});

async function readReady(): Promise<{ status: string; sandbox: string; runnersOnline: number; browsers: { oldest: string | null } }> {
  return await (await fetch(`${console.url}/readyz`)).json();
}

async function withRunner(env: Record<string, string>, look: () => Promise<void>): Promise<void> {
  const { runner: row, token } = await createRunner(console.app.deps, { name: 'elsewhere' });
  const runner = machine.start({ SESSIONSHOT_SERVER_URL: console.url, SESSIONSHOT_RUNNER_TOKEN: token, ...env });
  try {
    await runner.waitFor('ready');
    await look();
  } finally {
    await runner.stop();
    await revokeRunner(console.app.deps, console.operator, row.id);
  }
}

const VERSION = /^\d+\.\d+\.\d+\.\d+$/;
const shownBrowser = () => tab.page.locator('.health-part', { hasText: /^Browser(?! sandbox)/ });
const shownSandbox = () => tab.page.locator('.health-part', { hasText: 'Browser sandbox' });

test('a runner with its sandbox shows as such in /readyz, in the console and in the list of runners', async () => {
  expect((await readReady()).sandbox).toBe('unknown');
  await withRunner({}, async () => {
    await expect.poll(readReady, { timeout: 15_000 }).toMatchObject({ status: 'ok', sandbox: 'on', runnersOnline: 1 });
    await tab.page.reload();
    await shownSandbox().waitFor();
    expect(await shownSandbox().innerText()).toMatch(/Browser sandbox\s*on$/);
    expect(await listRunners(console.app.deps, console.operator)).toMatchObject([{ name: 'elsewhere', sandbox: 'on' }]);
  });
});

test('a runner that may do without it shows "sandbox off" in /readyz, in the console and in the list of runners', async () => {
  const SESSIONSHOT_BROWSER = await machine.wrapBrowser('browser-without', '--no-sandbox');
  await withRunner({ SESSIONSHOT_BROWSER, SESSIONSHOT_ALLOW_NO_SANDBOX: '1' }, async () => {
    await expect.poll(readReady, { timeout: 15_000 }).toMatchObject({ status: 'degraded', sandbox: 'off', runnersOnline: 1 });
    await tab.page.reload();
    await shownSandbox().waitFor();
    expect(await shownSandbox().innerText()).toMatch(/Browser sandbox\s*off: pages run unconfined on the machine of a runner$/);
    expect(await listRunners(console.app.deps, console.operator)).toMatchObject([
      { name: 'elsewhere', sandbox: 'off' },
      { name: 'elsewhere' },
    ]);
  });
});

test.each([
  ['3650', false],
  ['1', true],
])('a runner whose browser may be %s days old shows its version there; old: %s', async (days, isOld) => {
  await withRunner({ SESSIONSHOT_BROWSER_AGE_DAYS_MAX: days }, async () => {
    await expect.poll(readReady, { timeout: 15_000 }).toMatchObject({
      status: 'ok',
      browsers: { oldest: expect.stringMatching(VERSION), tooOld: isOld ? 1 : 0 },
    });
    await tab.page.reload();
    await shownBrowser().waitFor();
    expect(await shownBrowser().innerText()).toMatch(isOld ? /too old on 1 runner: update it$/ : /Chromium \d+\.\d+\.\d+\.\d+$/);
    const [newest] = await listRunners(console.app.deps, console.operator);
    expect(newest?.browser).toEqual({ version: expect.stringMatching(VERSION), isOld });
  });
});
