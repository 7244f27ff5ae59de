import { TOTP, URI } from 'otpauth';
import type { Browser, Page } from 'playwright';
import { PNG } from 'pngjs';
import { decodeQR } from 'qr/decode.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openSignedIn, openTab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// The authenticator app from the QR code on the screen to the day on which the phone is lost.
const PASSWORD = 'correct horse battery staple';
const EMAIL = 'robin@example.com';
const STEP_MS = 30_000;
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

async function setPassword(page: Page): Promise<void> {
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Set it up' }).waitFor();
}

async function signInByPassword(page: Page): Promise<void> {
  await page.goto(`${console.url}/sign-in`);
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Reads the QR code as a camera does: from the pixels on the screen. */
async function scan(page: Page): Promise<string> {
  const { width, height, data } = PNG.sync.read(await page.getByRole('img', { name: 'QR code with the secret for the app' }).screenshot());
  return decodeQR({ width, height, data: new Uint8Array(data) });
}

/** From the button to the recovery codes, with a wrong code and a hasty close on the way. */
async function setUp(page: Page): Promise<{ totp: TOTP; codes: string[]; confirmedAt: number }> {
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Continue' }).click();
  const secret = (await page.getByLabel('secret for the app', { exact: true }).innerText()).trim();
  const totp = URI.parse(await scan(page));
  if (!(totp instanceof TOTP)) throw new Error('the QR code is of another kind');
  expect([totp.secret.base32, totp.issuer, totp.label]).toEqual([secret, 'SessionShot', EMAIL]);
  await page.getByLabel('Code that the app shows').fill('000000');
  await page.getByRole('button', { name: 'Turn it on' }).click();
  await page.getByText('This code is not right').waitFor();
  const confirmedAt = Date.now();
  await page.getByLabel('Code that the app shows').fill(totp.generate({ timestamp: confirmedAt }));
  await page.getByRole('button', { name: 'Turn it on' }).click();
  await page.getByRole('dialog', { name: 'Your recovery codes' }).waitFor();
  const codes = (await page.getByLabel('recovery codes', { exact: true }).innerText()).trim().split(/\s+/);
  expect(codes).toHaveLength(10);
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('Close without keeping them?').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  expect(download.suggestedFilename()).toBe('sessionshot-recovery-codes.txt');
  await page.getByRole('button', { name: 'I have kept them' }).click();
  return { totp, codes, confirmedAt };
}

test('an app is set up, asked for, replaced by a recovery code, and removed', async () => {
  const tab = await openSignedIn(browser, console, '/account', { ignore: REFUSED });
  const { page } = tab;
  const panel = page.getByRole('region', { name: 'Authenticator app' });
  await panel.getByText('Set a password first').waitFor();
  await setPassword(page);
  const elsewhere = await openSignedIn(browser, console, '/captures', { ignore: REFUSED });
  await page.reload();
  const { totp, codes, confirmedAt } = await setUp(page);
  await panel.getByText('10 recovery codes left').waitFor();
  await page.getByRole('region', { name: 'Where you are signed in' }).getByText('(this session)').waitFor();
  // The session elsewhere was opened without a code.
  await elsewhere.page.reload();
  await elsewhere.page.getByRole('heading', { name: 'Sign in' }).waitFor();

  await signInByPassword(elsewhere.page);
  await elsewhere.page.locator('input[autocomplete="one-time-code"]:focus').waitFor();
  await elsewhere.page.keyboard.type(totp.generate({ timestamp: confirmedAt }));
  await elsewhere.page.keyboard.press('Enter');
  await elsewhere.page.getByRole('alert').getByText('used already').waitFor();
  await elsewhere.page
    .getByRole('textbox', { name: 'Code of your authenticator app' })
    .fill(totp.generate({ timestamp: Date.now() + STEP_MS }));
  await elsewhere.page.keyboard.press('Enter');
  await elsewhere.page.getByRole('heading', { name: 'Overview' }).waitFor();

  const third = await openTab(browser, { ignore: REFUSED });
  await signInByPassword(third.page);
  await third.page.getByRole('textbox', { name: 'Code of your authenticator app' }).fill(codes[0] ?? '');
  await third.page.getByRole('button', { name: 'Sign in' }).click();
  await third.page.getByRole('heading', { name: 'Overview' }).waitFor();

  await page.reload();
  await panel.getByText('9 recovery codes left').waitFor();
  await page.getByRole('button', { name: 'Sign out elsewhere' }).click();
  await page.getByText('Signed out elsewhere').waitFor();
  await third.page.reload();
  await third.page.getByRole('heading', { name: 'Sign in' }).waitFor();

  await panel.getByRole('button', { name: 'Remove the app' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove the authenticator app?' });
  await dialog.getByLabel('Your password').fill(PASSWORD);
  await dialog.getByLabel('Code of the app, or a recovery code').fill(codes[1] ?? '');
  await dialog.getByRole('button', { name: 'Remove the app' }).click();
  await panel.getByRole('button', { name: 'Set it up' }).waitFor();
  for (const one of [tab, elsewhere, third]) {
    expect(one.faults).toEqual([]);
    await one.close();
  }
});
