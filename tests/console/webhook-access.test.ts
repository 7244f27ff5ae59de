import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendTestEvent } from '#server/domain/webhooks/resend-webhooks.ts';
import { createWebhookEndpoint } from '#server/domain/webhooks/webhook-endpoints.ts';
import { LIMITS } from '#shared/limits.ts';
import { openSignedIn } from './open-browser.ts';
import { check, dialog, hearAnswers, PATH, press, REFUSED, startWebhookConsole, type WebhookConsole } from './webhook-console.ts';

// Who sees what of webhooks, what is said when there is nothing to see, and the pages of a long list.
let bed: WebhookConsole;
beforeAll(async () => {
  bed = await startWebhookConsole();
});
afterAll(() => bed?.close());

const sql = <Row>(text: string) => bed.console.app.deps.db.acrossWorkspaces().execute<Row[]>(text);

test('developers do everything but read answers; viewers are offered and told nothing', async () => {
  bed.receiver.answer(() => ({ status: 500, body: 'inner words' }));
  const url = `${bed.receiver.origin}${PATH}`;
  const { endpoint } = await createWebhookEndpoint(bed.console.app.deps, bed.console.operator, { url });
  const setRole = (role: string) => sql(`update member set role = '${role}'`);
  const path = `/webhooks/${endpoint.id}`;
  const tab = await openSignedIn(bed.browser, bed.console, path, { ignore: REFUSED });
  const { page } = tab;
  await press(page, 'Send test event');
  await page.getByText('inner words').first().waitFor();
  try {
    await setRole('developer');
    await page.reload();
    await page.getByText('What a receiver answers is shown to admins only.').waitFor();
    expect(await page.getByText('inner words').count()).toBe(0);
    await check(tab, /webhook · SessionShot$/);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Rotate secret' }).waitFor();
    await setRole('viewer');
    const answers = hearAnswers(tab);
    for (const shown of ['/webhooks', path]) {
      await page.goto(bed.console.url + shown);
      await page.getByRole('heading', { name: 'Not for viewers' }).waitFor();
      await check(tab, 'Webhooks · SessionShot');
      expect(await page.getByRole('link', { name: 'Webhooks' }).count()).toBe(0);
    }
    await page.goto(bed.console.url);
    await page.getByRole('region', { name: 'This instance' }).getByText('Database').waitFor();
    expect(await page.getByText('webhook endpoint').count()).toBe(0);
    expect(answers.filter((answer) => answer.includes('webhooks.'))).toEqual([]);
  } finally {
    await setRole('owner');
    await tab.close();
  }
});

test('an endpoint that is not there, and a list that cannot be read', async () => {
  const tab = await openSignedIn(bed.browser, bed.console, '/webhooks/whk_00000000000000000000000000', { ignore: REFUSED });
  await tab.page.getByText('This endpoint is not here').waitFor();
  await check(tab, 'No such endpoint · SessionShot');
  await tab.close();
  const broken = await openSignedIn(bed.browser, bed.console, '/', { ignore: /Failed to load|ERR_/ });
  await broken.page.route(/webhooks\.list/, (route) => route.abort());
  await broken.page.goto(`${bed.console.url}/webhooks`);
  await broken.page.getByText('The server did not answer').waitFor();
  await check(broken, 'Webhooks · SessionShot');
  await broken.close();
});

test('deliveries are read page by page, the newest first, and what the address holds is shown', async () => {
  bed.receiver.answer(() => ({ status: 204 }));
  const url = `${bed.receiver.origin}${PATH}`;
  const { endpoint } = await createWebhookEndpoint(bed.console.app.deps, bed.console.operator, { url });
  const ids: string[] = [];
  for (let made = 0; made < LIMITS.listLimitDefault + 2; made++)
    ids.unshift((await sendTestEvent(bed.console.app.deps, bed.console.operator, endpoint.id)).eventId);
  const path = `/webhooks/${endpoint.id}`;
  const tab = await openSignedIn(bed.browser, bed.console, `${path}?state=lost&cursor=nonsense`, { ignore: REFUSED });
  const { page } = tab;
  const shown = () => page.locator('td .row-note.mono').allTextContents();
  await expect.poll(shown).toEqual(ids.slice(0, LIMITS.listLimitDefault));
  await page.getByRole('link', { name: 'Older' }).click();
  await expect.poll(shown).toEqual(ids.slice(LIMITS.listLimitDefault));
  // A delivery is opened and closed on the page that it stands on, and the way back is kept.
  await page.getByRole('link', { name: 'webhook.test' }).last().click();
  await dialog(page, 'webhook.test')
    .getByText(ids.at(-1) ?? '')
    .waitFor();
  await page.keyboard.press('Escape');
  await dialog(page, 'webhook.test').waitFor({ state: 'detached' });
  expect(await shown()).toEqual(ids.slice(LIMITS.listLimitDefault));
  await page.getByRole('link', { name: 'Newer' }).click();
  await expect.poll(shown).toEqual(ids.slice(0, LIMITS.listLimitDefault));
  await page.goto(`${bed.console.url}${path}?state=failed`);
  await page.getByText('None of these').waitFor();
  await check(tab, `${bed.host} webhook · SessionShot`);
  await tab.close();
});
