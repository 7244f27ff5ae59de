import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApi } from '../e2e/call-api.ts';
import { checkEverywhere } from './check-accessibility.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// API keys and allowed domains, as a person makes them and a program feels them.
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

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });
const statusWith = async (key: string) => (await createApi(console.url, key).call('GET', '/api/captures')).status;

async function createKey(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'Create API key' }).click();
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('dialog', { name: `Key for ${name}` }).waitFor();
  return (await page.getByLabel('API key', { exact: true }).innerText()).trim();
}

async function closeUncopied(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByText('Close without copying?').waitFor();
  await page.getByRole('button', { name: 'Close anyway' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

test('a key is shown once, works, and its dialog is not lost by a slip of the finger', async () => {
  const tab = await openSignedIn(browser, console, '/keys');
  const key = await createKey(tab.page, 'exporter');
  expect(key).toMatch(/^ss_live_[0-9A-Za-z]{38}$/);
  expect(await tab.page.getByLabel('curl command with the key', { exact: true }).innerText()).toContain(key);
  expect(await statusWith(key)).toBe(200);
  await tab.page.keyboard.press('Escape');
  await tab.page.getByText('Close without copying?').waitFor();
  await tab.page.getByRole('button', { name: 'Close anyway' }).click();
  await row(tab.page, 'exporter').waitFor();
  expect(await tab.page.content()).not.toContain(key);
  expect(await tab.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]))).not.toContain(key);
  await tab.page.reload();
  await row(tab.page, 'exporter')
    .getByText(`ss_live_${key.slice(8, 16)}…`)
    .waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('a copied key closes without a question, and the copy is the key', async () => {
  const tab = await openSignedIn(browser, console, '/keys');
  await tab.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const key = await createKey(tab.page, 'copied');
  await tab.page.getByRole('button', { name: 'Copy key' }).click();
  await tab.page.getByText('Copied the API key').waitFor();
  expect(await tab.page.evaluate(() => navigator.clipboard.readText())).toBe(key);
  await tab.page.getByRole('button', { name: 'I have stored it' }).click();
  await tab.page.getByRole('dialog').waitFor({ state: 'detached' });
  await tab.close();
});

test('a form with faults names them and puts the focus into the first faulty field', async () => {
  const tab = await openSignedIn(browser, console, '/keys');
  await tab.page.getByRole('button', { name: 'Create API key' }).click();
  for (const scope of ['Create captures', 'Read captures', 'Delete captures']) await tab.page.getByLabel(scope).uncheck();
  await tab.page.getByRole('button', { name: 'Create key' }).click();
  await tab.page.getByText('Give a name.').waitFor();
  await tab.page.getByText('Choose at least one thing the key may do.').waitFor();
  await tab.page.locator('input:focus').and(tab.page.getByLabel('Name')).waitFor();
  await tab.page.getByRole('button', { name: 'Cancel' }).click();
  await tab.page.getByRole('button', { name: 'Create API key' }).and(tab.page.locator(':focus')).waitFor();
  await tab.close();
});

test('revoking tells when the key was last used, and the key is refused afterwards', async () => {
  const tab = await openSignedIn(browser, console, '/keys');
  const key = await createKey(tab.page, 'doomed');
  await closeUncopied(tab.page);
  await tab.page.getByRole('button', { name: 'Revoke doomed' }).click();
  await tab.page.getByText('It was never used.').waitFor();
  await tab.page.getByRole('button', { name: 'Keep it' }).and(tab.page.locator(':focus')).waitFor();
  await tab.page.getByRole('button', { name: 'Keep it' }).click();
  expect(await statusWith(key)).toBe(200);
  await tab.page.reload();
  await tab.page.getByRole('button', { name: 'Revoke doomed' }).click();
  await tab.page.getByText('It was last used just now, from 127.0.0.1').waitFor();
  await tab.page.getByRole('button', { name: 'Revoke the key' }).click();
  await row(tab.page, 'doomed').getByText('Revoked').waitFor();
  expect(await statusWith(key)).toBe(401);
  await tab.close();
});

test('a rotated key works beside its successor for as long as was chosen', async () => {
  const tab = await openSignedIn(browser, console, '/keys');
  const old = await createKey(tab.page, 'rotating');
  await closeUncopied(tab.page);
  await tab.page.getByRole('button', { name: 'Rotate rotating' }).click();
  await tab.page.getByLabel('The old key works').selectOption({ label: 'for 15 minutes more' });
  await tab.page.getByRole('button', { name: 'Rotate key' }).click();
  const fresh = (await tab.page.getByLabel('API key', { exact: true }).innerText()).trim();
  await tab.page.getByText('The old key works for 15 minutes more.').waitFor();
  expect(fresh).not.toBe(old);
  expect([await statusWith(old), await statusWith(fresh)]).toEqual([200, 200]);
  await tab.close();
});

test('a domain is judged while it is typed, added, checked and removed', async () => {
  const tab = await openSignedIn(browser, console, '/domains');
  const host = tab.page.getByLabel('Host');
  await tab.page.getByText('Nothing is allowed yet').waitFor();
  await host.fill('*.example.com');
  await tab.page.getByText('Allows every host below example.com, at any depth, but not example.com itself.').waitFor();
  await host.fill('https://app.example.com/');
  await tab.page.getByRole('button', { name: 'Add' }).click();
  await tab.page.getByText('Give the host alone, without https://.').waitFor();
  await host.fill('*.co.uk');
  await tab.page.getByText('would cover the hosts of many owners').waitFor();
  await host.fill('App.Example.com');
  await tab.page.getByRole('button', { name: 'Add' }).click();
  await tab.page.getByRole('button', { name: 'Remove app.example.com' }).waitFor();
  const url = tab.page.getByRole('textbox', { name: 'URL' });
  await url.fill('https://app.example.com/reports?token=secret-in-the-query');
  const [asked] = await Promise.all([tab.page.waitForRequest(/domains\.check/), tab.page.getByRole('button', { name: 'Check' }).click()]);
  await tab.page.getByText('Allowed.').waitFor();
  expect(asked.url()).not.toContain('secret-in-the-query');
  await url.fill('https://evil.example.org/');
  await tab.page.getByRole('button', { name: 'Check' }).click();
  await tab.page.getByText('Refused.').waitFor();
  await tab.page.getByRole('button', { name: 'Remove app.example.com' }).click();
  await tab.page.getByRole('button', { name: 'Remove the domain' }).click();
  await tab.page.getByText('Nothing is allowed yet').waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('a host that mixes scripts is added, with a warning that stays with it, wide and narrow', async () => {
  const tab = await openSignedIn(browser, console, '/domains');
  await tab.page.getByLabel('Host').fill('\u0430pple.com');
  await tab.page.getByRole('button', { name: 'Add' }).click();
  await tab.page.getByText('Is this the host you mean?').waitFor();
  const entry = tab.page.getByRole('listitem').filter({ hasText: 'xn--pple-43d.com' });
  await entry.getByText('mixes letters of Cyrillic and Latin').waitFor();
  await tab.page.reload();
  await entry.getByText('mixes letters of Cyrillic and Latin').waitFor();
  await checkEverywhere(tab, 'Allowed domains · SessionShot');
  await tab.page.getByRole('button', { name: 'Remove xn--pple-43d.com' }).click();
  await tab.page.getByRole('button', { name: 'Remove the domain' }).click();
  await entry.waitFor({ state: 'detached' });
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('a host for parts of pages is marked as one, and the mode says what it counts for, wide and narrow', async () => {
  const tab = await openSignedIn(browser, console, '/domains');
  await tab.page.getByLabel('Host').fill('cdn.example.net');
  await tab.page.getByLabel('Only for parts of pages').check();
  await tab.page.getByRole('button', { name: 'Add' }).click();
  await tab.page.getByText('In strict mode pages may load from cdn.example.net.').waitFor();
  await tab.page.getByRole('listitem').filter({ hasText: 'cdn.example.net' }).getByText('parts only').waitFor();
  await tab.page.getByRole('textbox', { name: 'URL' }).fill('https://cdn.example.net/');
  await tab.page.getByRole('button', { name: 'Check' }).click();
  await tab.page.getByText('on the list for parts of pages only').waitFor();
  expect(await tab.page.getByRole('radio', { name: 'Standard' }).isChecked()).toBe(true);
  await tab.page.getByRole('radio', { name: 'Strict' }).click();
  await tab.page.getByText('Pages load from the hosts on this list alone.', { exact: true }).waitFor();
  await tab.page.reload();
  await tab.page.getByRole('radio', { name: 'Strict', checked: true }).waitFor();
  await checkEverywhere(tab, 'Allowed domains · SessionShot');
  // Keys are narrowed to pages, and an example captures one.
  await tab.page.goto(`${console.url}/keys`);
  await tab.page.getByRole('button', { name: 'Create API key' }).click();
  await tab.page.getByLabel('Name').waitFor();
  expect(await tab.page.getByLabel('Only for these domains').count()).toBe(0);
  await tab.page.goto(`${console.url}/`);
  await tab.page.getByRole('link', { name: 'Add a domain' }).waitFor();
  await tab.close();
});

test('who is no admin sees the mode and cannot change it', async () => {
  const take = (role: string) => console.app.deps.db.acrossWorkspaces().execute('update member set role = ?', [role]);
  const tab = await openSignedIn(browser, console, '/domains');
  await take('developer');
  try {
    await tab.page.reload();
    await tab.page.getByText('Owners and admins change it.').waitFor();
    expect(await tab.page.getByRole('radio', { name: 'Standard' }).isDisabled()).toBe(true);
  } finally {
    await take('owner');
  }
  await tab.close();
});

test('where the rule does not arrive, the refusal of the server is shown in its place', async () => {
  const tab = await openSignedIn(browser, console, '/', { ignore: /./ });
  await tab.page.route('**/assets/allowed-domain-*.js', (route) => route.abort());
  await tab.page.goto(`${console.url}/domains`);
  await tab.page.getByLabel('Host').fill('203.0.113.9');
  await tab.page.getByRole('button', { name: 'Add' }).click();
  await tab.page.getByText('IP addresses cannot be allowed').waitFor();
  await tab.close();
});
