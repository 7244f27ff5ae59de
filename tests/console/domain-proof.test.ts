import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDns, type TestDns } from '../services/test-dns.ts';
import { checkEverywhere } from './check-accessibility.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// A console whose allowed domains are to be proved.
const HOST = 'app.acme.io';
let browser: Browser;
let dns: TestDns;
let console: Console;
beforeAll(async () => {
  [browser, dns] = await Promise.all([openBrowser(), startTestDns()]);
  console = await startConsole({ domainProof: { isRequired: true, nameServers: [dns.address] } });
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
  await dns?.close();
});

test('a domain waits with its record to copy, says what is missing, and is allowed once the record is there', async () => {
  const tab = await openSignedIn(browser, console, '/domains', { ignore: /status of 409/ });
  const { page } = tab;
  await tab.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByLabel('Host').fill(HOST);
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText(`${HOST} waits for its proof: create the record`).waitFor();
  await page.getByText('waits for its proof', { exact: true }).waitFor();
  const copied = async (part: string) => {
    await page.getByRole('button', { name: `Copy ${part} of the record for ${HOST}` }).click();
    await page.getByText(`Copied the ${part} of the record for ${HOST}`).waitFor();
    return await page.evaluate(() => navigator.clipboard.readText());
  };
  const [name, value] = [await copied('name'), await copied('value')];
  expect([name, value]).toEqual([`_sessionshot-challenge.${HOST}`, expect.stringMatching(/^sessionshot-verification=\w{40}$/)]);
  await page.getByRole('textbox', { name: 'URL' }).fill(`https://${HOST}/`);
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('Refused.').waitFor();
  const check = page.getByRole('button', { name: `Check now whether ${HOST} is proved` });
  await check.click();
  await page.getByRole('alert').filter({ hasText: 'is not there' }).waitFor();
  await checkEverywhere(tab, 'Allowed domains · SessionShot');
  dns.tell(name, ['canary-of-others']);
  await check.click();
  await page.getByRole('alert').filter({ hasText: 'holds one other value' }).waitFor();
  expect(await page.content()).not.toContain('canary');
  dns.tell(name, ['canary-of-others', value]);
  await check.click();
  await page.getByText(`Captures of ${HOST} are accepted from now on.`).waitFor();
  await check.waitFor({ state: 'detached' });
  expect(await page.getByRole('button', { name: 'Copy value' }).count()).toBe(0);
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('the guide counts no domain that waits, and leads to its proof', async () => {
  const tab = await openSignedIn(browser, console, '/domains');
  const { page } = tab;
  await page.getByRole('button', { name: `Remove ${HOST}` }).click();
  await page.getByRole('button', { name: 'Remove the domain' }).click();
  await page.getByText('Nothing is allowed yet').waitFor();
  await page.getByLabel('Host').fill('late.acme.io');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText('waits for its proof', { exact: true }).waitFor();
  await page.goto(console.url);
  await page.getByRole('link', { name: 'Prove your domain' }).waitFor();
  expect(await page.getByLabel('curl command', { exact: true }).innerText()).not.toContain('late.acme.io');
  await page.getByRole('link', { name: 'Prove your domain' }).click();
  await page.getByRole('button', { name: 'Remove late.acme.io' }).click();
  await page.getByText('late.acme.io was not allowed yet').waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});
