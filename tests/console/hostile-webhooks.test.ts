import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWebhookReceiver, type WebhookReceiver } from '../services/webhook-receiver.ts';
import { harmOf, textsOf } from './find-harm.ts';
import { NO_TEXT, TEXTS } from './hostile-payloads.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { callAs, openOwnSession, type SownWebhook, sowWebhooks, taken } from './sow-hostile-text.ts';
import { type Console, startConsole } from './start-console.ts';

// hostile-text.test.ts, of webhooks: what receivers answer, what people write of them, and what is no host.
const SOWING_MS_MAX = 240_000;

let browser: Browser;
let receiver: WebhookReceiver;
let console: Console;
let sown: SownWebhook[];
beforeAll(async () => {
  browser = await openBrowser();
  receiver = await startWebhookReceiver();
  console = await startConsole({ extraCas: [receiver.ca], webhookGapsMs: [5000] });
  sown = await sowWebhooks(console, receiver);
}, SOWING_MS_MAX);
afterAll(async () => {
  await browser?.close();
  await console?.close();
  await receiver?.close();
});

const ownCaller = async () => callAs(console, await openOwnSession(console));

test('descriptions and answers are text, in the list and on the page; the path of an address is on none', async () => {
  const owner = await ownCaller();
  const tab = await openSignedIn(browser, console, '/webhooks');
  for (const { payload, endpointId, deliveryId } of sown) {
    await taken(owner.send('webhooks.update', { id: endpointId, description: payload }));
    await tab.page.goto(`${console.url}/webhooks`);
    await expect.poll(() => textsOf(tab, '.webhook-description')).toEqual([payload]);
    expect(await harmOf(tab)).toEqual([]);
    await tab.page.goto(`${console.url}/webhooks/${endpointId}?delivery=${deliveryId}`);
    await expect.poll(() => textsOf(tab, '.try-response')).toEqual([payload]);
    expect([await textsOf(tab, '.webhook-description'), await textsOf(tab, '.facts .mono.break')]).toEqual([
      [payload],
      expect.arrayContaining([`${receiver.origin}/…`]),
    ]);
    expect(await harmOf(tab)).toEqual([]);
  }
  await tab.close();
});

test('what is no host is refused before it is kept, and so is what is no text', async () => {
  const owner = await ownCaller();
  for (const payload of TEXTS) {
    const { code } = await owner.send('webhooks.create', { url: `https://${payload}` });
    expect([payload, code]).toEqual([payload, 'invalid_request']);
  }
  const [{ endpointId = '' } = {}] = sown;
  for (const description of NO_TEXT)
    expect((await owner.send('webhooks.update', { id: endpointId, description })).code).toBe('invalid_request');
});

test('an id that is none is text where it is said to be missing', async () => {
  const tab = await openSignedIn(browser, console, '/', { ignore: /status of 40[04]/ });
  for (const { payload } of sown) {
    await tab.page.goto(`${console.url}/webhooks/${encodeURIComponent(payload)}?state=${encodeURIComponent(payload)}`);
    await tab.page.getByText('This endpoint is not here').waitFor();
    expect(await harmOf(tab)).toEqual([]);
  }
  await tab.close();
});
