import { type Browser, type BrowserContext, chromium, type Page } from 'playwright';
import { findBrowser } from '#runner/browser/launch/find-browser.ts';
import type { Console } from './start-console.ts';

/** A tab on a console, with everything that must not happen in it. */
export type Tab = { page: Page; context: BrowserContext; faults: string[]; close(): Promise<void> };

/** The browser of the machine. Pages of a console under test need no sandbox of their own: they are ours. */
export async function openBrowser(): Promise<Browser> {
  const { found, remedy } = await findBrowser({ explicit: process.env.SESSIONSHOT_BROWSER ?? null, searchPath: process.env.PATH ?? '' });
  if (!found) throw new Error(remedy);
  return await chromium.launch({ executablePath: found.path, chromiumSandbox: false, args: ['--disable-gpu'] });
}

/**
 * Opens a tab, not signed in. Collects page errors, console errors, refused styles and scripts, dialogs of the browser, and
 * requests that leave this machine; `ignore` names console messages that a test provokes.
 */
export async function openTab(browser: Browser, { ignore }: { ignore?: RegExp } = {}): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const faults: string[] = [];
  const note = (fault: string) => {
    if (!ignore?.test(fault)) faults.push(fault);
  };
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`refused by policy: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  page.on('pageerror', (error) => note(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') note(`console ${message.type()}: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    note(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => undefined); // the page may be gone by then
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') note(`request to ${hostname}`);
  });
  return { page, context, faults, close: () => context.close() };
}

/** Opens a tab that is signed in as the owner, on the page at `path`. */
export async function openSignedIn(browser: Browser, console: Console, path = '/', options: { ignore?: RegExp } = {}): Promise<Tab> {
  const tab = await openTab(browser, options);
  await tab.page.goto(await console.signInUrl());
  const overview = tab.page.getByRole('heading', { name: 'Overview' });
  await overview.waitFor().catch(async (error: Error) => {
    // What is there instead says more than what is not.
    const shown = await tab.page.locator('body').innerText({ timeout: 5000 });
    throw new Error(`${error.message}\nfaults: ${tab.faults.join('; ') || 'none'}\nshown instead: ${shown.slice(0, 2000)}`);
  });
  if (path !== '/') await tab.page.goto(console.url + path);
  return tab;
}
