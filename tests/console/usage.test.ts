import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authenticateRunner, createRunner, noteBrowsers } from '#server/domain/access/runners.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { requestCapture, seedConsole } from './seed-console.ts';
import { type Console, startConsole } from './start-console.ts';

let browser: Browser;
let console: Console;
beforeAll(async () => {
  browser = await openBrowser();
  console = await startConsole();
  await seedConsole(console, browser, 5);
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});

test('usage counts what was asked for, as a picture and in numbers that agree', async () => {
  const tab = await openSignedIn(browser, console, '/usage');
  // Seven finished, one failed, one canceled, and two open: 11.
  const picture = tab.page.getByRole('img', { name: '11 captures in 30 days, 87.5 % of those that ended succeeded' });
  await picture.waitFor();
  await tab.page.getByText('The same in numbers').click();
  const row = tab.page.getByRole('row').filter({ has: tab.page.locator('time') });
  expect(await row.count()).toBe(1);
  expect(await row.getByRole('cell').allInnerTexts()).toEqual(['7', '1', '1', '2', '11']);
  await tab.page.getByRole('region', { name: 'Most captured hosts' }).getByText('app.example.com').waitFor();
  await tab.page.getByRole('region', { name: 'Why captures failed' }).getByText('login_wall').waitFor();
  await tab.page.getByText('7 files').waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('how far back is in the address, and what is no choice is dropped', async () => {
  const tab = await openSignedIn(browser, console, '/usage?days=90');
  await tab.page.getByRole('img', { name: /in 90 days/ }).waitFor();
  await tab.page.getByText('7 days', { exact: true }).click();
  await tab.page.getByRole('img', { name: /in 7 days/ }).waitFor();
  expect(new URL(tab.page.url()).search).toBe('?days=7');
  await tab.page.goto(`${console.url}/usage?days=12`);
  await tab.page.getByRole('img', { name: /in 30 days/ }).waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('runners tell their browser and sandbox, those that work first, and what waits is beside them', async () => {
  const { deps } = console.app;
  const { runner, token } = await createRunner(deps, { name: 'office-1' });
  await noteBrowsers(deps, await authenticateRunner(deps, token), { sandbox: 'off', browser: { version: '100.0.4896.60', isOld: true } });
  await deps.db.acrossWorkspaces().execute('update runner set last_seen_at = now() where id = ?', [runner.id]);
  await requestCapture(console);
  const tab = await openSignedIn(browser, console, '/runners');
  const row = tab.page.getByRole('row').filter({ hasText: 'office-1' });
  await row.getByText('Online').waitFor();
  await row.getByText('no sandbox: pages run unconfined on its machine').waitFor();
  await row.getByText('Chromium 100.0.4896.60').waitFor();
  const waiting = tab.page.getByRole('region', { name: 'Waiting and running' });
  // How many run hangs on the lease of the one that does.
  await waiting.getByText(/^[23] captures of at most 1,000$/).waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});
