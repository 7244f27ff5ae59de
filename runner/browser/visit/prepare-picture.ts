import type { Wait } from '#shared/capture-request.ts';
import { askPage, tellPage } from '../ask-page.ts';
import { CaptureFault, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, isExpiry, scriptFault } from '../classify-playwright-error.ts';
import { loadBannerRules } from '../controls/consent-banners.ts';
import { findBanners, hideByStyle } from '../controls/hide-on-page.ts';
import { expandPage } from '../expand/expand-page.ts';
import { waitNotMet } from '../readiness/late-page.ts';
import { settleAgain, settleForPicture, settleVisit } from '../readiness/settle-visit.ts';
import { runActions } from './actions.ts';
import { changeElements } from './change-elements.ts';
import { addStyles, hideElements, removeElements } from './page-scripts.ts';
import type { Visit } from './visit.ts';
import { ScriptFault, waitFor } from './wait-for.ts';

const STEP_MS_MAX = 5000;
/** Actions that type into the page: with them a sign-in form may be what the caller means to fill in. */
const TYPING = new Set(['fill', 'type', 'press']);

/** Does what the caller asked for between the settled page and the picture, and lets the page settle again. */
export async function preparePicture(visit: Visit): Promise<void> {
  const { run, payload } = visit;
  const { request } = payload;
  const { actions } = request;
  const waits = request.waitFor === undefined ? [] : Array.isArray(request.waitFor) ? request.waitFor : [request.waitFor];
  const touched =
    request.block.cookieBanners || [waits, request.styles, request.scripts, request.hide, request.remove].some((list) => list.length > 0);
  // Where nothing is done to the page, the judgement that comes next is early enough.
  if ((actions.length > 0 || touched) && !actions.some((action) => TYPING.has(action.type))) await visit.judge('early');
  if (actions.length > 0) {
    run.enter('actions');
    try {
      await runActions({ ...visit, proxy: visit.lease.proxy, timeouts: request.timeouts }, actions);
    } catch (error) {
      // On a sign-in page no element is found: that is the reason to name, not the missing element.
      if (error instanceof CaptureFault && run.stopped() === null && /^action_/.test(error.failure.code)) await visit.judge('early');
      throw error;
    }
    if (request.waitUntil === 'auto') await settleVisit(visit);
  }
  for (const [index, wait] of waits.entries())
    await waitForItem(visit, wait, Array.isArray(request.waitFor) ? `waitFor[${index}]` : 'waitFor');
  if (request.delay > 0) await run.within(request.delay + 1000, new Promise((resolve) => setTimeout(resolve, request.delay)));
  if (request.styles.length > 0) await tellPage(visit, addStyles, { given: request.styles, msMax: STEP_MS_MAX });
  for (const [index, script] of request.scripts.entries()) await runScript(visit, script, index);
  if (request.hide.length > 0) await tellPage(visit, hideByStyle, { given: request.hide, msMax: STEP_MS_MAX });
  for (const selector of request.hide) await changeElements(visit, selector, hideElements);
  for (const selector of request.remove) await changeElements(visit, selector, removeElements);
  if (request.block.cookieBanners) await hideBanners(visit);
  try {
    await settleForPicture(visit, { touched: touched || request.delay > 0 });
  } catch (error) {
    // A wall that does not come to rest is a wall.
    if (error instanceof CaptureFault && error.failure.code === 'readiness_timeout') await visit.judge('early');
    throw error;
  }
  await expandPage(visit);
  await holdStill(visit);
  // A framework may have made again what was taken out.
  for (const selector of request.remove) await changeElements(visit, selector, removeElements);
}

/** Hides the consent banners that are known and on the page. */
async function hideBanners(visit: Visit): Promise<void> {
  const found = await askPage(visit, findBanners, { given: await loadBannerRules(), msMax: STEP_MS_MAX });
  if (found.length > 0) await tellPage(visit, hideByStyle, { given: found, msMax: STEP_MS_MAX });
}

/** Ends the page's own time where the request asks for it. What is done to the page after this finds it at rest. */
async function holdStill(visit: Visit): Promise<void> {
  const { reproducer } = visit.controls;
  if (!reproducer) return;
  await reproducer.hold();
  if (visit.payload.request.waitUntil === 'auto') await settleAgain(visit);
}

/** One that is not met makes the capture partial, where the request allows that. */
async function waitForItem(visit: Visit, wait: Wait, at: string): Promise<void> {
  const { timeouts, onTimeout } = visit.payload.request;
  try {
    await waitFor(visit, wait, wait.timeout ?? timeouts.readiness);
  } catch (error) {
    if (error instanceof ScriptFault)
      throw visit.run.fault('action_failed', {
        instead: `The expression in \`${at}\` ${error.did}, so it was not waited for. Correct it.`,
      });
    if (!isExpiry(error)) throw error;
    // On a sign-in page nothing that is waited for ever comes: that is the reason to name.
    await visit.judge('early');
    if (onTimeout === 'fail') throw visit.run.fault('readiness_timeout', waitNotMet(at));
    visit.observed.partial = true;
    visit.missedWait ??= at;
  }
}

/** Runs one of the caller's scripts as the body of an async function. Its value stays in the page. */
async function runScript(visit: Visit, script: string, index: number): Promise<void> {
  const { page, run, payload } = visit;
  try {
    await run.within(payload.request.timeouts.action, page.evaluate(`(async () => {\n${script}\n})().then(() => undefined)`));
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    if (error instanceof WaitExpired)
      throw run.fault('action_timeout', { instead: `\`scripts[${index}]\` was not done in time. Raise \`timeouts.action\`.` });
    if (classifyPlaywrightError(error).kind !== 'navigated')
      throw run.fault('action_failed', { instead: `\`scripts[${index}]\` ${scriptFault(error)}. Correct it.` });
  }
}
