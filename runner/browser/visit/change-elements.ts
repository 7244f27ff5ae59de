/// <reference lib="dom" />
import { threwInPage } from '../classify-playwright-error.ts';
import { type Bare, runInOwnWorld } from '../own-world.ts';
import type { Visit } from './visit.ts';

const STEP_MS_MAX = 5000;

/**
 * Does something to all elements of a selector, which may be one of Playwright's own kind. Where the page has replaced what
 * Playwright finds them with, they are found in a world of our own, where only CSS is understood: others then throw as before.
 */
export async function changeElements(visit: Visit, selector: string, change: (elements: Element[]) => void): Promise<void> {
  try {
    await visit.run.within(STEP_MS_MAX, visit.page.locator(selector).evaluateAll(change));
  } catch (error) {
    if (!threwInPage(error)) throw error;
    const isCss = await runInOwnWorld<boolean>(
      visit,
      `(bare) => (${changeByCss})(${JSON.stringify(selector)}, ${change}, bare)`,
      STEP_MS_MAX,
    );
    if (!isCss) throw error;
  }
}

/** Tells whether this is CSS. Looks into open shadow trees, as Playwright does. Runs in the page. */
function changeByCss(selector: string, change: (elements: Element[]) => void, bare: Bare): boolean {
  const found: Element[] = [];
  const trees: (Document | ShadowRoot)[] = [document];
  try {
    for (const tree of trees) {
      found.push(...bare(tree).querySelectorAll(selector));
      for (const element of bare(tree).querySelectorAll('*')) {
        const { shadowRoot } = bare(element);
        if (shadowRoot) trees.push(shadowRoot);
      }
    }
  } catch {
    return false;
  }
  change(found);
  return true;
}
