import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright';
import { expect } from 'vitest';
import type { Tab } from './open-browser.ts';

declare global {
  interface Window {
    axe: { run(options: RunOptions): Promise<AxeResults> };
  }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** Colours hang on the scheme and lines on the width, so each of both once finds what a state has; `npm run test:a11y` crosses them. */
const LOOKS = (['light', 'dark'] as const).flatMap((colorScheme) => [1280, 375].map((width) => ({ colorScheme, width })));
const isWhole = process.env.TEST_A11Y === 'whole';
const looks = LOOKS.filter(({ colorScheme, width }) => isWhole || (colorScheme === 'light') === (width === 1280));

/** Waits until nothing on the page is on its way any more. */
export async function settle(page: Page): Promise<void> {
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));
}

/** The violations of WCAG 2.2 AA, in words. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate((tags) => window.axe.run({ runOnly: tags, resultTypes: ['violations'] }), TAGS);
  return found.map(
    (rule) => `${rule.id}: ${rule.nodes.map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join('; ')}`,
  );
}

/**
 * Holds what a tab shows, in both colour schemes, wide and narrow: no violation, no sideways scrolling, no console error,
 * nothing refused by the content security policy.
 */
export async function checkEverywhere({ page, faults }: Tab, title: string | RegExp): Promise<void> {
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 860 });
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
    await settle(page);
    const where = `${colorScheme}, ${width} px`;
    expect(await violations(page), where).toEqual([]);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
      `sideways scroll, ${where}`,
    ).toBeLessThanOrEqual(0);
  }
  expect(await page.title()).toMatch(title);
  expect(faults).toEqual([]);
}
