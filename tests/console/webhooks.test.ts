import type { Page } from 'playwright';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSignedIn, type Tab } from './open-browser.ts';
import { check, dialog, hearAnswers, PATH, press, REFUSED, startWebhookConsole, type WebhookConsole } from './webhook-console.ts';

// An endpoint from its creation to its end, as a person meets it, with a real receiver behind it: each test goes on where the one
// before has left off, in the same tab.
let bed: WebhookConsole;
let tab: Tab;
let answers: string[];
const secrets: string[] = [];
beforeAll(async () => {
  bed = await startWebhookConsole();
  tab = await openSignedIn(bed.browser, bed.console, '/', { ignore: REFUSED });
  answers = hearAnswers(tab);
});
afterAll(() => bed?.close());

const sql = <Row>(text: string) => bed.console.app.deps.db.acrossWorkspaces().execute<Row[]>(text);
const rowOf = (page: Page) => page.getByRole('row').filter({ hasText: bed.host });

/** The text of the secret that the open dialog shows; closes it. */
async function takeSecret(page: Page): Promise<string> {
  const shown = page.getByRole('region', { name: 'signing secret' });
  const secret = (await shown.textContent()) ?? '';
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
  await press(page, 'I have stored it');
  await page.getByText('Close without copying?').waitFor();
  await press(page, 'Close anyway');
  await shown.waitFor({ state: 'detached' });
  return secret;
}

async function holdsNowhere({ page }: Tab, secrets: readonly string[]): Promise<void> {
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href]));
  const seen = `${await page.content()}${kept}`;
  for (const secret of secrets) expect(seen).not.toContain(secret);
}

test('an empty page teaches; an endpoint is added, and its secret is shown once', async () => {
  const { page } = tab;
  await page.getByRole('link', { name: 'Webhooks' }).click();
  await page.getByRole('heading', { name: 'Nobody is told yet' }).waitFor();
  await page.getByLabel('Body of').selectOption('capture.canceled');
  await page.getByRole('region', { name: 'sample body' }).getByText('"type": "capture.canceled"').waitFor();
  await check(tab, 'Webhooks · SessionShot');

  // Faults are told at their fields: first by the form, then by the server.
  await press(page, 'Add endpoint');
  const form = dialog(page, 'Add an endpoint');
  await form.getByRole('button', { name: 'Add endpoint' }).click();
  await form.getByText('Give an address that begins with https://').waitFor();
  await check(tab, 'Webhooks · SessionShot');
  await form.getByLabel('URL').fill('https://127.0.0.1/inside');
  await page.keyboard.press('Enter');
  await expect.poll(() => form.getByLabel('URL').getAttribute('aria-invalid')).toBe('true');
  await form.getByLabel('URL').fill(`${bed.receiver.origin}${PATH}`);
  await form.getByLabel('Description').fill('Archive of reports');
  await form.getByRole('checkbox', { name: 'capture.canceled' }).check();
  await page.keyboard.press('Enter');
  await dialog(page, `Signing secret of ${bed.host}`).waitFor();
  await check(tab, 'Webhooks · SessionShot');
  secrets.push(await takeSecret(page));
  const row = rowOf(page);
  await row.getByText('Enabled').waitFor();
  await row.getByText('Archive of reports').waitFor();
  await check(tab, 'Webhooks · SessionShot');
});

test('a test event arrives, signed by the secret that was shown', async () => {
  const { page } = tab;
  const { receiver } = bed;
  // A test event arrives, signed by the secret that was shown.
  await rowOf(page).getByRole('link', { name: bed.host }).click();
  await press(page, 'Send test event');
  const delivery = dialog(page, 'webhook.test');
  await delivery.getByText('Delivered').waitFor();
  await delivery.getByText('204').waitFor();
  const [arrived] = receiver.received;
  if (!arrived) throw new Error('nothing arrived');
  const headers = Object.fromEntries(Object.entries(arrived.headers).map(([name, value]) => [name, String(value)]));
  expect(new Webhook(secrets[0] ?? '').verify(arrived.body, headers)).toMatchObject({ type: 'webhook.test' });
  expect(arrived.path).toBe(PATH);
  await page.keyboard.press('Escape');
  await delivery.waitFor({ state: 'detached' });
  expect(new URL(page.url()).search).toBe('');
});

test('one that fails shows each try with its answer, and the overview tells of it', async () => {
  const { page } = tab;
  const { receiver } = bed;
  const delivery = dialog(page, 'webhook.test');
  // One that fails shows each of its tries with what was answered, here and after a reload.
  receiver.answer(() => ({ status: 503, body: 'the queue is <b>full</b>' }));
  await press(page, 'Send test event');
  await delivery.getByText('Failed', { exact: true }).waitFor();
  await delivery.getByText('Try 2').waitFor();
  await page.reload();
  const tries = delivery.getByRole('list', { name: 'Tries' }).getByRole('listitem');
  await expect.poll(() => tries.count()).toBe(2);
  expect(await tries.first().textContent()).toMatch(/Try 2.*503.*the queue is <b>full<\/b>/);
  await check(tab, `${bed.host} webhook · SessionShot`);

  // The overview tells of it, and leads here.
  await page.goto(bed.console.url);
  const alarm = page.getByRole('region', { name: 'A webhook endpoint is failing' });
  await alarm.waitFor();
  await check(tab, 'Overview · SessionShot');
  await alarm.getByRole('link', { name: bed.host }).click();
  await page.getByText('Failing').waitFor();
  await page.getByRole('link', { name: 'Failed', exact: true }).click();
  await page.getByRole('cell', { name: '503', exact: true }).waitFor();
  await expect.poll(() => page.getByRole('table', { name: 'Deliveries' }).getByRole('row').count()).toBe(2);
  expect(await page.locator('.status-tab[aria-current]').allTextContents()).toEqual(['Failed']);
  await check(tab, `${bed.host} webhook · SessionShot`);
});

