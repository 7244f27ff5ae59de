/// <reference lib="dom" />
import { setTimeout as after } from 'node:timers/promises';
import type { Frame, Page, Request } from 'playwright';
import type { CaptureRequest } from '#shared/capture-request.ts';
import { answeringFrames } from '../answering-frames.ts';
import { CaptureFault, type CaptureRun } from '../capture-run.ts';
import { restPage } from '../render/rest-page.ts';
import { installClock } from './page-clock.ts';
import { installDates } from './page-dates.ts';
import { installRandom } from './page-random.ts';
import { installTimes } from './page-times.ts';
import { stillPage } from './still-page.ts';

/** Where the page's clock starts when the request names no time. */
export const TIME_DEFAULT = '2025-01-01T00:00:00.000Z';
/** Two runners may stand in different places: a reproducible capture has one, whatever theirs are. */
export const LOCALE_DEFAULT = 'en-US';
export const TIME_ZONE_DEFAULT = 'UTC';
/** What a reproducible capture holds still, in the words of its report. */
const FIXED = ['clock', 'timers', 'random', 'animations', 'images', 'videos', 'caret', 'motion', 'locale', 'timezone'];

const SEED = 20_250_101;
const STEP_MS = 50;
const PACE_MS = 20;
/** The clock ends at a multiple of this, so that a slower run ends at the same instant as a fast one. */
const ROUND_MS = 20_000;
const ROUND_STEP_MS = 500;
/** A request that is open for longer is a long poll: the clock goes on without it. */
const OPEN_MS_MAX = 3000;
const ARRIVE_MS = 8;
const FRAME_MS_MAX = 2000;
/** For a page that is never idle: it animates by itself, and its clock must go on. */
const IDLE_MS_MAX = 1500;
/** How often an answer may lead to the next request before the clock goes on: a page may ask without end. */
const ROUNDS_MAX = 20;
const FRAMES_MAX = 50;
const COUNTED = new Set(['document', 'stylesheet', 'script', 'xhr', 'fetch', 'image', 'font']);

export type Reproducer = {
  /** What is fixed, for the report. */
  fixed(format: string): string[];
  /** Lets the page's clock run from here on, ahead of the real one and never while something is loading. */
  start(): void;
  /** Runs the clock to its end, stops it there, and brings everything that moves to rest. Timers set later are real. */
  hold(): Promise<void>;
  close(): void;
};

/** The start of the page's clock in milliseconds since the epoch, or null where the request asks for none of this. */
export function clockStart(request: Pick<CaptureRequest, 'reproducible'>): number | null {
  if (request.reproducible === false) return null;
  return Date.parse(request.reproducible === true ? TIME_DEFAULT : request.reproducible.time);
}

/** The same instant as Chromium writes it on paper, in the language and the place of the capture; null as above. */
export function clockDate(request: Pick<CaptureRequest, 'reproducible' | 'locale' | 'timezoneId'>): string | null {
  const time = clockStart(request);
  if (time === null) return null;
  const { locale = LOCALE_DEFAULT, timezoneId: timeZone = TIME_ZONE_DEFAULT } = request;
  return new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short', timeZone }).format(time);
}

