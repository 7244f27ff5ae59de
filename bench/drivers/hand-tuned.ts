import type { Page } from 'playwright';
import { LONG_IMAGES, REPORT_PAGES, reportMark, USER_NAME } from '../site/pages.ts';

const WAIT_MS_MAX = 20_000;
const text = (page: Page, wanted: string) => page.getByText(wanted).first().waitFor({ timeout: WAIT_MS_MAX });

/**
 * What somebody writes who knows each page by heart: after `load` the one selector or text that tells that it is done.
 * No product can know this; it is the least that any wait can take, and shows what a wait that knows nothing costs.
 */
const WAITS: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  article: async () => undefined, // all of it is there at `load`
  dashboard: (page) => page.locator('body:not([aria-busy])').waitFor({ timeout: WAIT_MS_MAX }),
  long: async (page) => {
    await page.evaluate(async (images) => {
      for (const image of [...document.images].slice(0, images)) {
        image.loading = 'eager';
        await image.decode();
      }
    }, LONG_IMAGES);
  },
  fonts: (page) => page.evaluate(async () => void (await document.fonts.ready)),
  account: (page) => text(page, `Signed in as ${USER_NAME}`),
  spinner: (page) => page.locator('#wait').waitFor({ state: 'detached', timeout: WAIT_MS_MAX }),
  live: (page) => text(page, 'Live data'),
  report: (page) => text(page, reportMark(REPORT_PAGES)),
};

/** Waits as a hand-tuned script would. Throws where the page never comes to what it waits for. */
export async function waitByHand(page: Page, name: string): Promise<void> {
  const wait = WAITS[name];
  if (!wait) throw new Error(`no hand-tuned wait is written for ${name}`);
  await wait(page);
}
