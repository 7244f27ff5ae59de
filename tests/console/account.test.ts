import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openSignedIn, openTab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// What the account page says of the current password, of the session and of its end, by the way somebody signed in.
const EMAIL = 'robin@example.com';
const PASSWORD = 'a long enough sentence';
const REFUSED = /status of 4(01|03|22)/;
let browser: Browser;
let owned: Console;

beforeAll(async () => {
  browser = await openBrowser();
  owned = await startConsole();
});
afterAll(async () => {
  await browser?.close();
  await owned?.close();
});

const current = (page: Page) => page.getByLabel('Current password');
const save = (page: Page) => page.getByRole('button', { name: 'Save' }).click();
/** What a screen reader says of a field beside its name: its hint and its fault. */
const told = async (page: Page) => {
  const ids = (await current(page).getAttribute('aria-describedby'))?.split(' ') ?? [];
  return await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).innerText()));
};

test('after a one-time link the current password may be left out, and the page says until when', async () => {
  const tab = await openSignedIn(browser, owned, '/account', { ignore: REFUSED });
  const { page } = tab;
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('New password').fill(PASSWORD);
  await save(page);
  await current(page).waitFor();
  expect(await told(page)).toEqual([expect.stringMatching(/^Not needed until \d\d?:\d\d.*: you signed in with a one-time link\.$/)]);
  const row = page.getByRole('listitem').filter({ hasText: '(this session)' });
  expect(await row.innerText()).toMatch(/signed in with a one-time link just now · ends in 7 days/);
  await tab.close();
});

test('after the password it may not, and what is wrong with it stands at its field', async () => {
  const tab = await openTab(browser, { ignore: REFUSED });
  const { page } = tab;
  await page.goto(`${owned.url}/sign-in?next=/account`);
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await current(page).waitFor();
  expect(await told(page)).toEqual([]);
  await page.getByLabel('New password').fill('another long sentence');
  for (const [given, fault] of [
    ['', 'Give your current password.'],
    ['not this one at all', 'The current password is not the one of your account.'],
  ] as const) {
    await current(page).fill(given);
    await save(page);
    await page.getByText(fault).waitFor();
    expect(await told(page)).toEqual([expect.stringContaining(fault)]);
    await expect.poll(() => current(page).evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await page.getByRole('alert').filter({ hasText: 'password' }).count()).toBe(0);
  }
  await current(page).fill(PASSWORD);
  await save(page);
  await page.getByText('Password saved').waitFor();
  await tab.close();
});
