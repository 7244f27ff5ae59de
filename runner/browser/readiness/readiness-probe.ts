/// <reference lib="dom" />
/**
 * The in-page half of `waitUntil: "auto"`, put together. It is an init script of every frame: it must run before any other
 * script, ours included, because it takes the browser's own clock and timers. It knows nothing of the caller and holds
 * no secret. `readiness.ts` asks it.
 */
import { makeBare } from '../own-world.ts';
import { type Signal, watchSignal } from './app-signal.ts';
import { watchBusyMarks } from './busy-marks.ts';
import { watchBusyWords } from './busy-words.ts';
import { makeChangeBeats } from './change-beats.ts';
import { watchDrawings } from './drawings.ts';
import { watchLazyParts } from './lazy-parts.ts';
import { watchAnswers } from './page-answers.ts';
import { watchIntervals } from './page-intervals.ts';
import { watchPromises } from './page-promises.ts';
import { watchSlices } from './page-slices.ts';
import { type Stamp, type StampPart, watchStamp } from './page-stamp.ts';
import { watchPage } from './page-watch.ts';
import { watchPictures } from './pictures.ts';
import { watchPrintEvents } from './print-events.ts';
import { watchRestyle } from './restyle.ts';
import { watchSeenParts } from './seen-parts.ts';
import { createProbe, type Lately, type Probe, type SettleOptions, type SettleResult } from './settle-probe.ts';

declare global {
  interface Window {
    __sessionshotProbe?: Probe;
  }
}

/** What the parts of the probe use by its global name and use later than at their start. Every Chromium has all of it. */
const KEPT = [
  ...['Promise', 'Map', 'Number', 'String', 'URL', 'Document', 'ShadowRoot', 'Element', 'DOMRect', 'CSSAnimation', 'KeyframeEffect'],
  ...[
    'HTMLCanvasElement',
    'HTMLFormElement',
    'Proxy',
    'Object',
    'HTMLImageElement',
    'HTMLIFrameElement',
    'SVGAnimationElement',
    'NodeFilter',
    'XPathResult',
    'performance',
    'WeakMap',
  ],
  'getComputedStyle',
];
const KEPT_WHOLE = ['Reflect', 'Math'];

/**
 * The probe as a script: each part is sent as its own text. A second run in the same document does nothing. An application
 * may put its own in the place of any global, or nothing: then not only the probe would fail but also what the probe has
 * hooked, such as the application's own timers. So all parts see copies that were taken before any other script ran.
 */
export const PROBE_SCRIPT = `(({ ${[...KEPT, ...KEPT_WHOLE].join(', ')} }) => {
  if (window.__sessionshotProbe) return;
  const bare = (${makeBare})();
  const watch = (${watchPage})(bare, (${makeChangeBeats})(bare));
  const parts = {
    signal: (${watchSignal})(watch),
    promises: (${watchPromises})(watch),
    intervals: (${watchIntervals})(watch),
    answers: (${watchAnswers})(watch),
    slices: (${watchSlices})(watch),
    busy: (${watchBusyMarks})(watch, (${watchBusyWords})(watch)),
    pictures: (${watchPictures})(watch),
    drawings: (${watchDrawings})(watch),
    lazyParts: (${watchLazyParts})(watch),
    seenParts: (${watchSeenParts})(),
    printEvents: (${watchPrintEvents})(),
    restyle: (${watchRestyle})(),
    stamp: (${watchStamp})(watch),
  };
  Object.defineProperty(window, '__sessionshotProbe', { value: (${createProbe})(watch, parts) });
})({ ${KEPT.join(', ')}, ${KEPT_WHOLE.map((name) => `${name}: Object.create(null, Object.getOwnPropertyDescriptors(${name}))`).join(', ')} });`;

/** Asks the probe of a frame to settle; null where a frame has none. Runs in the page. */
export function askToSettle(options: SettleOptions): Promise<SettleResult> | null {
  return window.__sessionshotProbe?.settle(options) ?? null;
}

/** Asks the probe of a frame once, for pages whose scripts are switched off. Runs in the page. */
export function askOnce(options: SettleOptions): SettleResult | null {
  return window.__sessionshotProbe?.look(options) ?? null;
}

/** Asks the probe whether this is the script of a shared worker. Runs in the page. */
export function askIsSharedWorker(url: string): boolean {
  return window.__sessionshotProbe?.isSharedWorker(url) ?? false;
}

/** Asks the probe what became of the document of late; null where there is none to ask. Runs in the page. */
export function askLately(): Lately | null {
  return window.__sessionshotProbe?.lately() ?? null;
}

/** Asks the probe to tell when the app is ready, and with `lazy` for what loads late, which takes its time. Runs in the page. */
export function askWhenReady({ ms, lazy }: { ms: number; lazy: boolean }): Promise<Signal> | null {
  if (lazy) window.__sessionshotProbe?.loadLazy();
  return window.__sessionshotProbe?.whenReady(ms) ?? null;
}

/** Tells the document that it is no longer about to be printed, where it was told so. Runs in the page. */
export function askLeavePrint(): void {
  window.__sessionshotProbe?.leavePrint();
}

/** Tells the probe that the page is about to answer to what is done to it, for so many milliseconds. Runs in the page. */
export function tellExpectAnswers(ms: number): void {
  window.__sessionshotProbe?.expectAnswers(ms);
}

/** Asks the probe for the stamp of its document; null where there is none to ask. Runs in the page. */
export function askStamp(of: StampPart): Stamp | null {
  return window.__sessionshotProbe?.stamp(of) ?? null;
}

/** Asks the probe for the device pixels of a CSS pixel. Runs in the page. */
export function askPixelRatio(): number {
  return window.__sessionshotProbe?.pixelRatio() ?? window.devicePixelRatio;
}

/** Asks the probe whether a script may answer to other styles; true where there is none to ask. Runs in the page. */
export function askHeedsStyles(): boolean {
  return window.__sessionshotProbe?.heedsStyles() ?? true;
}

/** Asks the probe whether coming into view may make something load; true where there is no probe to ask. Runs in the page. */
export function askMayHeedView(): boolean {
  return window.__sessionshotProbe?.mayHeedView() ?? true;
}
