import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secret } from '#shared/secret.ts';
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from '../api/identity-provider.ts';
import { checkEverywhere } from './check-accessibility.ts';
import { openBrowser, openTab } from './open-browser.ts';
import { type Console, startConsole } from './start-console.ts';

// Single sign-on in a real browser, with its cookies, redirects and content security policy.
let browser: Browser;
let provider: TestProvider;
let console: Console;

beforeAll(async () => {
  browser = await openBrowser();
  provider = await startProvider();
  console = await startConsole({
    oidc: {
      issuer: provider.issuer,
      clientId: CLIENT_ID,
      clientSecret: secret(CLIENT_SECRET),
      name: 'Acme SSO',
      scopes: 'openid email profile',
      emailDomains: ['example.com'],
      newcomers: 'developer',
      workspace: undefined,
    },
  });
  await provider.register(`${console.url}/auth/oidc/callback`);
  provider.people = {
    kim: { email: 'kim@example.com', email_verified: true, name: 'Kim Novak' },
    eve: { email: 'eve@evil.example', email_verified: true, name: 'Eve' },
  };
});
afterAll(async () => {
  await browser?.close();
  await console?.close();
  await provider?.close();
});

test('the button leads to the page that was asked for, and a refusal says what to do', async () => {
  const tab = await openTab(browser, { ignore: /status of 401/ });
  const { page } = tab;
  provider.signsIn = 'eve';
  await page.goto(`${console.url}/keys?x=1`);
  await page.getByRole('link', { name: 'Continue with Acme SSO' }).click();
  await page.getByRole('alert').getByText('Only addresses of certain domains').waitFor();
  await checkEverywhere(tab, 'Sign in · SessionShot');
  // Eve is still signed in at the provider: the second try asks who it is.
  provider.signsIn = 'kim';
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.getByRole('link', { name: 'Continue with Acme SSO' }).click();
  await page.getByText('Only an owner or admin of the workspace may do this.').first().waitFor();
  expect(page.url()).toBe(`${console.url}/keys?x=1`);
  await page.goto(`${console.url}/account`);
  await page.getByText('Kim Novak').first().waitFor();
  await page.getByText('signed in by single sign-on').waitFor();
  expect(await page.evaluate(() => document.cookie)).toBe('');
  // The provider's own are there too: it is another port of the same host.
  const cookies = (await tab.context.cookies(console.url)).filter(({ name }) => name.startsWith('ss_'));
  expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toEqual([['ss_session', true, 'Lax']]);
  await tab.close();
});
