/// <reference lib="dom" />
import type { AppSignal, Signal } from './app-signal.ts';
import type { BusyMarks } from './busy-marks.ts';
import type { Drawings } from './drawings.ts';
import type { LazyParts } from './lazy-parts.ts';
import type { PageAnswers } from './page-answers.ts';
import type { PageIntervals } from './page-intervals.ts';
import type { PagePromises } from './page-promises.ts';
import type { PageSlices } from './page-slices.ts';
import type { PageStamp, Stamp, StampPart } from './page-stamp.ts';
import type { PageWatch } from './page-watch.ts';
import type { Pictures } from './pictures.ts';
import type { PrintEvents } from './print-events.ts';
import type { Restyle } from './restyle.ts';
import type { SeenParts } from './seen-parts.ts';

/** The parts of a document that readiness waits for. `motion` is a transition or a drawing, `timers` what a script has set for soon. */
export type ReadinessPart = 'load' | 'signal' | 'dom' | 'timers' | 'fonts' | 'images' | 'busy' | 'motion';
/**
 * `slowImages` are addresses that the network still waits for; `lazy` asks for what loads when it comes near the view;
 * `since` says what was done to the page since it was seen at rest: `nothing`, a new `style` that shows as soon as
 * it is laid out, or `anything`, which it may take its time to answer. `print`: it has just become print, and is told so first.
 */
export type SettleOptions = {
  quietMs: number;
  msMax: number;
  wholePage: boolean;
  lazy: boolean;
  since: 'nothing' | 'style' | 'anything';
  print: boolean;
  needLoad: boolean;
  slowImages: string[];
};
export type Held = { part: ReadinessPart; what: string };
/** `ages` tells for each part that was waited for how many milliseconds ago it was last seen unsettled. */
export type SettleResult = { held: Held | null; signal: Signal; ages: Partial<Record<ReadinessPart, number>> };
/** How many milliseconds ago any node last changed, and whether there is too little text for a page with its content. */
export type Lately = { touchedMs: number; showsLittle: boolean };
export type Probe = {
  /** Waits until every part is at rest at the same time, for at most `msMax`. */
  settle(options: SettleOptions): Promise<SettleResult>;
  /** One look, for documents whose scripts, and so the timers of the probe, are switched off. */
  look(options: SettleOptions): SettleResult;
  /** Resolves when the app says that it is ready, or after `ms`, with what it says then. */
  whenReady(ms: number): Promise<Signal>;
  isSharedWorker(url: string): boolean;
  lately(): Lately;
  loadLazy(): void;
  /** What changes in the next `ms` milliseconds answers to something that was done to the page. */
  expectAnswers(ms: number): void;
  /** Whether something here may be told when it comes into view, a frame included. */
  mayHeedView(): boolean;
  scrollAreas(): Element[];
  /** From now on, no part of the page is told that it went out of view. */
  keepSeen(): void;
  /** Whether a part of this document is told only when most of it is seen, or when it is well inside of the view. */
  asksForMuch(): boolean;
  stamp(of: StampPart): Stamp;
  /** Closed shadow trees that scripts of this document attached to it. */
  closedRoots(): ShadowRoot[];
  /** Whether a script of this document may be told when other styles apply. */
  heedsStyles(): boolean;
  /** Tells the document that it is no longer print, where it was told that it is. */
  leavePrint(): void;
  /** Device pixels of a CSS pixel, whatever the page says of itself. */
  pixelRatio(): number;
  /** Leaves a style sheet of ours out of the stamp. */
  ownSheet(sheet: CSSStyleSheet): void;
};

type Parts = {
  signal: AppSignal;
  promises: PagePromises;
  intervals: PageIntervals;
  answers: PageAnswers;
  slices: PageSlices;
  busy: BusyMarks;
  pictures: Pictures;
  drawings: Drawings;
  lazyParts: LazyParts;
  seenParts: SeenParts;
  restyle: Restyle;
  printEvents: PrintEvents;
  stamp: PageStamp;
};