/** Fixes time and chance in every document that the page loads from now on. */
export async function makeReproducible(tab: { page: Page; run: CaptureRun }, time: number): Promise<Reproducer> {
  const { page, run } = tab;
  await run.within(FRAME_MS_MAX, page.addInitScript(installDates, { time }));
  await run.within(FRAME_MS_MAX, page.addInitScript(installTimes, { time }));
  await run.within(FRAME_MS_MAX, page.addInitScript(installClock, { time }));
  await run.within(FRAME_MS_MAX, page.addInitScript(installRandom, { seed: SEED }));
  const idle = () => inFrame(run, page.evaluate(awaitIdle, IDLE_MS_MAX));
  const loading = watchLoading(page, idle);
  const stopped = new AbortController();
  let pump: Promise<void> | null = null;
  const each = async (work: (frame: Frame) => Promise<unknown>) => {
    const frames = await answeringFrames({ page, run }, FRAMES_MAX);
    await Promise.all(frames.map((frame) => inFrame(run, work(frame))));
  };
  const advance = async (to: number) => {
    await each((frame) => frame.evaluate(advanceClock, to));
    await loading.done(stopped.signal);
  };
  const elapsed = async () => Number(await run.within(FRAME_MS_MAX, page.evaluate(readClock)));

  const pumpOn = async () => {
    while (!stopped.signal.aborted && run.stopped() === null) {
      await loading.done(stopped.signal);
      // Ended while something was loading: the clock goes on in `hold`, when that has come.
      if (stopped.signal.aborted) return;
      await each((frame) => frame.evaluate(stepClock, STEP_MS));
      await after(PACE_MS);
    }
  };
  const stop = async () => {
    stopped.abort();
    await pump;
  };
  return {
    fixed: (format) => [...FIXED, ...(format === 'pdf' ? ['pdf'] : [])],
    start: () => {
      pump ??= pumpOn().catch(() => undefined); // Ends with the capture, whose own waits tell the reason.
    },
    hold: async () => {
      await stop();
      const ended = new AbortController();
      await loading.done(ended.signal);
      const from = await elapsed();
      const end = Math.ceil((from + 1) / ROUND_MS) * ROUND_MS;
      for (let to = from; to < end && run.stopped() === null; ) {
        to = Math.min(end, to + ROUND_STEP_MS);
        await each((frame) => frame.evaluate(advanceClock, to));
        await loading.done(ended.signal);
      }
      // A frame that came late stands behind the others, and what the last timers loaded may still draw.
      await advance(end);
      await each((frame) => frame.evaluate(holdClock));
      await each((frame) => frame.evaluate(stillPage));
      await each((frame) => frame.evaluate(restPage, { stopAnimations: true, hideCaret: true, style: '', hasTimers: false }));
    },
    close: () => {
      stopped.abort();
      loading.close();
    },
  };
}

/** A frame that is leaving, or busy with its own script, is passed over: its successor has a clock of its own. */
async function inFrame(run: CaptureRun, work: Promise<unknown>): Promise<void> {
  try {
    await run.within(FRAME_MS_MAX, work);
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
  }
}

/** Knows what is loading, long polls apart, so that the page's clock can wait for it. */
function watchLoading(page: Page, idle: () => Promise<void>) {
  const open = new Map<Request, number>();
  let ended = 0;
  let heeded = 0;
  const begin = (request: Request) => {
    if (COUNTED.has(request.resourceType()) && /^https?:/.test(request.url())) open.set(request, Date.now());
  };
  const end = (request: Request) => {
    if (open.delete(request)) ended += 1;
  };
  page.on('request', begin).on('requestfinished', end).on('requestfailed', end);
  const isLoading = () => [...open.values()].some((since) => Date.now() - since < OPEN_MS_MAX);
  return {
    done: async (signal: AbortSignal) => {
      for (let round = 0; round < ROUNDS_MAX; round++) {
        // A request that a timer has just made is told a moment after the timer.
        await after(ARRIVE_MS);
        while (isLoading() && !signal.aborted) await after(ARRIVE_MS);
        if (heeded === ended || signal.aborted) return;
        // What is answered is not yet read: on a busy machine the page would read it at a later hour of its clock.
        heeded = ended;
        await idle();
      }
    },
    close: () => {
      page.off('request', begin).off('requestfinished', end).off('requestfailed', end);
    },
  };
}

/** The functions below run in the page. */
function readClock(): number {
  return window.__sessionshotClock?.elapsed() ?? 0;
}

async function awaitIdle(ms: number): Promise<void> {
  await window.__sessionshotClock?.idle(ms);
}

async function advanceClock(to: number): Promise<void> {
  await window.__sessionshotClock?.advance(to);
}

async function stepClock(ms: number): Promise<void> {
  const clock = window.__sessionshotClock;
  await clock?.advance(clock.elapsed() + ms);
}

function holdClock(): void {
  window.__sessionshotClock?.hold();
}
