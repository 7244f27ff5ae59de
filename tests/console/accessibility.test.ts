import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkEverywhere, settle, violations } from './check-accessibility.ts';
import { openBrowser, openSignedIn, openTab } from './open-browser.ts';
import { type Seeded, seedConsole } from './seed-console.ts';
import { type Console, startConsole } from './start-console.ts';

// Each page full, empty and wrong: see check-accessibility.ts for what is asked of each.
/** Browsers write a line for each refused request; these pages are meant to be refused one. */
const REFUSED = /status of 40[134]/;

let browser: Browser;
let full: Console;
let empty: Console;
let bare: Console;
let seeded: Seeded;

beforeAll(async () => {
  browser = await openBrowser();
  full = await startConsole();
  seeded = await seedConsole(full, browser, 21);
  empty = await startConsole();
  bare = await startConsole({ hasOwner: false });
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([full, empty, bare].map((console) => console?.close()));
});

async function checkPage(console: Console, path: string, title: string | RegExp): Promise<void> {
  const tab = await openSignedIn(browser, console, path, { ignore: REFUSED });
  await tab.page.getByRole('heading', { level: 1 }).waitFor();
  await checkEverywhere(tab, title);
  await tab.close();
}

describe('a console in use', () => {
  test('the overview', () => checkPage(full, '/', 'Overview · SessionShot'));
  test('the captures', () => checkPage(full, '/captures', 'Captures · SessionShot'));
  test('the captures, filtered to none', () => checkPage(full, '/captures?host=none.example.com&status=failed', 'Captures · SessionShot'));
  test('a finished picture', () => checkPage(full, `/captures/${seeded.png}`, 'eu.dashboards.example.com capture · SessionShot'));
  test('a finished PDF', () => checkPage(full, `/captures/${seeded.pdf}`, 'app.example.com capture · SessionShot'));
  test('a failed capture', () => checkPage(full, `/captures/${seeded.failed}`, 'billing.example.org capture · SessionShot'));
  test('a canceled capture', () => checkPage(full, `/captures/${seeded.canceled}`, /SessionShot$/));
  test('a running capture', () => checkPage(full, `/captures/${seeded.running}`, /SessionShot$/));
  test('a capture that is not there', () => checkPage(full, '/captures/cap_nothing', 'No such capture · SessionShot'));
  test('the API keys', () => checkPage(full, '/keys', 'API keys · SessionShot'));
  test('the allowed domains', () => checkPage(full, '/domains', 'Allowed domains · SessionShot'));
  test('the members', () => checkPage(full, '/members', 'Members · SessionShot'));
  test('the audit log', () => checkPage(full, '/audit', 'Audit log · SessionShot'));
  test('the audit log, filtered to none', () => checkPage(full, '/audit?action=runner.revoke&from=2026-01-01', 'Audit log · SessionShot'));
  test('the usage', () => checkPage(full, '/usage', 'Usage · SessionShot'));
  test('the runners', () => checkPage(full, '/runners', 'Runners · SessionShot'));
  test('the account', () => checkPage(full, '/account', 'Account · SessionShot'));
  test('an address that leads nowhere', () => checkPage(full, '/nothing-here', 'Not found · SessionShot'));
});

describe('an empty console', () => {
  test('the overview teaches', () => checkPage(empty, '/', 'Overview · SessionShot'));
  test('the captures', () => checkPage(empty, '/captures', 'Captures · SessionShot'));
  test('the API keys', () => checkPage(empty, '/keys', 'API keys · SessionShot'));
  test('the usage', () => checkPage(empty, '/usage?days=7', 'Usage · SessionShot'));
  test('the runners', () => checkPage(empty, '/runners', 'Runners · SessionShot'));
  test('the allowed domains', () => checkPage(empty, '/domains', 'Allowed domains · SessionShot'));
});

describe('before the console', () => {
  test('the sign-in page with its faults shown', async () => {
    const tab = await openTab(browser, { ignore: REFUSED });
    await tab.page.goto(`${full.url}/sign-in`);
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByText('Give your password.').waitFor();
    await checkEverywhere(tab, 'Sign in · SessionShot');
    await tab.close();
  });

  test('the set-up page with its faults shown', async () => {
    const tab = await openTab(browser, { ignore: REFUSED });
    await tab.page.goto(`${bare.url}/setup`);
    await tab.page.getByRole('button', { name: 'Create the owner' }).click();
    await tab.page.getByText('Use at least 12 characters').waitFor();
    await checkEverywhere(tab, 'Set up SessionShot · SessionShot');
    await tab.close();
  });
});

describe('dialogs', () => {
  const dialogs: { name: string; path: string; open: string; more?: string }[] = [
    { name: 'create a key, with its faults shown', path: '/keys', open: 'Create API key', more: 'Create key' },
    { name: 'rotate a key', path: '/keys', open: 'Rotate billing-reports' },
    { name: 'revoke a key', path: '/keys', open: 'Revoke billing-reports' },
    { name: 'invite somebody, with the fault shown', path: '/members', open: 'Invite somebody', more: 'Make the invite' },
    { name: 'leave the workspace', path: '/members', open: 'Leave the workspace' },
    { name: 'remove a domain', path: '/domains', open: 'Remove app.example.com' },
  ];
  test.each(dialogs)('$name', async ({ path, open, more }) => {
    const tab = await openSignedIn(browser, full, path);
    await tab.page.getByRole('button', { name: open }).click();
    const dialog = tab.page.getByRole('dialog');
    await dialog.waitFor();
    if (more) await dialog.getByRole('button', { name: more }).click();
    await checkEverywhere(tab, /SessionShot$/);
    await tab.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await tab.close();
  });

  test('a new key that is about to be closed without copying', async () => {
    const tab = await openSignedIn(browser, empty, '/keys');
    await tab.page.getByRole('button', { name: 'Create API key' }).click();
    await tab.page.getByLabel('Name').fill('exporter');
    await tab.page.getByRole('button', { name: 'Create key' }).click();
    await tab.page.getByText('Try it').waitFor();
    await tab.page.keyboard.press('Escape');
    await tab.page.getByText('Close without copying?').waitFor();
    await checkEverywhere(tab, /SessionShot$/);
    await tab.close();
  });

  test('the navigation on a phone opens, is reached by keyboard, and closes after a step', async () => {
    const tab = await openSignedIn(browser, full, '/captures');
    await tab.page.setViewportSize({ width: 375, height: 780 });
    await tab.page.getByRole('button', { name: 'Open the navigation' }).click();
    await settle(tab.page);
    expect(await violations(tab.page)).toEqual([]);
    await tab.page.getByRole('link', { name: 'API keys' }).click();
    await tab.page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor();
    await tab.page.getByRole('link', { name: 'API keys' }).waitFor({ state: 'hidden' });
    await tab.close();
  });

  test('the first stop of the keyboard leads past the navigation', async () => {
    const tab = await openSignedIn(browser, full, '/keys');
    await tab.page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor();
    await tab.page.keyboard.press('Tab');
    expect(await tab.page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await tab.page.keyboard.press('Enter');
    await tab.page.keyboard.press('Tab');
    expect(await tab.page.evaluate(() => document.activeElement?.textContent)).toContain('Create API key');
    await tab.close();
  });
});
