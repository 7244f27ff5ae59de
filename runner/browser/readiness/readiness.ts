import { setTimeout as after } from 'node:timers/promises';
import type { CDPSession, Frame, Page } from 'playwright';
import type { Observed } from '#shared/runner-protocol.ts';
import { shownUrl } from '#shared/target-url.ts';
import { askPage, isNothing } from '../ask-page.ts';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError, threwInPage } from '../classify-playwright-error.ts';
import type { Signal } from './app-signal.ts';
import type { NetworkActivity } from './network-activity.ts';
import { askOnce, askToSettle, askWhenReady, PROBE_SCRIPT } from './readiness-probe.ts';
import type { Held, ReadinessPart, SettleOptions, SettleResult } from './settle-probe.ts';
import { visibleFrames } from './visible-frames.ts';

export type Readiness = NonNullable<Observed['readiness']>;
/** `held` is null when the page settled, else what it still waited for when the time was over, in our words. */
export type Settled = { held: string | null; readiness: Readiness };
export type ReadinessPage = { page: Page; cdp: CDPSession; network: NetworkActivity; run: CaptureRun; javaScriptEnabled: boolean };

/**
 * `wholePage` also counts what lies outside the view, `lazy` asks for what loads late there, `since` tells what was done to
 * the page after it had settled (`anything` where it is not said), `print` that it has just become print. Takes at most
 * `msMax`.
 */
export type SettleBounds = {
  wholePage: boolean;
  lazy: boolean;
  since?: SettleOptions['since'];
  print?: boolean;
  msMax: number;
  navigatedAt: number;
};

const PARTS: readonly ReadinessPart[] = ['load', 'signal', 'dom', 'timers', 'fonts', 'images', 'busy', 'motion'];
/** The page is looked at once the network has been quiet for `first`, so that both come to their rest at the same time. */
const QUIET_MS = { first: 45, whole: 75 } as const;
const SCRIPTLESS_POLL_MS = 50;
/** A script that blocks its page for this long is one that never ends. */
const ANSWER_SPARE_MS = 500;
/** A part that came to rest within a moment held nothing up. */
const NOTICEABLE_MS = 20;

/**
 * Waits until the page is finished: nothing in flight that the picture may depend on, and in every visible frame all
 * parts at rest at the same time; or, where the app has a signal of its own, until that one comes and fonts and pictures
 * are there. Times are told in milliseconds from `navigatedAt`.
 */
export async function settle(target: ReadinessPage, options: SettleBounds): Promise<Settled> {
  const { network, run } = target;
  const until = Date.now() + run.left(options.msMax);
  const record = recordTimes(options.navigatedAt);
  let held: Held | { part: 'network' | 'frames'; what: string } | null = { part: 'network', what: 'the network' };
  let signal: Signal = 'none';
  while (Date.now() < until) {
    const first = await quietOrReady(target, { until, lazy: options.lazy });
    record.network(network.lastEndedAt());
    if (first === 'late') {
      held = { part: 'network', what: `network, ${network.inFlight()[0] ?? 'requests that follow each other'}` };
      break;
    }
    const slowImages = network.slowImages();
    const result = await settleFrames(target, {
      quietMs: QUIET_MS.whole,
      msMax: Math.max(1, until - Date.now()),
      wholePage: options.wholePage,
      lazy: options.lazy,
      since: options.since ?? 'anything',
      print: options.print ?? false,
      needLoad: !network.hasSetAside(),
      slowImages,
    });
    record.ages(result);
    held = result.held;
    signal = result.signal;
    // Where the app itself says that it is ready, requests that go on are its own affair.
    if (held === null && (signal === 'ready' || (await staysQuiet(target, until)))) break;
    if (held?.part === 'images' && slowImages.length > 0) await slowImageEnds(target, until);
    held ??= { part: 'network', what: 'the network' };
  }
  return { held: held && describe(held), readiness: record.readiness(held, signal) };
}

/** Whether the network, where its quiet is still short, stays quiet for the rest. */
async function staysQuiet({ network, run }: ReadinessPage, until: number): Promise<boolean> {
  const endedAt = network.lastEndedAt();
  if (network.quietForMs() >= QUIET_MS.whole) return true;
  try {
    await run.within(Math.max(1, until - Date.now()), network.whenQuiet(QUIET_MS.whole));
  } catch (error) {
    if (!(error instanceof WaitExpired)) throw error;
    return false;
  }
  return network.lastEndedAt() === endedAt;
}

async function slowImageEnds(target: ReadinessPage, until: number): Promise<void> {
  try {
    await target.run.within(Math.max(1, until - Date.now()), target.network.whenSlowImageEnds());
  } catch (error) {
    if (!(error instanceof WaitExpired)) throw error;
  }
}

/** Resolves when the network is quiet or the app says that it is ready, or with `late` when the time is over. */
async function quietOrReady(target: ReadinessPage, { until, lazy }: { until: number; lazy: boolean }): Promise<'quiet' | 'ready' | 'late'> {
  const { network, run, page, javaScriptEnabled } = target;
  const left = Math.max(1, until - Date.now());
  const quiet = network.whenQuiet(QUIET_MS.first).then(() => 'quiet' as const);
  const never = new Promise<never>(() => undefined);
  // A document that leaves answers nothing: then the quiet of the network is what counts.
  const ready = javaScriptEnabled
    ? page
        .mainFrame()
        .evaluate(askWhenReady, { ms: left, lazy })
        .then(
          (signal) => (signal === 'ready' ? ('ready' as const) : never),
          () => never,
        )
    : never;
  try {
    return await run.within(left, Promise.race([quiet, ready]));
  } catch (error) {
    if (error instanceof WaitExpired) return 'late';
    throw error;
  }
}

