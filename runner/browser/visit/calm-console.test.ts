import { afterAll, beforeAll, expect, it } from 'vitest';
import { html, startTestSite, type TestSite } from '../fixtures/test-site.ts';
import { openOrdinaryTab } from './open-tab.ts';

let site: TestSite;
beforeAll(async () => {
  site = await startTestSite(() => html(''));
});
afterAll(() => site.close());

it('a document that floods the console is heard at first and then no more', async () => {
  const { context, page } = await openOrdinaryTab(site.browser, { ignoreHTTPSErrors: true });
  const heard: string[] = [];
  page.on('console', (message) => void heard.push(message.text()));
  await page.goto('https://app.example.com/');
  await page.evaluate(() => {
    console.info('first');
    for (let count = 0; count < 5000; count++) console.log(`flood ${count}`);
  });
  await page.evaluate('1'); // What was said before has been told by the time of the next answer.
  expect(heard[0]).toBe('first');
  expect(heard.length).toBeLessThanOrEqual(200);
  expect(heard.length).toBeGreaterThan(100);
  expect(await page.evaluate(() => `${console.log}`)).toContain('[native code]');
  await context.close();
});
