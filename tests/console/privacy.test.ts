import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import { openBrowser, openSignedIn } from './open-browser.ts';
import { requestCapture } from './seed-console.ts';
import { createStandIn } from './stand-in-runner.ts';
import { type Console, startConsole } from './start-console.ts';

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

test('nothing secret of a request is in any answer to the console or anywhere on its pages', async () => {
  const marks: string[] = [];
  const mark = () => {
    const text = `canary${randomBytes(9).toString('hex')}`;
    marks.push(text);
    return text;
  };
  await addAllowedDomain(console.app.deps, console.operator, { domain: 'app.example.com', isPrivate: false });
  const standIn = await createStandIn(console);
  const id = await requestCapture(console, {
    url: `https://app.example.com/shown?q=${mark()}#${mark()}`,
    auth: {
      cookies: [{ name: mark(), value: mark() }],
      localStorage: { [mark()]: mark() },
      headers: { 'X-Session': mark() },
    },
    actions: [{ type: 'fill', selector: `#${mark()}`, value: mark() }],
  });
  const tab = await openSignedIn(browser, console, '/');
  const seen: string[] = [];
  tab.page.on('response', async (response) => {
    // The body of an event stream or of a page that was left cannot be read: their text is on the next page.
    seen.push(response.url(), await response.text().catch(() => ''));
  });
  const look = async (path: string) => {
    await tab.page.goto(console.url + path);
    await tab.page.getByText('app.example.com').first().waitFor();
    seen.push(await tab.page.content(), await tab.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }])));
  };
  for (const path of ['/', '/captures', `/captures/${id}`]) await look(path);
  const claim = await standIn.claim();
  const rejected = [{ name: mark(), reason: 'domain mismatch' }];
  await standIn.fail(claim, { code: 'auth_not_applied', detail: '', step: 'session' }, { auth: { cookies: 0, origins: 0, rejected } });
  await tab.page.locator('.status-failed').waitFor();
  for (const path of ['/', '/captures', `/captures/${id}`]) await look(path);
  const everything = seen.join('\n');
  expect(everything).toContain(id);
  for (const text of marks) expect(everything.includes(text), `mark ${marks.indexOf(text)} was seen`).toBe(false);
  await tab.close();
});
