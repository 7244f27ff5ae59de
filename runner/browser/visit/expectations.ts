/// <reference lib="dom" />
import { setTimeout as after } from 'node:timers/promises';
import type { Locator, Page } from 'playwright';
import type { AuthVerify } from '#shared/auth-state.ts';
import type { Expect } from '#shared/capture-request.ts';
import { answeringFrames } from '../answering-frames.ts';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, threwInPage } from '../classify-playwright-error.ts';
import { matchesUrl } from '../glob.ts';
import { locate } from '../locate.ts';

export type CheckPage = {
  page: Page;
  run: CaptureRun;
  httpStatus: () => number | null;
  /** An element counts as visible only if it is not transparent either. */
  isProof?: boolean;
};
/** `at` is the place in the request, such as `expect[1].text`; null when everything is met. */
export type Unmet = { at: string } | null;

const POLL_MS = 100;
const CHECK_MS_MAX = 5000;
const FRAMES_MAX = 50;

/** Holds the page against `expect`, giving each check up to `ms` to become true. Returns the first that is not. */
export async function checkExpectations(target: CheckPage, expects: readonly Expect[], ms: number): Promise<Unmet> {
  for (const [index, expect] of expects.entries()) {
    const key = await firstUnmet(target, expect, ms);
    if (key) return { at: `expect[${index}].${key}` };
  }
  return null;
}

/**
 * Holds the page against `auth.verify`, giving it up to `ms`, and names what is not met. A check of the URL alone is weak. What
 * is transparent proves nothing: nobody sees it.
 */
export async function checkVerify(target: CheckPage, verify: AuthVerify, ms: number): Promise<{ met: boolean; weak: boolean; at: string }> {
  const unmet = await firstUnmet({ ...target, isProof: true }, verify, ms);
  return {
    met: unmet === null,
    at: unmet ? `auth.verify.${unmet}` : 'auth.verify',
    weak: verify.selector === undefined && verify.text === undefined,
  };
}

/**
 * Tells whether an element that `verify` found is where a person can see it: on the page, and in the view not covered. A
 * closed drawer is fine as a proof, but not against a sign-in form that is in sight.
 */
export async function isVerifyInSight({ page, run }: CheckPage, selector: string): Promise<boolean> {
  try {
    return await run.within(CHECK_MS_MAX, locate(page, selector).filter({ visible: true }).evaluateAll(isAnyInSight));
  } catch (error) {
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated') return false;
    throw error;
  }
}

/** Runs in the page. */
function isAnyInSight(elements: Element[]): boolean {
  for (const element of elements) {
    const box = element.getBoundingClientRect();
    if (box.right + window.scrollX <= 0 || box.bottom + window.scrollY <= 0) continue;
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    // What is out of the view cannot be asked for what lies over it.
    if (x < 0 || y < 0 || x >= window.innerWidth || y >= window.innerHeight) return true;
    const root = element.getRootNode();
    const top = root instanceof Document || root instanceof ShadowRoot ? root.elementFromPoint(x, y) : null;
    if (top === null || element.contains(top) || top.contains(element)) return true;
  }
  return false;
}

/** Looks until every check holds at the same time, or `ms` are over; then it names one that does not. */
async function firstUnmet(target: CheckPage, check: Expect, ms: number): Promise<keyof Expect | null> {
  const until = Date.now() + ms;
  for (;;) {
    const key = await look(target, check);
    if (key === null || Date.now() >= until) return key;
    await target.run.within(POLL_MS * 10, after(POLL_MS));
  }
}

async function look(target: CheckPage, check: Expect): Promise<keyof Expect | null> {
  const { page, run } = target;
  const url = page.url();
  if (check.status !== undefined && target.httpStatus() !== check.status) return 'status';
  if (check.url !== undefined && !matchesUrl(check.url, url, { strict: true })) return 'url';
  if (check.notUrl !== undefined && matchesUrl(check.notUrl, url)) return 'notUrl';
  try {
    if (check.selector !== undefined && !(await run.within(CHECK_MS_MAX, hasState(target, check.selector, check.state ?? 'visible'))))
      return 'selector';
    if (check.text !== undefined && !(await run.within(CHECK_MS_MAX, showsText(target, check.text)))) return 'text';
    if (check.notText !== undefined && (await run.within(CHECK_MS_MAX, showsText(target, check.notText)))) return 'notText';
    return null;
  } catch (error) {
    // A page that is leaving, or too busy to answer, does not meet its checks now; the caller asks again.
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated')
      return check.selector === undefined ? 'text' : 'selector';
    throw error;
  }
}

async function hasState({ page, isProof }: CheckPage, selector: string, state: NonNullable<Expect['state']>): Promise<boolean> {
  const elements = locate(page, selector);
  if (state === 'attached') return (await elements.count()) > 0;
  if (state === 'detached') return (await elements.count()) === 0;
  const inPlace = elements.filter({ visible: true });
  const visible = await inPlace.count();
  if (state === 'hidden') return visible === 0;
  return visible > 0 && (!isProof || (await showsAny(inPlace)));
}

/** Whether any of them is not transparent. In a page that has replaced what is asked with, Playwright's word stands. */
async function showsAny(elements: Locator): Promise<boolean> {
  try {
    const answer: boolean | undefined = await elements.evaluateAll(isAnyOpaque);
    return answer !== false;
  } catch (error) {
    if (threwInPage(error)) return true;
    throw error;
  }
}

/** Runs in the page. Whether one of them, and all that is around it, is not wholly transparent. */
function isAnyOpaque(elements: Element[]): boolean {
  return elements.some((element) => {
    let at = element;
    // One without a box of its own is seen as what is around it.
    while (at.parentElement && getComputedStyle(at).display === 'contents') at = at.parentElement;
    return at.checkVisibility({ opacityProperty: true });
  });
}

/** Text counts where a person sees it: in any frame, visible, whatever elements it is spread over. */
async function showsText(target: CheckPage, text: string): Promise<boolean> {
  const wanted = squash(text);
  for (const frame of await answeringFrames(target, FRAMES_MAX)) {
    // The text as a whole comes first: in a large table it is read in a tenth of the time that a search by element takes.
    const body = frame.locator('body');
    if ((await body.count()) > 0 && squash(await body.first().innerText({ timeout: CHECK_MS_MAX })).includes(wanted)) return true;
    if ((await frame.getByText(text).filter({ visible: true }).count()) > 0) return true;
  }
  return false;
}

function squash(text: string): string {
  return text.replace(/\s+/g, ' ').trim().toLowerCase();
}
