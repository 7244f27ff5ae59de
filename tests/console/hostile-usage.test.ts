import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { createApiKey } from '#server/domain/access/api-keys.ts';
import { authenticateApiKey } from '#server/domain/access/authenticate-api-key.ts';
import { createRunner } from '#server/domain/access/runners.ts';
import { createCapture } from '#server/domain/captures/create-capture.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import { harmOf, missingOf, textsOf } from './find-harm.ts';
import { PAYLOADS } from './hostile-payloads.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// Names of keys and runners, where they stand beside numbers.
const SHOWN_AT_ONCE = 10;

let browser: Browser;
let console: Console;
beforeAll(async () => {
  browser = await openBrowser();
  console = await startConsole();
  await addAllowedDomain(console.app.deps, console.operator, { domain: 'app.example.com' });
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});

async function captureAs(name: string): Promise<void> {
  const { deps } = console.app;
  const { key } = await createApiKey(deps, console.operator, { name, scopes: ['captures:create'] });
  const actor = await authenticateApiKey(deps, key, { address: '127.0.0.1' });
  const request = captureRequestSchema.parse({ url: 'https://app.example.com/', output: { format: 'png' } });
  await createCapture(deps, actor, request, { body: {} });
}

test('names of keys are text among the numbers', async () => {
  const tab = await openSignedIn(browser, console);
  for (let at = 0; at < PAYLOADS.length; at += SHOWN_AT_ONCE) {
    const some = PAYLOADS.slice(at, at + SHOWN_AT_ONCE);
    await console.app.deps.db.acrossWorkspaces().execute('delete from capture');
    for (const name of some) await captureAs(name);
    await tab.page.goto(`${console.url}/usage`);
    await tab.page.locator('.top-list').first().waitFor();
    expect(missingOf(await textsOf(tab, '.top-list .break'), some)).toEqual([]);
    expect(await harmOf(tab)).toEqual([]);
  }
  await tab.close();
});

test('names of runners are text in the table, and in the cards of a phone', async () => {
  for (const name of PAYLOADS) await createRunner(console.app.deps, { name });
  const tab = await openSignedIn(browser, console, '/runners');
  for (const width of [1280, 375]) {
    await tab.page.setViewportSize({ width, height: 860 });
    await tab.page.getByRole(width > 768 ? 'table' : 'list', { name: 'Runners' }).waitFor();
    expect(missingOf(await textsOf(tab, '.key-name strong'))).toEqual([]);
    expect(await harmOf(tab)).toEqual([]);
  }
  await tab.close();
});
