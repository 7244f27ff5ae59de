import { setTimeout as after } from 'node:timers/promises';
import type { Page } from 'playwright';
import { type Action, SIDE_EFFECTS } from '#shared/action.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import { matchAllowedDomain } from '#shared/allowed-domain.ts';
import type { FailureCode } from '#shared/failure.ts';
import { parseTargetUrl } from '#shared/target-url.ts';
import { CaptureFault, type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, navigationFailure } from '../classify-playwright-error.ts';
import type { EgressSession } from '../egress/egress-proxy.ts';
import { matchesUrl } from '../glob.ts';
import { locate, locateFrame } from '../locate.ts';
import type { NetworkActivity } from '../readiness/network-activity.ts';
import type { NavigationGuard } from './navigation-guard.ts';
import { hideElements, removeElements, scrollElement } from './page-scripts.ts';
import { ScriptFault, waitForFunction, waitForResponse, waitForUrl } from './wait-for.ts';

export type ActionPage = {
  page: Page;
  run: CaptureRun;
  network: NetworkActivity;
  guard: NavigationGuard;
  domains: readonly AllowedDomain[];
  proxy: Pick<EgressSession, 'lastBlock'>;
  timeouts: { action: number; navigation: number };
};
/** What an action may use: `since` is the number of responses when the last action with an effect began. */
type Step = ActionPage & { timeout: number; since: number };

/** Thrown by an action that cannot be carried out; `because` is a sentence part of ours. */
class ActionFault extends Error {
  readonly because: string;
  constructor(because: string) {
    super(because);
    this.name = 'ActionFault';
    this.because = because;
  }
}

/**
 * Runs the actions in order. Each element action waits for its element; a failing one ends the capture unless it is
 * optional. An action that may have an effect is reported before it runs, because afterwards may be too late.
 */
export async function runActions(target: ActionPage, actions: readonly Action[]): Promise<void> {
  let since = 0;
  for (const [index, action] of actions.entries()) {
    if (SIDE_EFFECTS.has(action.type)) {
      since = target.network.responses().length;
      target.run.sideEffect();
    }
    const timeout = target.run.left(('timeout' in action ? action.timeout : undefined) ?? target.timeouts.action);
    try {
      await runAction({ ...target, timeout, since }, action);
    } catch (error) {
      const fault = faultOf(target, error, { index, action });
      if (!('optional' in action && action.optional) || !isSkippable(fault, target)) throw fault;
    }
  }
}

/** Only the action's own failure may be passed over, never a blocked navigation, a crash or the end of the time. */
function isSkippable(fault: CaptureFault, target: ActionPage): boolean {
  return (
    target.run.stopped() === null &&
    (fault.failure.code === 'action_failed' || fault.failure.code === 'action_timeout' || fault.failure.code === 'expectation_failed')
  );
}

function faultOf(target: ActionPage, error: unknown, at: { index: number; action: Action }): CaptureFault {
  if (error instanceof CaptureFault) return error;
  const note = at.action.note ? ` (${at.action.note})` : '';
  const fault = (code: FailureCode, because: string) =>
    target.run.fault(code, `Action ${at.index} \`${at.action.type}\`${note}: ${because}.`);
  if (error instanceof ActionFault) return fault('action_failed', error.because);
  if (error instanceof ScriptFault) return fault('action_failed', `the expression ${error.did}`);
  if (error instanceof WaitExpired) return fault('action_timeout', 'it was not done in time');
  const { kind } = classifyPlaywrightError(error);
  if (kind === 'timeout') return fault('action_timeout', 'the element did not come, or could not be used, in time');
  if (kind === 'ambiguous')
    return fault('action_failed', 'the selector matches more than one element: make it match one, for example with `>> nth=0`');
  if (kind === 'gone') return target.run.fault('browser_crashed');
  if (kind === 'navigated') return fault('action_failed', 'the page went elsewhere while it ran');
  return fault('action_failed', 'the browser could not carry it out');
}

async function runAction(at: Step, action: Action): Promise<void> {
  const { page, run, timeout } = at;
  const limit = { timeout };
  const done = (work: Promise<unknown>) => run.within(timeout + 500, work);
  switch (action.type) {
    case 'goto':
      return gotoAction(at, action.url);
    case 'click':
    case 'dblclick': {
      const { button, modifiers, position, force } = action;
      const options = { button, modifiers, position, force, timeout };
      const element = locate(page, action.selector, action.frame);
      await done(action.type === 'click' ? element.click({ ...options, clickCount: action.clickCount }) : element.dblclick(options));
      return;
    }
    case 'hover':
      await done(locate(page, action.selector, action.frame).hover({ position: action.position, force: action.force, timeout }));
      return;
    case 'fill':
      await done(locate(page, action.selector, action.frame).fill(action.value, limit));
      return;
    case 'type':
      await done(locate(page, action.selector, action.frame).pressSequentially(action.text, { delay: action.delay, timeout }));
      return;
    case 'press':
      await done(
        action.selector === undefined
          ? page.keyboard.press(action.key)
          : locate(page, action.selector, action.frame).press(action.key, limit),
      );
      return;
    case 'check':
    case 'uncheck':
      await done(locate(page, action.selector, action.frame).setChecked(action.type === 'check', { force: action.force, timeout }));
      return;
    case 'selectOption':
      await done(locate(page, action.selector, action.frame).selectOption(action.value, limit));
      return;
    case 'dragTo':
      await done(locate(page, action.selector, action.frame).dragTo(locate(page, action.target, action.frame), limit));
      return;
    case 'evaluate':
      return evaluateAction(at, action);
    default:
      return runQuietAction(at, action);
  }
}

