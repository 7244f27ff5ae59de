import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey, revokeApiKey } from '#server/domain/access/api-keys.ts';
import { chainWaiting } from '#server/domain/access/chain-audit.ts';
import { createInvite } from '#server/domain/access/invites.ts';
import { listedEntrySchema } from '#shared/audit.ts';
import { checkEverywhere } from './check-accessibility.ts';
import { openBrowser, openSignedIn, openTab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// The page of the audit log: filters in the address, pages, the mark of the chain, the saved file, and who may see it.
const PASSWORD = 'correct horse battery staple';
const DOMAINS = 30;
let browser: Browser;
let console: Console;
let database: pg.Client;

beforeAll(async () => {
  browser = await openBrowser();
  console = await startConsole();
  database = new pg.Client({ connectionString: console.databaseUrl });
  await database.connect();
  const { deps } = console.app;
  for (let i = 0; i < DOMAINS; i++) await addAllowedDomain(deps, console.operator, { domain: `d${i}.example.com` });
  const { apiKey } = await createApiKey(deps, console.operator, { name: 'billing', scopes: ['captures:read'] });
  await revokeApiKey(deps, console.operator, apiKey.id);
  await chainWaiting(deps);
});
afterAll(async () => {
  await browser?.close();
  await database?.end();
  await console?.close();
});

const rows = (page: Page) => page.getByRole('table', { name: 'Entries' }).locator('tbody tr');

test('filters live in the address, hold over a reload, and are cleared by one click', async () => {
  const tab = await openSignedIn(browser, console, '/audit');
  const { page } = tab;
  await rows(page).first().waitFor();
  await page.getByRole('combobox', { name: 'What' }).selectOption('key.revoke');
  await expect.poll(() => rows(page).count()).toBe(1);
  await rows(page).getByText('revoked an API key').waitFor();
  expect(new URL(page.url()).search).toBe('?action=key.revoke');
  await page.reload();
  await expect.poll(() => rows(page).count()).toBe(1);
  await page.getByRole('combobox', { name: 'Who' }).selectOption('user');
  await page.getByText('No entry fits these filters').waitFor();
  await page.getByRole('combobox', { name: 'What' }).selectOption('session.open');
  await rows(page).first().getByRole('link', { name: 'Robin Ferrer' }).click();
  await page.getByRole('button', { name: 'Only Robin Ferrer: show others too' }).waitFor();
  expect(new URL(page.url()).searchParams.get('actor')).toMatch(/^usr_/);
  await page.getByLabel('From', { exact: true }).fill('2020-01-01');
  await page.getByLabel('To', { exact: true }).fill('2020-12-31');
  await page.getByText('No entry fits these filters').waitFor();
  await page.getByRole('link', { name: 'Clear all', exact: true }).click();
  await rows(page).first().waitFor();
  expect(new URL(page.url()).search).toBe('');
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('pages go older and newer, and a filter begins at the newest', async () => {
  const tab = await openSignedIn(browser, console, '/audit?action=domain.add');
  const { page } = tab;
  await page.getByText(`d${DOMAINS - 1}.example.com`).waitFor();
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByText(/^d0\.example\.com/).waitFor();
  expect(await rows(page).count()).toBe(DOMAINS - 20);
  await page.getByRole('link', { name: 'Newer' }).click();
  await page.getByText(`d${DOMAINS - 1}.example.com`).waitFor();
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByText(/^d0\.example\.com/).waitFor();
  await page.getByRole('combobox', { name: 'Outcome' }).selectOption('ok');
  await page.getByText(`d${DOMAINS - 1}.example.com`).waitFor();
  expect(new URL(page.url()).searchParams.has('cursor')).toBe(false);
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('the saved file holds every entry that fits, one a line, with the mark of the chain', async () => {
  const tab = await openSignedIn(browser, console, '/audit?action=domain.add');
  await rows(tab.page).first().waitFor();
  const [download] = await Promise.all([tab.page.waitForEvent('download'), tab.page.getByRole('button', { name: 'Export' }).click()]);
  await tab.page.getByText(`${DOMAINS} entries saved`).waitFor();
  expect(download.suggestedFilename()).toMatch(/^sessionshot-audit-\d{4}-\d{2}-\d{2}\.jsonl$/);
  const lines = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\n');
  const entries = lines.map((line) => listedEntrySchema.parse(JSON.parse(line)));
  expect(entries.map(({ detail }) => detail)).toEqual(Array.from({ length: DOMAINS }, (_, i) => `d${DOMAINS - 1 - i}.example.com`));
  expect(new Set(entries.map(({ seal }) => seal))).toEqual(new Set(['chained']));
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('an entry that was changed is pointed out, on the page and at the entry', async () => {
  const tab = await openSignedIn(browser, console, '/audit?action=key.revoke');
  const { page } = tab;
  await page.getByText('Every entry on this page fits the chain.').waitFor();
  await database.query('alter table audit_event disable trigger append_only');
  await database.query(`update audit_event set address = '198.51.100.7' where action = 'key.revoke'`);
  await page.reload();
  await page.getByRole('alert').getByText('1 entry does not fit the chain').waitFor();
  await rows(page).getByText('does not fit the chain').waitFor({ state: 'attached' });
  await checkEverywhere(tab, 'Audit log · SessionShot');
  await database.query(`update audit_event set address = null where action = 'key.revoke'`);
  await database.query('alter table audit_event enable trigger append_only');
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.reload();
  await page.getByText('Every entry on this page fits the chain.').waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('a server that does not answer is said in the place of the list, with a way to try again', async () => {
  const tab = await openSignedIn(browser, console, '/captures', { ignore: /Failed to load resource/ });
  const { page } = tab;
  await page.getByRole('heading', { name: 'Captures' }).waitFor();
  const away = /\/trpc\/[^?]*audit\.list/;
  const waiting = Promise.withResolvers<void>();
  await page.route(away, async (route) => {
    await waiting.promise;
    await route.abort();
  });
  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByRole('status', { name: 'Reading the audit log' }).waitFor();
  waiting.resolve();
  await page.getByRole('alert').getByText('The server did not answer').waitFor();
  await checkEverywhere(tab, 'Audit log · SessionShot');
  await page.unroute(away);
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.getByRole('button', { name: 'Try again' }).click();
  await rows(page).first().waitFor();
  await tab.close();
});

test('developers have no link to it, and at its address they are told who may', async () => {
  const { token } = await createInvite(console.app.deps, console.operator, { email: 'dev@example.com', role: 'developer' });
  const tab = await openTab(browser, { ignore: /status of 40[13]/ });
  const { page } = tab;
  await page.goto(`${console.url}/invite#token=${token}`);
  await page.getByLabel('Your name').fill('Dev');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('link', { name: 'Members' }).waitFor();
  expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0);
  await page.goto(`${console.url}/audit`);
  await page.getByText('Only an owner or admin of the workspace may do this.').first().waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});
