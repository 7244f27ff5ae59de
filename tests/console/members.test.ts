import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openSignedIn, openTab, type Tab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// Members, invites and workspaces, by several people at the same console.
const PASSWORD = 'correct horse battery staple';
/** Browsers write a line for each refused request; people without a right are refused some. */
const REFUSED = /status of 40[134]/;
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

async function invite(page: Page, email: string, role: string): Promise<string> {
  await page.goto(`${console.url}/members`);
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByRole('radio', { name: role }).check();
  await page.getByRole('button', { name: 'Make the invite' }).click();
  await page.getByRole('dialog', { name: `Invite for ${email}` }).waitFor();
  const url = (await page.getByLabel('invite link', { exact: true }).innerText()).trim();
  await page.getByRole('button', { name: 'Done' }).click();
  return url;
}

async function join(url: string, name: string): Promise<Tab> {
  const tab = await openTab(browser, { ignore: REFUSED });
  await tab.page.goto(url);
  await tab.page.getByRole('heading', { name: /^Join / }).waitFor();
  expect(tab.page.url()).not.toContain('token');
  await tab.page.getByLabel('Your name').fill(name);
  await tab.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await tab.page.getByRole('button', { name: 'Join' }).click();
  await tab.page.getByRole('heading', { name: 'Overview' }).waitFor();
  return tab;
}

const entry = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text });

test('an invite is handed on as a link, works once, and makes a member with the chosen role', async () => {
  const owner = await openSignedIn(browser, console, '/members');
  const url = await invite(owner.page, 'vera@example.com', 'Viewer');
  await entry(owner.page, 'vera@example.com').getByText('as viewer').waitFor();
  const vera = await join(url, 'Vera Novak');
  const again = await openTab(browser, { ignore: REFUSED });
  await again.page.goto(url);
  await again.page.getByText('This invite was used already').waitFor();
  await owner.page.reload();
  await entry(owner.page, 'Vera Novak').getByText('vera@example.com').waitFor();
  expect(await owner.page.getByRole('combobox', { name: 'Role of Vera Novak' }).inputValue()).toBe('viewer');
  await vera.page.goto(`${console.url}/members`);
  await vera.page.getByText('Only an owner or admin of the workspace may do this.').first().waitFor();
  await owner.page.getByRole('combobox', { name: 'Role of Vera Novak' }).selectOption('admin');
  await owner.page.getByText('Vera Novak is admin now').waitFor();
  await vera.page.reload();
  await entry(vera.page, 'Vera Novak').getByText('(you)').waitFor();
  // Owners are above admins: their role and their place are not hers to change.
  expect(await vera.page.getByRole('combobox', { name: 'Role of Robin Ferrer' }).isDisabled()).toBe(true);
  await owner.page.getByRole('button', { name: 'Remove Vera Novak' }).click();
  await owner.page.getByRole('button', { name: 'Remove the member' }).click();
  await entry(owner.page, 'Vera Novak').waitFor({ state: 'detached' });
  await vera.page.reload();
  await vera.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  for (const tab of [owner, vera, again]) {
    expect(tab.faults).toEqual([]);
    await tab.close();
  }
});

test('an invite that was taken back leads nowhere, and the last owner is told why they must stay', async () => {
  const owner = await openSignedIn(browser, console, '/members', { ignore: /status of 409/ });
  const url = await invite(owner.page, 'late@example.com', 'Developer');
  await owner.page.getByRole('button', { name: 'Take back the invite of late@example.com' }).click();
  await entry(owner.page, 'late@example.com').waitFor({ state: 'detached' });
  const late = await openTab(browser, { ignore: REFUSED });
  await late.page.goto(url);
  await late.page.getByText('ask for a new one').waitFor();
  await owner.page.getByRole('button', { name: 'Leave the workspace' }).click();
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Leave the workspace' }).click();
  await owner.page.getByText('make somebody else an owner first').waitFor();
  expect(owner.faults).toEqual([]);
  await Promise.all([owner.close(), late.close()]);
});

test('a second workspace has captures and keys of its own, and the menu goes back and forth', async () => {
  const tab = await openSignedIn(browser, console);
  const menu = (name: string) => tab.page.getByRole('button', { name: `Workspace ${name}` });
  await menu('Acme Analytics').click();
  await tab.page.getByRole('menuitem', { name: 'New workspace…' }).click();
  await tab.page.getByLabel('Name').fill('Night shift');
  await tab.page.getByRole('button', { name: 'Create the workspace' }).click();
  await menu('Night shift').waitFor();
  await tab.page.goto(`${console.url}/domains`);
  await tab.page.getByText('Nothing is allowed yet').waitFor();
  await menu('Night shift').click();
  await tab.page.getByRole('menuitem', { name: 'Acme Analytics' }).click();
  await menu('Acme Analytics').waitFor();
  await tab.page.reload();
  await menu('Acme Analytics').waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});