type QuietAction = Exclude<
  Action,
  {
    type:
      | 'goto'
      | 'click'
      | 'dblclick'
      | 'hover'
      | 'fill'
      | 'type'
      | 'press'
      | 'check'
      | 'uncheck'
      | 'selectOption'
      | 'dragTo'
      | 'evaluate';
  }
>;

/** The actions that wait, look or arrange, and have no effect on the site. */
async function runQuietAction(at: Step, action: QuietAction): Promise<void> {
  const { page, run, timeout } = at;
  const limit = { timeout };
  const done = (work: Promise<unknown>) => run.within(timeout + 500, work);
  switch (action.type) {
    case 'scrollTo':
      await done(locate(page, action.selector ?? 'html', action.frame).evaluate(scrollElement, { x: action.x, y: action.y }, limit));
      return;
    case 'scrollIntoView':
      await done(locate(page, action.selector, action.frame).scrollIntoViewIfNeeded(limit));
      return;
    case 'waitForSelector':
      await done(locate(page, action.selector, action.frame).waitFor({ state: action.state, timeout }));
      return;
    case 'waitForURL':
      return waitForUrl(at, action.url, timeout);
    case 'waitForResponse':
      return waitForResponse(at, { url: action.url, status: action.status, since: at.since }, timeout);
    case 'waitForFunction':
      return waitForFunction(
        at,
        { frame: await locateFrame(page, action.frame, { run, ms: timeout }), expression: action.expression },
        timeout,
      );
    case 'waitForTimeout':
      await run.within(action.ms + 1000, after(action.ms));
      return;
    case 'dialog':
      at.guard.answerDialogs({ accept: action.accept, ...(action.promptText === undefined ? {} : { promptText: action.promptText }) });
      return;
    case 'assert':
      return assertAction(at, action);
    case 'hide':
    case 'remove': {
      const elements = locate(page, action.selector, action.frame);
      await done(elements.first().waitFor({ state: 'attached', timeout }));
      await done(elements.evaluateAll(action.type === 'hide' ? hideElements : removeElements));
      return;
    }
    default:
      return unknownAction(action);
  }
}

function unknownAction(action: never): never {
  throw new ActionFault(`is not known to this runner (${JSON.stringify(action).length} characters)`);
}

async function gotoAction(at: Step, url: string): Promise<void> {
  const { page, run, timeouts } = at;
  if (!URL.canParse(url, page.url())) throw new ActionFault('the address is not a URL');
  const parsed = parseTargetUrl(new URL(url, page.url()).href);
  if (!parsed.ok) throw new ActionFault('the address may not be captured: it must be https, with a host name and without user info');
  const { href, host, port } = parsed.target;
  if (!matchAllowedDomain(at.domains, host, port)) throw new ActionFault(`${host} is not an allowed domain`);
  const ms = run.left(Math.max(at.timeout, timeouts.navigation));
  try {
    await run.within(ms + 500, page.goto(href, { waitUntil: 'load', timeout: ms }));
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    if (error instanceof WaitExpired) throw run.fault('navigation_timeout');
    const kind = classifyPlaywrightError(error);
    if (kind.kind === 'navigated') return; // The page redirected itself: where it ends is judged with the picture.
    throw new CaptureFault(
      run.stopped() ?? {
        ...navigationFailure(kind, host, {
          proxy: at.proxy,
          documentStatus: at.network.documentStatus(),
          isAnswered: true,
          isConditional: false,
        }),
        step: 'actions',
      },
    );
  }
}

/** Runs the caller's expression. Its value stays in the page: nothing of a page is handed out but the picture. */
async function evaluateAction(at: Step, action: Extract<Action, { type: 'evaluate' }>): Promise<void> {
  const { page, run, timeout } = at;
  const frame = await locateFrame(page, action.frame, { run, ms: timeout });
  try {
    const value = await run.within(timeout, frame.evaluateHandle(action.expression));
    await run.within(timeout, value.evaluate(callIfFunction));
    await run.within(timeout, value.dispose());
  } catch (error) {
    const { kind } = classifyPlaywrightError(error);
    if (kind === 'navigated') return; // Setting the location is what many such expressions do.
    if (kind === 'other' && !(error instanceof WaitExpired) && !(error instanceof CaptureFault)) throw new ScriptFault(error);
    throw error;
  }
}

/** Calls what the expression gave if it is a function, as people write both forms. Runs in the page. */
async function callIfFunction(value: unknown): Promise<void> {
  if (typeof value === 'function') await value();
}

async function assertAction(at: Step, action: Extract<Action, { type: 'assert' }>): Promise<void> {
  const { page, run, timeout } = at;
  const unmet = (what: string) =>
    run.fault(
      'expectation_failed',
      `The check of \`${what}\` in an \`assert\` action${action.note ? ` (${action.note})` : ''} was not met.`,
    );
  const expecting = async (what: string, work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'timeout') throw unmet(what);
      throw error;
    }
  };
  const element = action.selector === undefined ? null : locate(page, action.selector, action.frame).first();
  if (element) await expecting('selector', run.within(timeout + 500, element.waitFor({ state: action.state ?? 'visible', timeout })));
  if (action.text !== undefined) {
    const holder = element && action.state !== 'hidden' && action.state !== 'detached' ? element : locate(page, 'body', action.frame);
    const found = holder
      .getByText(action.text)
      .or(holder.filter({ hasText: action.text }))
      .first();
    await expecting('text', run.within(timeout + 500, found.waitFor({ state: 'visible', timeout })));
  }
  const url = action.url;
  if (url !== undefined && !matchesUrl(url, page.url(), { strict: true })) await expecting('url', waitForUrl(at, url, timeout));
}
