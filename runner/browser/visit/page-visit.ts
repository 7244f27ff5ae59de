import type { BrowserContext, CDPSession, Page } from 'playwright';
import { matchesHost } from '#shared/allowed-domain.ts';
import type { Wait } from '#shared/capture-request.ts';
import { LIMITS } from '#shared/limits.ts';
import { CaptureFault, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, navigationFailure } from '../classify-playwright-error.ts';
import { addStyles, hideElements, removeElements } from '../page-scripts.ts';
import { watchNetwork } from '../readiness/network-activity.ts';
import { loadLazyParts, type Settled, settle } from '../readiness/readiness.ts';
import { installProbe } from '../readiness/readiness-probe.ts';
import { applyAuth } from '../session/session.ts';
import { judgeVisit } from '../verdict/judge-visit.ts';
import { runActions } from './actions.ts';
import { mirrorEmulation } from './emulation.ts';
import { guardNavigation } from './navigation-guard.ts';
import type { Visit, VisitOptions } from './visit.ts';
import { ScriptFault, waitFor } from './wait-for.ts';

const SETUP_MS_MAX = 15_000;
const STEP_MS_MAX = 5000;
/** Actions that type into the page: with them a sign-in form may be what the caller means to fill in. */
const TYPING = new Set(['fill', 'type', 'press']);

/** Opens a tab with the caller's session and guards in place, and brings it to the target, settled. */
export async function visitPage(context: BrowserContext, options: VisitOptions): Promise<Visit> {
  const { run, payload, auth, domains } = options;
  const { request, target } = payload;
  await run.within(SETUP_MS_MAX, context.addInitScript(installProbe));
  const page = await run.within(SETUP_MS_MAX, context.newPage());
  const cdp = await run.within(SETUP_MS_MAX, context.newCDPSession(page));
  await run.within(SETUP_MS_MAX, mirrorEmulation(page, cdp, request));
  await applySession(page, cdp, options);
  const headers = [
    { origins: [target.origin], headers: request.headers ?? {} },
    { origins: auth?.headerOrigins ?? [], headers: auth?.headers ?? {} },
  ];
  const guard = await run.within(SETUP_MS_MAX, guardNavigation({ page, cdp, run }, { domains, headers }));
  const network = watchNetwork(page, (host) => domains.some((entry) => matchesHost(entry.host, host)));
  const visit: Visit = {
    ...options,
    context,
    page,
    cdp,
    network,
    guard,
    navigatedAt: Date.now(),
    judge: (when) => judgeVisit(visit, when),
  };
  try {
    run.enter('navigate');
    await navigate(visit);
    visit.navigatedAt = Date.now();
    run.enter('settle');
    await settleVisit(visit);
    return visit;
  } catch (error) {
    network.close();
    throw error;
  }
}

async function applySession(page: Page, cdp: CDPSession, options: VisitOptions): Promise<void> {
  if (!options.auth) return;
  const { receipt, refused } = await applyAuth({ page, cdp, run: options.run }, options.auth);
  options.observed.auth = receipt;
  const first = refused[0];
  if (first) throw options.run.fault('auth_not_applied', `${first.name}: ${first.reason}.`);
}

/** Goes to the target. In `auto` the first document is enough here: the settling that follows waits for the rest. */
async function navigate(visit: Visit): Promise<void> {
  const { page, run, payload, lease } = visit;
  const { timeouts, waitUntil, onTimeout } = payload.request;
  const until = Date.now() + run.left(timeouts.navigation);
  const state = waitUntil === 'auto' || waitUntil === 'domcontentloaded' ? 'domcontentloaded' : 'load';
  try {
    await run.within(until - Date.now() + 500, page.goto(payload.target.href, { waitUntil: 'commit', timeout: until - Date.now() }));
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    if (error instanceof WaitExpired) throw run.fault('navigation_timeout');
    const kind = classifyPlaywrightError(error);
    // The guard's refusal ends the navigation too, and it alone knows the reason.
    if (kind.kind !== 'navigated') {
      const told = { proxy: lease.proxy, documentStatus: visit.network.documentStatus() };
      throw new CaptureFault(run.stopped() ?? navigationFailure(kind, payload.target.host, told));
    }
  }
  if (waitUntil === 'commit') return;
  try {
    const timeout = Math.max(1, until - Date.now());
    await run.within(timeout + 500, page.waitForLoadState(state, { timeout }));
  } catch (error) {
    if (!isExpiry(error)) throw error;
    if (onTimeout === 'fail') throw run.fault('navigation_timeout');
    visit.observed.partial = true;
  }
}

function isExpiry(error: unknown): boolean {
  return error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'timeout';
}