/** Notes when each part was last seen unsettled, and which of them was the last. */
function recordTimes(navigatedAt: number) {
  const times: Partial<Record<ReadinessPart | 'network' | 'frames', number>> = {};
  const note = (part: ReadinessPart | 'network' | 'frames', at: number) => {
    times[part] = Math.max(times[part] ?? 0, Math.max(0, Math.round(at - navigatedAt)));
  };
  return {
    network: (at: number) => note('network', at),
    ages: (result: FramesResult) => {
      for (const part of PARTS) {
        const age = result.ages[part];
        if (age !== undefined) note(part, Date.now() - age);
      }
      if (result.framesAge !== null) note('frames', Date.now() - result.framesAge);
    },
    readiness: (held: { part: string; what: string } | null, signal: Signal): Readiness => {
      const noticed = Object.entries(times).filter(([, at]) => at >= NOTICEABLE_MS);
      const [last] = noticed.sort(([, one], [, other]) => other - one);
      // Whatever is awaited shows itself by a change of the document: that change is not what held it up.
      const cause = last?.[0] === 'dom' ? noticed.find(([part, at]) => part !== 'dom' && at >= last[1] - QUIET_MS.whole) : undefined;
      const heldBy = held?.part ?? (cause ?? last)?.[0];
      return {
        settledBy: held === null ? (signal === 'ready' ? 'signal' : 'auto') : `timeout (${held.part})`,
        ...(heldBy === undefined ? {} : { heldBy }),
        network: 0,
        dom: 0,
        fonts: 0,
        images: 0,
        ...times,
      };
    },
  };
}

function describe(held: { part: string; what: string }): string {
  return held.part === 'signal' || held.part === 'network' ? held.what : `${held.part} (${held.what})`;
}

type FramesResult = Omit<SettleResult, 'held'> & { held: Held | { part: 'frames'; what: string } | null; framesAge: number | null };

async function settleFrames(target: ReadinessPage, options: SettleOptions): Promise<FramesResult> {
  const main = target.page.mainFrame();
  const children = await visibleFrames(target, options.wholePage);
  const [own, ...others] = await Promise.all([
    settleFrame(target, main, options),
    ...children.map((frame) => settleFrame(target, frame, { ...options, wholePage: false })),
  ]);
  const framesAge =
    others.length === 0 ? null : Math.min(...others.map((result) => Math.min(Number.POSITIVE_INFINITY, ...Object.values(result.ages))));
  const index = others.findIndex((result) => result.held !== null);
  const heldInside = others[index]?.held;
  const inside = heldInside ? { part: 'frames' as const, what: `${heldInside.what} in ${shownUrl(children[index]?.url() ?? '')}` } : null;
  return {
    ...own,
    held: own.held ?? (own.signal === 'ready' && heldInside?.part !== 'fonts' && heldInside?.part !== 'images' ? null : inside),
    framesAge,
  };
}

async function settleFrame(target: ReadinessPage, frame: Frame, options: SettleOptions): Promise<SettleResult> {
  const { run, page } = target;
  const isMain = frame === page.mainFrame();
  const unknown = (part: ReadinessPart, what: string): SettleResult => ({ held: isMain ? { part, what } : null, signal: 'none', ages: {} });
  try {
    if (!target.javaScriptEnabled) return await settleScriptless(target, frame, options);
    const msMax = options.msMax + ANSWER_SPARE_MS;
    const ask = () =>
      isMain ? askPage(target, askToSettle, { given: options, msMax }) : run.within(msMax, frame.evaluate(askToSettle, options));
    let result = await ask();
    if (!result) {
      await run.within(options.msMax, frame.evaluate(PROBE_SCRIPT));
      result = await ask();
    }
    // Of a frame whose answers cannot be read an empty one comes.
    return result && !isNothing(result) ? result : unknown('load', 'the document to load');
  } catch (error) {
    // A frame that went elsewhere is asked again in the next round; one that answers nothing is busy with its own script.
    if (error instanceof WaitExpired) return unknown('dom', 'a script that blocks the page');
    // A part of the page that has replaced what it would be asked with is pictured as it is.
    if (!isMain && threwInPage(error)) return unknown('load', 'a frame that cannot be asked');
    if (classifyPlaywrightError(error).kind !== 'navigated' && !frame.isDetached()) throw error;
    await run.within(1000, after(SCRIPTLESS_POLL_MS));
    return unknown('load', 'a page that goes elsewhere');
  }
}

async function settleScriptless(target: ReadinessPage, frame: Frame, options: SettleOptions): Promise<SettleResult> {
  const { run } = target;
  const until = Date.now() + options.msMax;
  const ask = async () => {
    const known = await run.within(options.msMax, frame.evaluate(askOnce, options));
    if (known) return known;
    await run.within(options.msMax, frame.evaluate(PROBE_SCRIPT));
    return await run.within(options.msMax, frame.evaluate(askOnce, options));
  };
  let result = await ask();
  while (result?.held && Date.now() < until) {
    await run.within(1000, after(SCRIPTLESS_POLL_MS));
    result = await ask();
  }
  return result ?? { held: null, signal: 'none', ages: {} };
}