/** Brings the parts together. Runs in the page: uses nothing from outside itself. */
export function createProbe(watch: PageWatch, parts: Parts): Probe {
  const LIMIT = {
    motionMs: 2500,
    stalledLoadMs: 1500,
    refreshSeconds: 3,
    refreshSpareMs: 1000,
    throttleMs: 30,
    fallbackMs: 250,
    signalMs: 50,
    littleText: 500,
  };
  const { now, bare } = watch;
  const Native = Promise;
  const readRatio = Reflect.getOwnPropertyDescriptor(window, 'devicePixelRatio')?.get;
  const { signal, promises, intervals, answers, slices, busy, pictures, drawings, lazyParts, seenParts, restyle, printEvents, stamp } =
    parts;
  const heldAt = new Map<ReadinessPart, number>();

  const isLoading = (options: SettleOptions, quietFor: number) => {
    const { readyState } = bare(document);
    if (readyState === 'complete' || (readyState === 'interactive' && !options.needLoad)) return false;
    // `document.open` without `close`, a parser that waits for a script that never comes, a film that never begins: such
    // a document never loads. Where nothing is on its way and nothing changes, it is what a person sees.
    return quietFor < LIMIT.stalledLoadMs;
  };
  /** A page that is about to send the browser elsewhere is not the page that was asked for. */
  const isLeaving = (waited: number) => {
    const content = bare(document).querySelector('meta[http-equiv="refresh" i]')?.getAttribute('content') ?? '';
    const seconds = Number(/^\s*(\d+)/.exec(content)?.[1] ?? Number.NaN);
    return seconds <= LIMIT.refreshSeconds && /url\s*=/i.test(content) && waited < seconds * 1000 + LIMIT.refreshSpareMs;
  };

  const enterPrint = () => printEvents.announce(promises.startAnew);
  const owedUntil = () => promises.owedUntil() ?? intervals.owedUntil() ?? answers.owedUntil() ?? slices.owedUntil();
  let [restyledAt, movedAt] = [0, Number.NEGATIVE_INFINITY];
  const changedAt = () => Math.max(restyledAt, watch.changedAt());
  const lookAt = (options: SettleOptions, since: number, state: Signal): Held | null => {
    const quietFor = now() - Math.max(since, changedAt());
    const asApp = state === 'ready';
    if (state === 'pending') return { part: 'signal', what: signal.what() };
    if (!asApp) {
      if (isLoading(options, quietFor)) return { part: 'load', what: 'the document to load' };
      if (isLeaving(now() - since)) return { part: 'load', what: 'a refresh to another address' };
      if (now() - changedAt() < options.quietMs) {
        // A drawing is known to rest by two looks: the first is taken while the nodes come to rest.
        drawings.isDrawing(options.quietMs);
        return { part: 'dom', what: 'changes of the document' };
      }
    }
    if (pictures.areFontsLoading()) return { part: 'fonts', what: 'fonts' };
    if (pictures.areImagesLoading({ wholePage: options.wholePage, slow: options.slowImages })) return { part: 'images', what: 'pictures' };
    if (asApp) return null;
    if (owedUntil() !== null) return { part: 'timers', what: 'a timer, a worker, a database or slices of work of the page' };
    // Looked at before the busy marks, so that the patience with both runs at the same time.
    const isDrawing = drawings.isDrawing(options.quietMs);
    const mark = busy.find(options.wholePage);
    if (mark && quietFor < mark.holdsMs) return { part: 'busy', what: mark.what };
    // Print may begin a transition in a page that has been quiet for long.
    if (Math.min(quietFor, now() - printEvents.announcedAt()) < LIMIT.motionMs && pictures.isMoving(options.wholePage)) {
      movedAt = now();
      return { part: 'motion', what: 'a transition' };
    }
    // What a script draws when a motion for paper has come to its end may come a little later.
    if (printEvents.announcedAt() > 0 && now() - movedAt < options.quietMs) return { part: 'motion', what: 'the end of a transition' };
    return isDrawing ? { part: 'motion', what: 'a drawing' } : null;
  };
  const report = (held: Held | null, state: Signal): SettleResult => {
    if (held) heldAt.set(held.part, now());
    const ages: SettleResult['ages'] = { dom: now() - watch.changedAt() };
    heldAt.forEach((at, part) => {
      ages[part] = part === 'dom' ? ages.dom : now() - at;
    });
    return { held, signal: state, ages };
  };
  const look = (options: SettleOptions, since: number): SettleResult => {
    if (options.lazy) lazyParts.load();
    const state = signal.state();
    return report(lookAt(options, since, state), state);
  };
  // Without scripts nothing takes a spinner away or says that it is ready: what loads is all there is to wait for.
  const begun = now();
  const lookScriptless = (options: SettleOptions): SettleResult => {
    const isArriving = pictures.areFontsLoading() || pictures.areImagesLoading({ wholePage: options.wholePage, slow: [] });
    if (isLoading(options, now() - begun)) return report({ part: 'load', what: 'the document to load' }, 'none');
    return report(isArriving ? { part: 'images', what: 'pictures or fonts' } : null, 'none');
  };

  // A page is settled several times: what was waited for in vain once is not waited for again, unless the page has changed.
  let firstAt: number | null = null;
  const settle = async (options: SettleOptions): Promise<SettleResult> => {
    const startedAt = now();
    firstAt ??= startedAt;
    if (options.print) enterPrint();
    // What a script makes of new styles may come a little later.
    const isHeeded = options.since === 'style' && restyle.isHeeded();
    if (isHeeded) restyledAt = startedAt;
    let result = look(options, firstAt);
    // A look lays the page out, and where no script answers to styles, that is all that comes of them.
    let isDrawn = options.since !== 'anything' && !isHeeded;
    while (now() - startedAt < options.msMax) {
      const part = result.held?.part;
      // Backgrounds tell no end: whoever watches the network knows when it has come.
      if (part === 'images' && options.slowImages.length > 0) return result;
      if (!part && isDrawn) {
        await pictures.decode();
        // Work in slices and a timer that is late show nothing of themselves, but they leave the page no idle moment.
        if (result.signal !== 'ready') await watch.idle();
        // Both take their time, in which the page may have gone on.
        if (result.signal === 'ready' || (now() - changedAt() >= options.quietMs && owedUntil() === null)) return result;
      }
      const waits = [watch.frames()];
      // While nodes change there is nothing else to look at; afterwards an event of the page is what tells more.
      if (part === 'dom') waits.push(watch.sleep(Math.max(10, Math.min(options.msMax, options.quietMs - (now() - changedAt())))));
      else if (part === 'signal') waits.push(watch.sleep(LIMIT.signalMs));
      else if (part === 'timers') waits.push(watch.sleep(Math.min(LIMIT.fallbackMs, Math.max(10, (owedUntil() ?? 0) - now()))));
      else if (part && part !== 'motion') waits.push(watch.nextEvent(LIMIT.fallbackMs), watch.sleep(LIMIT.throttleMs));
      await Native.all(waits);
      isDrawn = true;
      result = look(options, firstAt);
    }
    return result;
  };
  return {
    settle,
    look: lookScriptless,
    isSharedWorker: promises.isSharedWorker,
    lately: () => ({
      touchedMs: now() - watch.touchedAt(),
      showsLittle: (bare(document).body?.innerText ?? '').length < LIMIT.littleText,
    }),
    loadLazy: lazyParts.load,
    expectAnswers: watch.expectAnswers,
    mayHeedView: lazyParts.mayHeedView,
    scrollAreas: lazyParts.areas,
    keepSeen: seenParts.keep,
    asksForMuch: seenParts.asksForMuch,
    stamp: stamp.take,
    closedRoots: stamp.closedRoots,
    heedsStyles: restyle.isHeeded,
    leavePrint: printEvents.leave,
    ownSheet: stamp.own,
    pixelRatio: () => (readRatio ? Number(Reflect.apply(readRatio, window, [])) : devicePixelRatio),
    whenReady: async (ms) => {
      const until = now() + ms;
      while (signal.state() !== 'ready' && now() < until) await watch.sleep(LIMIT.signalMs * (signal.state() === 'none' ? 2 : 1));
      return signal.state();
    },
  };
}