/** Waits until the page is finished in the way that `waitUntil` names, and notes what was waited for. */
async function settleVisit(visit: Visit): Promise<void> {
  const { page, run, payload, observed } = visit;
  const { waitUntil, timeouts } = payload.request;
  if (waitUntil === 'networkidle') {
    try {
      const timeout = run.left(timeouts.readiness);
      await run.within(timeout + 500, page.waitForLoadState('networkidle', { timeout }));
    } catch (error) {
      if (!isExpiry(error)) throw error;
      return expire(visit, { held: 'network', readiness: { settledBy: 'timeout (networkidle)' } });
    }
  }
  if (waitUntil !== 'auto') {
    observed.readiness = { settledBy: waitUntil };
    return;
  }
  const until = Date.now() + run.left(timeouts.readiness);
  const first = await settleAuto(visit, { wholePage: false, until });
  if (first.held !== null || !needsWholePage(visit)) return finish(visit, first);
  const { output } = payload.request;
  await loadLazyParts(
    { ...visit, javaScriptEnabled: payload.request.javaScriptEnabled },
    { bottomMax: output.maxHeight ?? LIMITS.heightPxMax, msMax: Math.max(1, (until - Date.now()) / 2) },
  );
  return finish(visit, await settleAuto(visit, { wholePage: true, until }));
}

function settleAuto(visit: Visit, options: { wholePage: boolean; until: number }): Promise<Settled> {
  const { javaScriptEnabled } = visit.payload.request;
  return settle(
    { ...visit, javaScriptEnabled },
    { wholePage: options.wholePage, msMax: Math.max(1, options.until - Date.now()), navigatedAt: visit.navigatedAt },
  );
}

function needsWholePage(visit: Visit): boolean {
  const { output } = visit.payload.request;
  return output.format === 'pdf' || output.fullPage === true || output.clip !== undefined;
}

function finish(visit: Visit, settled: Settled): void {
  if (settled.held === null) visit.observed.readiness = settled.readiness;
  else expire(visit, settled);
}

function expire(visit: Visit, settled: Settled): void {
  visit.observed.readiness = settled.readiness;
  if (visit.payload.request.onTimeout === 'fail') throw visit.run.fault('readiness_timeout', `It still waited for: ${settled.held}.`);
  visit.observed.partial = true;
}

/** Does what the caller asked for between the settled page and the picture, and lets the page settle again. */
export async function preparePicture(visit: Visit): Promise<void> {
  const { page, run, payload } = visit;
  const { request } = payload;
  const { actions } = request;
  if (!actions.some((action) => TYPING.has(action.type))) await visit.judge('early');
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
  const waits = request.waitFor === undefined ? [] : Array.isArray(request.waitFor) ? request.waitFor : [request.waitFor];
  for (const [index, wait] of waits.entries())
    await waitForItem(visit, wait, Array.isArray(request.waitFor) ? `waitFor[${index}]` : 'waitFor');
  if (request.delay > 0) await run.within(request.delay + 1000, new Promise((resolve) => setTimeout(resolve, request.delay)));
  if (request.styles.length > 0) await run.within(STEP_MS_MAX, page.evaluate(addStyles, request.styles));
  for (const [index, script] of request.scripts.entries()) await runScript(visit, script, index);
  for (const selector of request.hide) await run.within(STEP_MS_MAX, page.locator(selector).evaluateAll(hideElements));
  for (const selector of request.remove) await run.within(STEP_MS_MAX, page.locator(selector).evaluateAll(removeElements));
  const touched = request.styles.length + request.scripts.length + request.hide.length + request.remove.length > 0;
  if (request.waitUntil === 'auto' && (waits.length > 0 || request.delay > 0 || touched)) {
    const settled = await settleAuto(visit, { wholePage: needsWholePage(visit), until: Date.now() + run.left(request.timeouts.readiness) });
    if (settled.held !== null) expire(visit, settled);
  }
}

async function waitForItem(visit: Visit, wait: Wait, at: string): Promise<void> {
  const { timeouts, onTimeout } = visit.payload.request;
  try {
    await waitFor(visit, wait, wait.timeout ?? timeouts.readiness);
  } catch (error) {
    if (error instanceof ScriptFault)
      throw visit.run.fault('action_failed', `The expression in \`${at}\` cannot be evaluated or threw an error.`);
    if (!isExpiry(error)) throw error;
    // On a sign-in page nothing that is waited for ever comes: that is the reason to name.
    await visit.judge('early');
    if (onTimeout === 'fail') throw visit.run.fault('readiness_timeout', `\`${at}\` was not met in time.`);
    visit.observed.partial = true;
  }
}

/** Runs one of the caller's scripts as the body of an async function. Its value stays in the page. */
async function runScript(visit: Visit, script: string, index: number): Promise<void> {
  const { page, run, payload } = visit;
  try {
    await run.within(payload.request.timeouts.action, page.evaluate(`(async () => {\n${script}\n})().then(() => undefined)`));
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    if (error instanceof WaitExpired) throw run.fault('action_timeout', `\`scripts[${index}]\` was not done in time.`);
    if (classifyPlaywrightError(error).kind !== 'navigated')
      throw run.fault('action_failed', `\`scripts[${index}]\` cannot be evaluated or threw an error.`);
  }
}