test('it is sent again by keyboard alone, with the same id', async () => {
  const { page } = tab;
  const { receiver } = bed;
  const delivery = dialog(page, 'webhook.test');
  // Sent again by keyboard alone, with the same id.
  receiver.answer(() => ({ status: 204 }));
  const before = receiver.received.length;
  await page.getByRole('link', { name: 'webhook.test' }).focus();
  await page.keyboard.press('Enter');
  await delivery.getByRole('button', { name: 'Send again' }).focus();
  await page.keyboard.press('Enter');
  await delivery.getByText('Delivered').waitFor();
  await delivery.getByText('Try 3').waitFor();
  expect(receiver.received.slice(before).map(({ headers: sent }) => sent['webhook-id'])).toEqual([
    receiver.received[before - 1]?.headers['webhook-id'],
  ]);
  await page.keyboard.press('Escape');
  await delivery.waitFor({ state: 'detached' });
});

test('what was missed is sent again, a change is kept, a new secret signs beside the old', async () => {
  const { page } = tab;
  const { receiver } = bed;
  const delivery = dialog(page, 'webhook.test');
  // Nothing to recover is said; a change is kept.
  await press(page, 'Send what was missed');
  await dialog(page, /missed/)
    .getByLabel('Since')
    .fill('2026-11-01T00:00');
  await press(page, 'Send again');
  await page.getByText('Nothing was missed').waitFor();
  await press(page, 'Change');
  await page.getByRole('checkbox', { name: 'key.new_network' }).check();
  await page.getByLabel('Description').fill('Archive of everything');
  await press(page, 'Save');
  await page.getByText('Archive of everything').waitFor();
  expect(await sql('select events, description from webhook_endpoint')).toEqual([
    { events: ['capture.succeeded', 'capture.failed', 'capture.canceled', 'key.new_network'], description: 'Archive of everything' },
  ]);

  // After a rotation both secrets verify.
  await press(page, 'Rotate secret');
  await dialog(page, /^Rotate/)
    .getByText('for 24 hours')
    .waitFor();
  await dialog(page, /^Rotate/)
    .getByRole('button', { name: 'Rotate secret' })
    .click();
  await dialog(page, /^Signing secret/)
    .getByText('The one before signs too, for 24 hours more')
    .waitFor();
  secrets.push(await takeSecret(page));
  await page.getByText('The secret before this one signs too').waitFor();
  await press(page, 'Send test event');
  await delivery.getByText('Delivered').waitFor();
  const last = receiver.received.at(-1);
  const signed = Object.fromEntries(Object.entries(last?.headers ?? {}).map(([name, value]) => [name, String(value)]));
  for (const secret of secrets) expect(new Webhook(secret).verify(last?.body ?? '', signed)).toMatchObject({ type: 'webhook.test' });
  await page.keyboard.press('Escape');
});

test('disabled, enabled, deleted; and no secret was anywhere but in the answer that made it', async () => {
  const { page } = tab;
  // Disabled by request nothing is offered that would be refused; enabled again it is.
  await press(page, 'Disable');
  await press(page, 'Disable the endpoint');
  await page.getByText('by request').waitFor();
  expect(await page.getByRole('button', { name: 'Send test event' }).count()).toBe(0);
  await check(tab, `${bed.host} webhook · SessionShot`);
  await press(page, 'Enable');
  await page.getByRole('button', { name: 'Send test event' }).waitFor();

  // The default secret too is shown once.
  await page.goto(`${bed.console.url}/webhooks`);
  await press(page, 'Rotate default secret');
  await press(page, 'Rotate secret');
  secrets.push(await takeSecret(page));
  await holdsNowhere(tab, [...secrets, PATH]);
  await rowOf(page).getByRole('link', { name: bed.host }).click();
  await press(page, 'Delete');
  await press(page, 'Delete the endpoint');
  await page.getByRole('heading', { name: 'Nobody is told yet' }).waitFor();
  expect(await sql('select id from webhook_endpoint')).toEqual([]);

  // Each secret came in the one answer that made it, and the page keeps none; the path came in none.
  await holdsNowhere(tab, [...secrets, PATH]);
  const bearing = (secret: string) => answers.filter((answer) => answer.includes(secret)).map((answer) => answer.split(' ')[0]);
  expect([...secrets, PATH].map(bearing)).toEqual([
    ['/trpc/webhooks.create'],
    ['/trpc/webhooks.rotateSecret'],
    ['/trpc/webhooks.rotateDefaultSecret'],
    [],
  ]);
  expect(tab.faults).toEqual([]);
});
