import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright';
import type { ResolvedAuth } from '#shared/auth-policy.ts';
import type { CapturePayload } from '#shared/sealed-payload.ts';
import { PROBE_SCRIPT } from '../readiness/readiness-probe.ts';
import { authContextOptions } from '../session/session.ts';
import { calmConsole } from './calm-console.ts';
import { adjustEmulation, emulationOptions, isOrdinary, mirrorEmulation, mirrored, ORDINARY } from './emulation.ts';

/** A blank page in a context of its own, with the one CDP session of ours. It serves one capture and is thrown away. */
export type Tab = { context: BrowserContext; page: Page; cdp: CDPSession };
type Request = CapturePayload['request'];
type Wanted = { request: Request; auth: ResolvedAuth | null };

/** Opens a tab that suits any ordinary request, before anybody asks for it. */
export async function openOrdinaryTab(browser: Browser, lent: BrowserContextOptions): Promise<Tab> {
  const tab = await openTab(browser, { ...ORDINARY.context, ...lent });
  await mirrorEmulation(tab.page, tab.cdp, ORDINARY);
  return tab;
}

/** Opens a tab made for one request: what Chromium fixes when a context is made is as it asks. */
export async function openTabFor(browser: Browser, lent: BrowserContextOptions, { request, auth }: Wanted): Promise<Tab> {
  const tab = await openTab(browser, { ...lent, ...emulationOptions(request), ...authContextOptions(auth) });
  await mirrorEmulation(tab.page, tab.cdp, mirrored(request));
  return tab;
}

/** Tells whether a tab made ahead can serve: it must differ in nothing that a context takes only when it is made. */
export function fitsOrdinaryTab({ request, auth }: Wanted): boolean {
  return isOrdinary(request) && !auth?.httpCredentials && !auth?.indexedDB.length;
}

/** Gives a tab made ahead the viewport, the medium and the look of a request. */
export async function dressTab({ page, cdp }: Tab, request: Request): Promise<void> {
  await adjustEmulation(page, cdp, request);
}

/** A context that cannot be furnished is closed again: nobody else knows of it. */
async function openTab(browser: Browser, options: BrowserContextOptions): Promise<Tab> {
  const context = await browser.newContext(options);
  try {
    // Before every other script, ours included: it takes the browser's own clock and timers.
    await context.addInitScript({ content: `${PROBE_SCRIPT}\n(${calmConsole})();` });
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send('Page.enable');
    return { context, page, cdp };
  } catch (error) {
    await context.close();
    throw error;
  }
}
