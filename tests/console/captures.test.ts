import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { requestCapture, type Seeded, seedConsole } from './seed-console.ts';
import { assetOf } from './stand-in-runner.ts';
import { type Console, startConsole } from './start-console.ts';

// The list of captures and the page of one: filters in the address, pages, and changes that appear by themselves.
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
const FILLERS = 40;
let browser: Browser;
let console: Console;
let seeded: Seeded;

beforeAll(async () => {
  browser = await openBrowser();
  console = await startConsole();
  seeded = await seedConsole(console, browser, FILLERS);
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
});

const rows = (page: Page) => page.getByRole('table', { name: 'Captures' }).getByRole('row');
const rowOf = (page: Page, id: string) => rows(page).filter({ hasText: id });
const firstId = async (page: Page) => await page.locator('tbody tr .row-id').first().innerText();
const live = (page: Page) => page.getByRole('status').filter({ hasText: /^Live$/ });

test('filters live in the address: a status, a host, a reference and a tag each narrow the list', async () => {
  const tab = await openSignedIn(browser, console, '/captures');
  await tab.page.getByRole('link', { name: 'Failed' }).click();
  await tab.page.waitForURL('**/captures?status=failed');
  await rowOf(tab.page, seeded.failed).getByText('login_wall').waitFor();
  await expect.poll(() => rows(tab.page).count()).toBe(2);
  await tab.page.getByRole('link', { name: 'All', exact: true }).click();
  await tab.page.getByLabel('Host').fill('billing.example.org');
  await tab.page.keyboard.press('Enter');
  await tab.page.waitForURL('**/captures?host=billing.example.org');
  await expect.poll(() => rows(tab.page).count()).toBe(2);
  await tab.page.goto(`${console.url}/captures?reference=invoice-7&tag=customer:42`);
  await rowOf(tab.page, seeded.pdf).waitFor();
  await expect.poll(() => rows(tab.page).count()).toBe(2);
  expect(await tab.page.getByLabel('Reference').inputValue()).toBe('invoice-7');
  await tab.page.getByRole('link', { name: 'Clear' }).click();
  await tab.page.waitForURL(`${console.url}/captures`);
  await tab.page.goto(`${console.url}/captures?status=nonsense&cursor=`);
  await rowOf(tab.page, seeded.queued).waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('pages go there and back by buttons, by the browser’s own, and after a reload', async () => {
  const tab = await openSignedIn(browser, console, '/captures');
  const first = () => firstId(tab.page);
  await rowOf(tab.page, seeded.queued).waitFor();
  await tab.page.getByRole('link', { name: 'Older' }).click();
  await tab.page.waitForURL(/cursor=/);
  await rowOf(tab.page, seeded.queued).waitFor({ state: 'detached' });
  const second = await first();
  await tab.page.getByRole('link', { name: 'Older' }).click();
  await tab.page.getByRole('link', { name: 'Older' }).waitFor({ state: 'detached' });
  await tab.page.reload();
  await tab.page.getByRole('link', { name: 'Newer' }).click();
  await expect.poll(first).toBe(second);
  await tab.page.goBack();
  await expect.poll(first).not.toBe(second);
  await tab.page.getByRole('link', { name: 'Newest' }).click();
  await rowOf(tab.page, seeded.queued).waitFor();
  await tab.close();
});

test('a status changes in its row by itself, and a new capture is announced instead of moving the rows', async () => {
  const tab = await openSignedIn(browser, console, '/captures');
  await live(tab.page).waitFor();
  await rowOf(tab.page, seeded.queued).getByText('Queued').waitFor();
  const claim = await seeded.standIn.claim();
  expect(claim.captureId).toBe(seeded.queued);
  await rowOf(tab.page, seeded.queued).getByText('Running').waitFor();
  seeded.standIn.step(claim, 'render');
  await rowOf(tab.page, seeded.queued).getByText('Rendering').waitFor();
  await seeded.standIn.complete(claim, assetOf(PIXEL, 'image/png', { width: 1, height: 1 }));
  await rowOf(tab.page, seeded.queued).getByText('Succeeded').waitFor();
  const before = await firstId(tab.page);
  const fresh = await requestCapture(console);
  await tab.page.getByRole('button', { name: 'Show 1 new' }).waitFor();
  expect(await firstId(tab.page)).toBe(before);
  await tab.page.getByRole('button', { name: 'Show 1 new' }).click();
  await rowOf(tab.page, fresh).waitFor();
  await tab.page.getByRole('button', { name: 'Show 1 new' }).waitFor({ state: 'detached' });
  const next = await seeded.standIn.claim();
  await seeded.standIn.fail(next, { code: 'access_denied', detail: '', step: 'navigate' });
  await rowOf(tab.page, fresh).getByText('access_denied').waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('without live updates the console says so, reads the list again and again, and recovers', async () => {
  const tab = await openSignedIn(browser, console, '/', { ignore: /50[23]|onChange/ });
  await tab.page.route('**/trpc/captures.onChange**', (route) => route.fulfill({ status: 502, body: '' }));
  await tab.page.goto(`${console.url}/captures`);
  await tab.page.getByRole('status').filter({ hasText: 'Reconnecting…' }).waitFor();
  const id = await requestCapture(console);
  await rowOf(tab.page, id).waitFor();
  await tab.page.unroute('**/trpc/captures.onChange**');
  await live(tab.page).waitFor();
  await seeded.standIn.fail(await seeded.standIn.claim(), { code: 'access_denied', detail: '', step: 'navigate' });
  await tab.close();
});

test('the page of a capture follows it from the queue to the preview', async () => {
  const id = await requestCapture(console, { url: 'https://app.example.com/follow' });
  const tab = await openSignedIn(browser, console, `/captures/${id}`);
  const step = (name: string) => tab.page.getByRole('listitem').filter({ hasText: name });
  await tab.page.locator('.status-queued').waitFor();
  const claim = await seeded.standIn.claim();
  expect(claim.captureId).toBe(id);
  await step('Processing').getByText('so far').waitFor();
  seeded.standIn.step(claim, 'settle');
  await step('Processing').getByText('Waiting for the page to settle').waitFor();
  await seeded.standIn.complete(claim, assetOf(PIXEL, 'image/png', { width: 1, height: 1 }));
  await tab.page.locator('.status-succeeded').waitFor();
  const picture = tab.page.getByAltText('The captured page');
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
  await tab.page.getByText(/works for 1[45]:\d\d/).waitFor();
  expect(tab.faults).toEqual([]);
  await tab.close();
});

test('a new link is issued for the life that was chosen, and the one on the page is replaced', async () => {
  const tab = await openSignedIn(browser, console, `/captures/${seeded.png}`);
  const open = tab.page.getByRole('link', { name: 'Open PNG' });
  const old = await open.getAttribute('href');
  await tab.page.getByLabel('Life of a new link').selectOption({ label: 'for 1 min' });
  await tab.page.getByRole('button', { name: 'New link' }).click();
  await tab.page.getByText(/works for (1:00|0:5\d)/).waitFor();
  const fresh = await open.getAttribute('href');
  expect(fresh).not.toBe(old);
  expect((await fetch(fresh ?? '')).status).toBe(200);
  await tab.close();
});

test('an expired link says so and cannot be opened or copied', async () => {
  const tab = await openSignedIn(browser, console, '/');
  await tab.page.clock.install();
  await tab.page.goto(`${console.url}/captures/${seeded.png}`);
  await tab.page.getByRole('button', { name: 'Copy link' }).waitFor();
  await tab.page.clock.fastForward('16:00');
  await tab.page.getByText('Expired').waitFor();
  expect(await tab.page.getByRole('button', { name: 'Copy link' }).count()).toBe(0);
  expect(await tab.page.getByText('Open PNG').locator('xpath=ancestor-or-self::*[@aria-disabled="true"]').count()).toBeGreaterThan(0);
  await tab.close();
});

test('cancel stops a waiting capture; delete asks first and then takes the file along', async () => {
  const id = await requestCapture(console);
  const tab = await openSignedIn(browser, console, `/captures/${id}`);
  await tab.page.getByRole('button', { name: 'Cancel' }).click();
  await tab.page.locator('.status-canceled').waitFor();
  await tab.page.goto(`${console.url}/captures/${seeded.pdf}`);
  const href = await tab.page.getByRole('link', { name: 'Open PDF' }).getAttribute('href');
  await tab.page.getByRole('button', { name: 'Delete' }).click();
  await tab.page.getByRole('button', { name: 'Delete the capture' }).click();
  await tab.page.waitForURL(`${console.url}/captures`);
  expect((await fetch(href ?? '')).status).toBe(404);
  await tab.page.goto(`${console.url}/captures/${seeded.pdf}`);
  await tab.page.getByText('This capture is not here').waitFor();
  await tab.close();
});
