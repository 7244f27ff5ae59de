import { type Browser, chromium, errors, type Page } from 'playwright';
import { storageState } from '../corpus.ts';
import { waitByHand } from './hand-tuned.ts';
import type { CaptureMaker, Order, Setup } from './messages.ts';
import { prepareReadiness } from './our-readiness.ts';

const VIEWPORT = { width: 1280, height: 720 };
const NAVIGATION_MS_MAX = 30_000;
/** Playwright's own patience is 30 s; a page that never falls idle would make the run long and say nothing new. */
export const IDLE_MS_MAX = 8_000;

/**
 * Plain Playwright as one would write it: `newContext({ storageState })`, `newPage`, `goto`, `screenshot` or `pdf`. The
 * browser is launched once, or for each capture when `isCold`.
 */
export async function createPlain(setup: Setup): Promise<CaptureMaker> {
  const launch = () => chromium.launch({ executablePath: setup.browserPath, timeout: NAVIGATION_MS_MAX });
  const warm = setup.isCold ? null : await launch();
  return {
    capture: async (order, done) => {
      const browser = warm ?? (await launch());
      try {
        await captureWith(browser, { setup, order, done });
      } finally {
        if (!warm) await browser.close();
      }
    },
    close: async () => await warm?.close(),
  };
}

type Task = { setup: Setup; order: Order; done: Parameters<CaptureMaker['capture']>[1] };

async function captureWith(browser: Browser, { setup, order, done }: Task): Promise<void> {
  const context = await browser.newContext({ storageState: storageState(setup.origin), viewport: VIEWPORT });
  try {
    const readiness = setup.waitFor === 'ready' ? await prepareReadiness(context) : null;
    const page = await context.newPage();
    const from = performance.now();
    const url = `${setup.origin}/${order.page}`;
    const ended = readiness
      ? await readiness.visit(page, url)
      : await visit(page, url, setup.waitFor === 'networkidle' ? 'networkidle' : 'load');
    if (setup.waitFor === 'selector') await waitByHand(page, order.page);
    const settleMs = ended ? performance.now() - from : null;
    const bytes =
      order.format === 'pdf' ? await page.pdf({ format: 'A4', printBackground: true }) : await page.screenshot({ fullPage: true });
    done({ bytes, settleMs });
    readiness?.close();
  } finally {
    await context.close();
  }
}

/** Answers whether the wait ended by itself. */
async function visit(page: Page, url: string, waitUntil: 'load' | 'networkidle'): Promise<boolean> {
  try {
    await page.goto(url, { waitUntil, timeout: waitUntil === 'load' ? NAVIGATION_MS_MAX : IDLE_MS_MAX });
    return true;
  } catch (error) {
    if (error instanceof errors.TimeoutError && waitUntil === 'networkidle') return false;
    throw error;
  }
}
