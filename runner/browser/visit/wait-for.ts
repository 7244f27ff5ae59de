import { setTimeout as after } from 'node:timers/promises';
import type { Frame, Page } from 'playwright';
import type { Wait } from '#shared/capture-request.ts';
import { answeringFrames } from '../answering-frames.ts';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, scriptFault } from '../classify-playwright-error.ts';
import { matchesUrl } from '../glob.ts';
import { locate } from '../locate.ts';
import type { NetworkActivity } from '../readiness/network-activity.ts';

/** Thrown when the expression of a `function` wait is at fault: waiting longer would not help. */
export class ScriptFault extends Error {
  override readonly name = 'ScriptFault';
  /** What the expression did, as `scriptFault` says it. */
  readonly did: string;
  constructor(error: unknown) {
    super();
    this.did = scriptFault(error);
  }
}

export type WaitPage = { page: Page; network: NetworkActivity; run: CaptureRun };
const POLL_MS = 100;
const FRAMES_MAX = 20;

/** Waits for one item of `waitFor`, for at most `ms`. Throws WaitExpired, Playwright's TimeoutError, or ScriptFault. */
export async function waitFor(target: WaitPage, wait: Wait, ms: number): Promise<void> {
  const { page, run } = target;
  const timeout = run.left(ms);
  if (wait.selector !== undefined) await run.within(timeout, waitForElement(target, { ...wait, selector: wait.selector }, timeout));
  else if (wait.text !== undefined) await waitForText(target, wait.text, timeout);
  else if (wait.url !== undefined) await waitForUrl(target, wait.url, timeout);
  else if (wait.response !== undefined) await waitForResponse(target, { url: wait.response, since: 0 }, timeout);
  else if (wait.function !== undefined) await waitForFunction(target, { frame: page.mainFrame(), expression: wait.function }, timeout);
}

/** Not the first match alone: a hidden twin may stand before what is seen, and one spinner go before the other. */
async function waitForElement(
  { page }: WaitPage,
  { selector, state = 'visible' }: { selector: string; state?: Wait['state'] },
  timeout: number,
) {
  const found = locate(page, selector);
  const isSeen = state === 'visible' || state === 'hidden';
  const wanted = isSeen ? found.filter({ visible: true }) : found;
  await wanted.first().waitFor({ state: state === 'visible' || state === 'attached' ? 'attached' : 'detached', timeout });
}

/** Waits until a text is seen in the page or in a frame of it. */
async function waitForText(target: WaitPage, text: string, ms: number): Promise<void> {
  const until = Date.now() + ms;
  for (;;) {
    const frames = await answeringFrames(target, FRAMES_MAX);
    const seen = await Promise.all(frames.map((frame) => showsText(target, frame, { text, ms: until - Date.now() })));
    if (seen.includes(true)) return;
    await target.run.within(until - Date.now(), after(POLL_MS));
  }
}

async function showsText(target: WaitPage, frame: Frame, wanted: { text: string; ms: number }): Promise<boolean> {
  try {
    // Not the first match alone: that may be a hidden one.
    return (await target.run.within(wanted.ms, frame.getByText(wanted.text).filter({ visible: true }).count())) > 0;
  } catch (error) {
    // A frame that leaves or does not answer shows nothing; the page itself is asked again.
    const isOther = frame !== target.page.mainFrame();
    if (classifyPlaywrightError(error).kind === 'navigated' || frame.isDetached() || (isOther && error instanceof WaitExpired))
      return false;
    throw error;
  }
}

/** Waits until the page's address matches; addresses that change without a load (single-page apps) count too. */
export async function waitForUrl(target: WaitPage, pattern: string, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (matchesUrl(pattern, target.page.url(), { strict: true })) resolve();
  };
  target.page.on('framenavigated', look);
  try {
    look();
    await target.run.within(ms, promise);
  } finally {
    target.page.off('framenavigated', look);
  }
}

/** Waits until a response of a matching address has arrived; those from index `since` of the record on count. */
export async function waitForResponse(
  target: WaitPage,
  wanted: { url: string; status?: number | undefined; since: number },
  ms: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Each is looked at once: a page may ask for thousands of things.
  let from = wanted.since;
  const look = () => {
    const arrived = target.network.responses().slice(from);
    from += arrived.length;
    const found = arrived.some(
      (response) => matchesUrl(wanted.url, response.url) && (wanted.status === undefined || wanted.status === response.status),
    );
    if (found) resolve();
  };
  const stopListening = target.network.onResponse(look);
  try {
    look();
    await target.run.within(ms, promise);
  } finally {
    stopListening();
  }
}

/**
 * Waits until a caller's expression is true, asking ten times a second. Not `page.waitForFunction`: that one evaluates
 * text with `eval`, which a content security policy forbids, and takes a function's mere existence for its answer.
 */
export async function waitForFunction(target: WaitPage, wanted: { frame: Frame; expression: string }, ms: number): Promise<void> {
  const until = Date.now() + ms;
  const asked = `(async () => { const asked = (${wanted.expression.trim().replace(/;+$/, '')}\n); return Boolean(await (typeof asked === 'function' ? asked() : asked)); })()`;
  for (;;) {
    try {
      if (await target.run.within(until - Date.now(), wanted.frame.evaluate<boolean>(asked))) return;
    } catch (error) {
      const { kind } = classifyPlaywrightError(error);
      if (kind === 'other' && error instanceof Error && error.name !== 'WaitExpired' && error.name !== 'CaptureFault')
        throw new ScriptFault(error);
      if (kind !== 'navigated') throw error;
    }
    await target.run.within(until - Date.now(), after(POLL_MS));
  }
}
