/// <reference lib="dom" />
import { classifyPlaywrightError, isExpiry } from '../classify-playwright-error.ts';
import { locate } from '../locate.ts';
import type { Visit } from '../visit/visit.ts';

const ANSWER_MS_MAX = 1000;

/**
 * Tells whether an element that is to be pictured is larger than an area that scrolls and holds it, as the report of an app that
 * scrolls inside its shell is: whatever the area is scrolled to, it shows a part, and bars of the shell lie over the rest.
 */
export async function hasCutElement({ page, run, payload }: Visit): Promise<boolean> {
  const { selector, selectors = [], frame } = payload.request.output;
  try {
    for (const wanted of selector === undefined ? selectors : [selector]) {
      const asked = locate(page, wanted, frame).first().evaluate(isCutOff, null, { timeout: ANSWER_MS_MAX });
      if (await run.within(ANSWER_MS_MAX + 500, asked)) return true;
    }
    return false;
  } catch (error) {
    if (run.stopped()) throw error;
    // One that is not there yet is waited for by the rendering, which also names it when it never comes.
    if (isExpiry(error) || classifyPlaywrightError(error).kind !== 'gone') return false;
    throw error;
  }
}

/** Runs in the page. */
function isCutOff(element: Element): boolean {
  const { height } = element.getBoundingClientRect();
  for (let box = element.parentElement; box && box !== document.documentElement; box = box.parentElement) {
    const isArea = /auto|scroll|overlay/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight + 1;
    // The window takes over how the body scrolls, where the root says nothing of its own.
    const isOfWindow = box === document.body && getComputedStyle(document.documentElement).overflowY === 'visible';
    if (isArea && !isOfWindow && height > box.clientHeight + 1) return true;
  }
  return false;
}
