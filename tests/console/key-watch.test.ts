import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { checkEverywhere } from './check-accessibility.ts';
import { harmOf, textsOf } from './find-harm.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// Where a key is used, the alarm about a network that is new to it, and the bound on its captures, as a person meets them.
let browser: Browser;
let console: Console;
let name: string;
let keys = 0;
beforeAll(async () => {
  browser = await openBrowser();
  console = await startConsole();
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});
beforeEach(async () => {
  await console.app.deps.db.acrossWorkspaces().execute('delete from api_key');
  name = `reports-${++keys}`;
});

async function makeUsedKey(addresses: readonly string[], more = {}): Promise<string> {
  const { key } = await createApiKey(console.app.deps, console.operator, { name, scopes: ['captures:create'], ...more });
  for (const address of addresses) await authenticateApiKey(console.app.deps, key, { address, userAgent: 'curl/8.5.0' });
  return key;
}
const alarm = (page: Page) => page.getByRole('region', { name: /from a new network|from \d+ new networks/ });
const use = (key: string, address: string) => authenticateApiKey(console.app.deps, key, { address });

test('a key shows from where and by what it was used, and a network it was first used from is no alarm', async () => {
  await makeUsedKey(['203.0.113.9'], { maxConcurrentCaptures: 5 });
  const tab = await openSignedIn(browser, console, '/keys');
  const row = tab.page.getByRole('row').filter({ hasText: name });
  await row.getByText('from 203.0.113.9').waitFor();
  await row.getByText('by curl/8.5.0').waitFor();
  await row.getByText('5 at once').waitFor();
  expect(await alarm(tab.page).count()).toBe(0);
  await tab.page.getByRole('button', { name: `Revoke ${name}`, exact: true }).click();
  await tab.page.getByText(/It was last used .*, from 203\.0\.113\.9 by curl\/8\.5\.0\./).waitFor();
  await tab.page.keyboard.press('Escape');
  await tab.page.setViewportSize({ width: 375, height: 860 });
  await tab.page.getByRole('listitem').filter({ hasText: name }).getByText('from 203.0.113.9 by curl/8.5.0').waitFor();
  await tab.close();
});

test('a new network is an alarm on the overview and on the keys, until somebody says that it was he', async () => {
  const key = await makeUsedKey(['203.0.113.9', '198.51.100.9']);
  const tab = await openSignedIn(browser, console);
  await alarm(tab.page).getByText('from 198.51.100.9 (198.51.100.0/24) by curl/8.5.0').waitFor();
  await checkEverywhere(tab, 'Overview · SessionShot');
  await tab.page.goto(`${console.url}/keys`);
  await alarm(tab.page).getByText(name).waitFor();
  await checkEverywhere(tab, 'API keys · SessionShot');
  await tab.page.getByRole('button', { name: `This was me: ${name} from 198.51.100.9 (198.51.100.0/24)` }).click();
  await tab.page.getByText(`${name} is known to be used from there.`).waitFor();
  await alarm(tab.page).waitFor({ state: 'detached' });
  await use(key, '198.51.100.10');
  await tab.page.reload();
  await tab.page.getByRole('listitem').filter({ hasText: name }).waitFor();
  expect(await alarm(tab.page).count()).toBe(0);
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('what a program calls itself is text in the table, the cards, the alarm and the dialog', async () => {
  const userAgent = '<img src=x onerror=globalThis.pwned=1> "><script>globalThis.pwned=1</script> \u202e\u001b[31m';
  const program = '<img src=x onerror=globalThis.pwned=1> "><script>globalThis.pwned=1</script> [31m';
  const { key } = await createApiKey(console.app.deps, console.operator, { name, scopes: ['captures:read'] });
  for (const address of ['203.0.113.9', '198.51.100.9']) await authenticateApiKey(console.app.deps, key, { address, userAgent });
  const tab = await openSignedIn(browser, console, '/keys');
  await alarm(tab.page).getByText(program, { exact: true }).waitFor();
  expect(await textsOf(tab, '.last-program')).toEqual([`by ${program}`]);
  await tab.page.getByRole('button', { name: `Revoke ${name}`, exact: true }).click();
  await tab.page.getByRole('dialog').getByText(`by ${program}.`).waitFor();
  await tab.page.keyboard.press('Escape');
  await tab.page.setViewportSize({ width: 375, height: 860 });
  await tab.page.getByRole('list', { name: 'API keys' }).getByText(`by ${program}`).waitFor();
  expect(await harmOf(tab)).toEqual([]);
  await tab.close();
});

test('the key is revoked right there, on the overview, and does not work any more', async () => {
  const key = await makeUsedKey(['203.0.113.9', '198.51.100.9']);
  const tab = await openSignedIn(browser, console);
  await tab.page.getByRole('button', { name: `Revoke ${name}, used from 198.51.100.9 (198.51.100.0/24)` }).click();
  await tab.page.getByRole('dialog').waitFor();
  await checkEverywhere(tab, 'Overview · SessionShot');
  await tab.page.getByRole('button', { name: 'Revoke the key' }).click();
  await alarm(tab.page).waitFor({ state: 'detached' });
  await expect(use(key, '203.0.113.9')).rejects.toMatchObject({ code: 'invalid_api_key' });
  await tab.close();
});

test('many alarms are counted, and shown a handful at a time', async () => {
  await makeUsedKey(['203.0.113.9', ...Array.from({ length: 8 }, (_, i) => `198.51.${i}.9`), '2001:db8:1234:5678:9abc:def0:1234:5678']);
  const tab = await openSignedIn(browser, console, '/keys');
  await tab.page.getByRole('region', { name: 'API keys are used from 9 new networks' }).waitFor();
  expect(await alarm(tab.page).getByRole('listitem').count()).toBe(5);
  await tab.page.getByText('And 4 more, once these are settled.').waitFor();
  await checkEverywhere(tab, 'API keys · SessionShot');
  await tab.close();
});

test('who is no admin is not shown the alarm', async () => {
  await makeUsedKey(['203.0.113.9', '198.51.100.9']);
  const setRole = (role: string) => console.app.deps.db.acrossWorkspaces().execute('update member set role = ?', [role]);
  // Signed in first: an instance without an owner asks to be set up.
  const tab = await openSignedIn(browser, console);
  await setRole('developer');
  try {
    await tab.page.reload();
    await tab.page.getByRole('region', { name: 'This instance' }).getByText('Database').waitFor();
    expect(await alarm(tab.page).count()).toBe(0);
    await tab.close();
  } finally {
    await setRole('owner');
  }
});

test('the form takes a bound, and says what is none', async () => {
  const tab = await openSignedIn(browser, console, '/keys');
  await tab.page.getByRole('button', { name: 'Create API key' }).click();
  await tab.page.getByLabel('Name').fill('bounded');
  for (const wrong of ['0', 'many', '1001', '2.5']) {
    await tab.page.getByLabel('Captures at once').fill(wrong);
    await tab.page.getByRole('button', { name: 'Create key' }).click();
    await tab.page.getByText('Give a whole number from 1 to 1000, or nothing.').waitFor();
  }
  await checkEverywhere(tab, 'API keys · SessionShot');
  await tab.page.getByLabel('Captures at once').fill('3');
  await tab.page.getByRole('button', { name: 'Create key' }).click();
  await tab.page.getByRole('dialog', { name: 'Key for bounded' }).waitFor();
  const [stored] = await console.app.deps.db
    .acrossWorkspaces()
    .execute<{ bound: number }[]>('select max_concurrent_captures as bound from api_key');
  expect(stored).toEqual({ bound: 3 });
  await tab.close();
});
