import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkEverywhere } from './check-accessibility.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { type Seeded, seedConsole } from './seed-console.ts';
import { type Console, startConsole } from './start-console.ts';

let browser: Browser;
let console: Console;
let seeded: Seeded;
beforeAll(async () => {
  browser = await openBrowser();
  console = await startConsole();
  seeded = await seedConsole(console, browser);
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});

test('a capture that is put on hold shows so, is offered no deletion, and is deleted after its release', async () => {
  const tab = await openSignedIn(browser, console, `/captures/${seeded.png}`);
  const { page } = tab;
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  await button('Delete').waitFor();
  await button('Put on hold').click();
  await page.getByText('On hold since').waitFor();
  expect(await button('Delete').count()).toBe(0);
  // The picture is still there: its link is not lost with the change.
  await page
    .getByRole('img', { name: /capture/i })
    .first()
    .waitFor();
  await checkEverywhere(tab, 'eu.dashboards.example.com capture · SessionShot');
  await page.reload();
  await button('Release from hold').waitFor();
  await page.goto(`${console.url}/captures`);
  await page.getByText('on hold', { exact: true }).waitFor();
  await page.goto(`${console.url}/captures/${seeded.png}`);
  await button('Release from hold').click();
  await button('Delete').click();
  await button('Delete the capture').click();
  await page.getByRole('heading', { name: 'Captures', level: 1 }).waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('a developer deletes what is not held, and holds nothing', async () => {
  const { db } = console.app.deps;
  // Signed in first: an instance without an owner asks to be set up.
  const tab = await openSignedIn(browser, console);
  await db.acrossWorkspaces().execute(`update member set role = 'developer'`);
  try {
    await tab.page.goto(`${console.url}/captures/${seeded.pdf}`);
    await tab.page.getByRole('button', { name: 'Delete', exact: true }).waitFor();
    expect(await tab.page.getByRole('button', { name: 'Put on hold' }).count()).toBe(0);
    expect(tab.faults).toEqual([]);
    await tab.close();
  } finally {
    await db.acrossWorkspaces().execute(`update member set role = 'owner'`);
  }
});
