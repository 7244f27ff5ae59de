import { TOTP } from 'otpauth';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkEverywhere } from './check-accessibility.ts';
import { openBrowser, openSignedIn, openTab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// The steps of the account page and of signing in with a code, each held as every page of the console is.
const PASSWORD = 'correct horse battery staple';
const EMAIL = 'robin@example.com';
const REFUSED = /status of 4(01|03|22)/;
let browser: Browser;
let console: Console;

beforeAll(async () => {
  browser = await openBrowser();
  console = await startConsole();
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});

const press = (page: Page, name: string) => page.getByRole('button', { name }).click();

test('setting an authenticator app up, step by step, and the account with it', async () => {
  const tab = await openSignedIn(browser, console, '/account', { ignore: REFUSED });
  const { page } = tab;
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('New password').fill(PASSWORD);
  await press(page, 'Save');
  await press(page, 'Set it up');
  await press(page, 'Continue');
  await page.getByText('Give your password.').waitFor();
  await checkEverywhere(tab, 'Account · SessionShot');
  await page.getByLabel('Your password').fill(PASSWORD);
  await press(page, 'Continue');
  const secret = (await page.getByLabel('secret for the app', { exact: true }).innerText()).trim();
  await page.getByLabel('Code that the app shows').fill('000000');
  await press(page, 'Turn it on');
  await page.getByText('This code is not right').waitFor();
  await checkEverywhere(tab, 'Account · SessionShot');
  await page.getByLabel('Code that the app shows').fill(new TOTP({ secret }).generate());
  await press(page, 'Turn it on');
  await page.getByRole('dialog', { name: 'Your recovery codes' }).waitFor();
  await press(page, 'I have kept them');
  await page.getByText('Close without keeping them?').waitFor();
  await checkEverywhere(tab, 'Account · SessionShot');
  await press(page, 'Close anyway');
  await page.getByText('10 recovery codes left').waitFor();
  await checkEverywhere(tab, 'Account · SessionShot');
  await press(page, 'Remove the app');
  const dialog = page.getByRole('dialog', { name: 'Remove the authenticator app?' });
  await dialog.getByRole('button', { name: 'Remove the app' }).click();
  await dialog.getByText('Give the code.').waitFor();
  await checkEverywhere(tab, 'Account · SessionShot');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await tab.close();

  const outside = await openTab(browser, { ignore: REFUSED });
  await outside.page.goto(`${console.url}/sign-in`);
  await outside.page.getByLabel('Email').fill(EMAIL);
  await outside.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await press(outside.page, 'Sign in');
  const field = outside.page.getByRole('textbox', { name: 'Code of your authenticator app' });
  await field.fill('000000');
  await press(outside.page, 'Sign in');
  await outside.page.getByRole('alert').waitFor();
  await checkEverywhere(outside, 'Sign in · SessionShot');
  expect(await field.getAttribute('autocomplete')).toBe('one-time-code');
  await outside.close();
});
