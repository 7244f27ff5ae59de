import { expect } from 'vitest';
import { PAYLOADS } from './hostile-payloads.ts';
import type { Tab } from './open-browser.ts';
import type { Console } from './start-console.ts';

const PAGES_MAX = 20;
/** What there is on a page of the console only when text was taken for markup. */
const MADE_OF_TEXT = [
  ...['script:not([src])', 'svg script', 'svg animate', 'iframe', 'math', 'base', 'meta[http-equiv]', 'link[href*="evil.example"]'],
  ...['[onerror]', '[onload]', '[onfocus]', '[onmouseover]', '[onbegin]', 'img[src="x"]', 'a[href^="javascript:" i]'],
].join(', ');

/** The texts of all elements that fit, as they stand in the document. */
export async function textsOf({ page }: Tab, selector: string): Promise<string[]> {
  return await page.locator(selector).allTextContents();
}

/** Those of the payloads that are not among the texts. */
export function missingOf(texts: readonly string[], payloads = PAYLOADS): string[] {
  return payloads.filter((payload) => !texts.includes(payload));
}

/** What has come of the hostile text that a page shows: scripts that ran, elements it made, and every fault of the tab. */
export async function harmOf({ page, faults }: Tab): Promise<string[]> {
  const ran = await Promise.all(page.frames().map((frame) => frame.evaluate(() => Reflect.has(globalThis, 'pwned'))));
  const made = await page.locator(MADE_OF_TEXT).evaluateAll((elements) => elements.map((element) => element.outerHTML));
  return [...faults, ...ran.filter(Boolean).map(() => 'a script ran'), ...made];
}

/** Reads every page of a list, from the newest to the oldest, and holds each to be without harm. */
export async function readThrough(tab: Tab, console: Console, { path, selector }: { path: string; selector: string }): Promise<string[]> {
  const found: string[] = [];
  const older = tab.page.getByRole('link', { name: 'Older' });
  await tab.page.goto(console.url + path);
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    await tab.page.locator(selector).first().waitFor();
    found.push(...(await textsOf(tab, selector)));
    expect(await harmOf(tab)).toEqual([]);
    if ((await older.count()) === 0) break;
    const cursor = new URL((await older.getAttribute('href')) ?? '', console.url).searchParams.get('cursor') ?? '';
    const answered = tab.page.waitForResponse((answer) => decodeURIComponent(answer.url()).includes(cursor));
    await Promise.all([answered, older.click()]);
    await tab.page.locator('[data-stale]').waitFor({ state: 'detached' });
  }
  return found;
}
