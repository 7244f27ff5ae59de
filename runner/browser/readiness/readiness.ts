import { setTimeout as after } from 'node:timers/promises';
import type { Frame, Page } from 'playwright';
import type { Observed } from '#shared/runner-protocol.ts';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import type { NetworkActivity } from './network-activity.ts';
import { askProbe, askProbeOnce, installProbe, type SettleOptions, type SettleResult } from './readiness-probe.ts';
import { scrollThrough } from './scroll-through.ts';

export type Readiness = NonNullable<Observed['readiness']>;
/** `held` is null when the page settled, else what it still waited for when the time was over. */
export type Settled = { held: string | null; readiness: Readiness };
export type ReadinessPage = { page: Page; network: NetworkActivity; run: CaptureRun; javaScriptEnabled: boolean };

const QUIET_MS = 100;
const FRAMES_MAX = 20;
const FRAME_SIDE_PX_MIN = 50;
const SCRIPTLESS_POLL_MS = 50;

/**
 * Waits until the page is finished: nothing in flight that the picture may depend on, and in every visible frame load,
 * fonts, images, busy marks, drawings and nodes at rest, all at the same time. `wholePage` also counts what lies outside
 * the view. Takes at most `msMax`; times are told in milliseconds from `navigatedAt`.
 */
export async function settle(target: ReadinessPage, options: { wholePage: boolean; msMax: number; navigatedAt: number }): Promise<Settled> {
  const { network, run } = target;
  const until = Date.now() + run.left(options.msMax);
  const times = { network: 0, dom: 0, fonts: 0, images: 0 };
  let held: string | null = 'network';
  while (Date.now() < until) {
    try {
      await run.within(until - Date.now(), network.whenQuiet(QUIET_MS));
    } catch (error) {
      if (!(error instanceof WaitExpired)) throw error;
      held = `network: ${network.inFlight()[0] ?? 'requests that follow each other'}`;
      break;
    }
    const result = await settleFrames(target, {
      quietMs: QUIET_MS,
      msMax: until - Date.now(),
      wholePage: options.wholePage,
      needLoad: !network.hasSetAside(),
    });
    const at = (age: number) => Math.max(0, Math.round(Date.now() - age - options.navigatedAt));
    Object.assign(times, {
      network: Math.max(0, network.lastEndedAt() - options.navigatedAt),
      dom: at(result.domAge),
      fonts: at(result.fontsAge),
      images: at(result.imagesAge),
    });
    held = result.held;
    if (held === null && network.quietForMs() >= QUIET_MS) break;
    if (held === null) held = 'network';
  }
  return { held, readiness: { settledBy: held === null ? 'auto' : `timeout (${held})`, ...times } };
}

/** Scrolls through the page so that its lazy parts load. A page that cannot be scrolled in time is left as it is. */
export async function loadLazyParts(target: ReadinessPage, limits: { bottomMax: number; msMax: number }): Promise<void> {
  if (!target.javaScriptEnabled) return; // Without scripts browsers load nothing lazily.
  try {
    await target.run.within(limits.msMax + 1000, target.page.evaluate(scrollThrough, limits));
  } catch (error) {
    if (error instanceof WaitExpired || classifyPlaywrightError(error).kind === 'navigated') return; // The page is judged by the settling that follows.
    throw error;
  }
}

async function settleFrames(target: ReadinessPage, options: SettleOptions): Promise<SettleResult> {
  const children = await visibleFrames(target);
  const results = await Promise.all([
    settleFrame(target, target.page.mainFrame(), options),
    ...children.map((frame) => settleFrame(target, frame, { ...options, wholePage: false })),
  ]);
  const main = results[0];
  return { ...main, held: results.find((result) => result.held !== null)?.held ?? null };
}

async function settleFrame(target: ReadinessPage, frame: Frame, options: SettleOptions): Promise<SettleResult> {
  const unknown = (held: SettleResult['held']): SettleResult => ({ held, domAge: 0, fontsAge: 0, imagesAge: 0 });
  const isMain = frame === target.page.mainFrame();
  try {
    if (!target.javaScriptEnabled) return unknown(await settleScriptless(target, frame, options));
    let result = await target.run.within(options.msMax + 500, frame.evaluate(askProbe, options));
    if (!result) {
      await target.run.within(options.msMax, frame.evaluate(installProbe));
      result = await target.run.within(options.msMax, frame.evaluate(askProbe, options));
    }
    return result ?? unknown(isMain ? 'load' : null);
  } catch (error) {
    // A frame that went elsewhere is asked again in the next round; one that answers nothing is busy with its own script.
    if (error instanceof WaitExpired) return unknown(isMain ? 'dom' : null);
    if (classifyPlaywrightError(error).kind !== 'navigated' && !frame.isDetached()) throw error;
    await target.run.within(1000, after(SCRIPTLESS_POLL_MS));
    return unknown(isMain ? 'load' : null);
  }
}

async function settleScriptless(target: ReadinessPage, frame: Frame, options: SettleOptions) {
  const until = Date.now() + options.msMax;
  let held = await target.run.within(options.msMax, frame.evaluate(askProbeOnce, options));
  while (held !== null && Date.now() < until) {
    await target.run.within(1000, after(SCRIPTLESS_POLL_MS));
    held = await target.run.within(options.msMax, frame.evaluate(askProbeOnce, options));
  }
  return held;
}

/** Frames that a person sees. Trackers and hidden helpers are not waited for. */
async function visibleFrames(target: ReadinessPage): Promise<Frame[]> {
  const children = target.page
    .frames()
    .filter((frame) => frame.parentFrame() !== null)
    .slice(0, FRAMES_MAX);
  const shown = await Promise.all(
    children.map(async (frame) => {
      try {
        const element = await target.run.within(1000, frame.frameElement());
        const box = await target.run.within(1000, element.boundingBox());
        await element.dispose();
        return box !== null && box.width >= FRAME_SIDE_PX_MIN && box.height >= FRAME_SIDE_PX_MIN;
      } catch (error) {
        if (error instanceof WaitExpired || frame.isDetached() || classifyPlaywrightError(error).kind === 'navigated') return false;
        throw error;
      }
    }),
  );
  return children.filter((_frame, index) => shown[index]);
}
