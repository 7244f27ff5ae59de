import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openSignedIn, openTab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

const REFUSED = /status of 4(0[13]|22)/;
const PASSWORD = 'a long enough sentence';
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

test('a one-time link signs in, leaves the address and the history at once, and works once', async () => {
  const tab = await openTab(browser, { ignore: REFUSED });
  const link = await owned.signInUrl();
  const token = link.split('token=')[1] ?? '';
  await tab.page.goto(link);
  await tab.page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(tab.page.url()).toBe(`${owned.url}/`);
  await tab.page.goBack();
  expect(tab.page.url()).not.toContain(token);
  expect(tab.faults).toEqual([]);
  const again = await openTab(browser, { ignore: REFUSED });
  await again.page.goto(link);
  await again.page.getByRole('alert').getByText('used already').waitFor();
  expect(again.page.url()).not.toContain(token);
  await Promise.all([tab.close(), again.close()]);
});

test('a link in the query works too, and a link pasted into a tab that stands at the sign-in page', async () => {
  const tab = await openTab(browser, { ignore: REFUSED });
  await tab.page.goto((await owned.signInUrl()).replace('#token=', '?link='));
  await tab.page.getByRole('heading', { name: 'Overview' }).waitFor();
  await tab.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await tab.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const [, fragment] = (await owned.signInUrl()).split('#');
  await tab.page.evaluate((hash) => {
    location.hash = hash;
  }, fragment ?? '');
  await tab.page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(tab.page.url()).toBe(`${owned.url}/`);
  await tab.close();
});

test('the cookie of a session cannot be read by scripts', async () => {
  const tab = await openSignedIn(browser, owned);
  expect(await tab.page.evaluate(() => document.cookie)).toBe('');
  const [cookie] = await tab.context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
  await tab.close();
});

test('a page asked for while signed out is shown after signing in with the password set in the account', async () => {
  const tab = await openSignedIn(browser, owned, '/account', { ignore: REFUSED });
  await tab.page.getByLabel('Email').fill('robin@example.com');
  await tab.page.getByLabel('New password').fill('short');
  await tab.page.getByRole('button', { name: 'Save' }).click();
  await tab.page.getByText('Use at least 12 characters: this has 5.').waitFor();
  await tab.page.locator('input[type="password"]:focus').waitFor();
  // What only the server knows of a password stands at the field too, and nowhere else.
  const field = tab.page.getByLabel('New password');
  await field.fill('password1234');
  await tab.page.getByRole('button', { name: 'Save' }).click();
  await tab.page.getByText('Must not be easy to guess').waitFor();
  await expect.poll(() => field.evaluate((input) => [input === document.activeElement, input.ariaInvalid])).toEqual([true, 'true']);
  expect(await tab.page.getByRole('alert').filter({ hasText: 'guess' }).count()).toBe(0);
  await field.fill(PASSWORD);
  expect(await tab.page.getByText('Must not be easy to guess').count()).toBe(0);
  await tab.page.getByRole('button', { name: 'Save' }).click();
  await tab.page.getByText('Password saved').waitFor();
  await tab.page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await tab.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await tab.page.goto(`${owned.url}/keys`);
  await tab.page.getByLabel('Email').fill('robin@example.com');
  await tab.page.getByLabel('Password', { exact: true }).fill('not the password');
  await tab.page.getByRole('button', { name: 'Sign in' }).click();
  await tab.page.getByRole('alert').getByText('wrong').waitFor();
  await tab.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await tab.page.keyboard.press('Enter');
  await tab.page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor();
  expect(tab.page.url()).toBe(`${owned.url}/keys`);
  await tab.close();
});

test.each(['//evil.example/', '/\\evil.example/', 'https://evil.example/', 'javascript:alert(1)'])(
  'after signing in, %s leads to the overview and nowhere else',
  async (next) => {
    const tab = await openTab(browser, { ignore: REFUSED });
    const [, fragment] = (await owned.signInUrl()).split('#');
    await tab.page.goto(`${owned.url}/sign-in?next=${encodeURIComponent(next)}#${fragment}`);
    await tab.page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(tab.page.url()).toBe(`${owned.url}/`);
    expect(tab.faults).toEqual([]);
    await tab.close();
  },
);

test('a session that ends elsewhere leads to the sign-in page and back', async () => {
  const tab = await openSignedIn(browser, owned, '/captures?status=failed', { ignore: REFUSED });
  await tab.page.getByRole('heading', { name: 'Captures' }).waitFor();
  await tab.context.clearCookies();
  await tab.page.getByRole('link', { name: 'API keys' }).click();
  await tab.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const [, fragment] = (await owned.signInUrl()).split('#');
  await tab.page.evaluate((hash) => {
    location.hash = hash;
  }, fragment ?? '');
  await tab.page.getByRole('heading', { name: 'API keys', level: 1 }).waitFor();
  await tab.close();
});

test('an instance without an owner is set up once, and its set-up page is gone afterwards', async () => {
  const bare = await startConsole({ hasOwner: false });
  const tab = await openTab(browser, { ignore: REFUSED });
  await tab.page.goto(bare.url);
  await tab.page.getByRole('heading', { name: 'Set up SessionShot' }).waitFor();
  await tab.page.getByLabel('Your name').fill('Kim Novak');
  await tab.page.getByLabel('Email').fill('kim@example.com');
  await tab.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await tab.page.getByLabel('Workspace name').fill('Kim’s team');
  await tab.page.getByRole('button', { name: 'Create the owner' }).click();
  await tab.page.getByRole('heading', { name: 'Overview' }).waitFor();
  await tab.page.getByText('Kim’s team').first().waitFor();
  const other = await openTab(browser, { ignore: REFUSED });
  await other.page.goto(`${bare.url}/setup`);
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(tab.faults).toEqual([]);
  await Promise.all([tab.close(), other.close()]);
  await bare.close();
});
