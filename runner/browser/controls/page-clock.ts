/// <reference lib="dom" />
/**
 * A clock of our own for every frame, for captures that must come out the same each time. It stands until `advance` is
 * called, and then runs the page's timers and animation frames in the order of their due times, so that a page sees the
 * same instants however fast the machine is. A clock that merely stood would break what measures time: a debounced
 * function would never fire and a chart never finish its drawing. Runs in the page: uses nothing from outside itself.
 */
export type PageClock = {
  advance(to: number): Promise<void>;
  hold(): void;
  elapsed(): number;
  /** Resolves when the page has done what lay ready for it, or after `ms` of real time. */
  idle(ms: number): Promise<void>;
};

declare global {
  interface Window {
    __sessionshotClock?: PageClock;
  }
}

/** Puts the clock in place of the frame's own; `time` is where it starts, milliseconds since the epoch. */
export function installClock(options: { time: number }): void {
  if (window.__sessionshotClock) return;
  type Due = { at: number; order: number; every: number | null; run: () => void };
  const SPIN_MAX = 5000;
  const RUNS_MAX = 20_000;
  const FRAME_MS = 1000 / 60;
  const RealDate = Date;
  const native = {
    setTimeout: window.setTimeout.bind(window),
    setInterval: window.setInterval.bind(window),
    clearTimeout: window.clearTimeout.bind(window),
    requestAnimationFrame: window.requestAnimationFrame.bind(window),
    cancelAnimationFrame: window.cancelAnimationFrame.bind(window),
    requestIdleCallback: window.requestIdleCallback.bind(window),
    cancelIdleCallback: window.cancelIdleCallback.bind(window),
    report: window.reportError.bind(window),
  };
  const due = new Map<number, Due>();
  const frames = new Map<number, FrameRequestCallback>();
  let elapsed = 0;
  let looks = 0;
  let isHeld = false;
  // Ids of our own start high: they must not be taken for those of the browser's own timers.
  let lastId = 1_000_000;
  let nextFrameAt = FRAME_MS;

  // A script that waits in a loop until the time is over would wait for ever: such a loop moves the clock itself.
  const look = () => {
    looks += 1;
    if (looks > SPIN_MAX) elapsed += 1;
    return elapsed;
  };
  const now = () => options.time + Math.floor(look());

  const PageDate: DateConstructor = new Proxy(RealDate, {
    construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self === PageDate ? target : self),
    apply: () => new RealDate(now()).toString(),
  });
  RealDate.now = () => now();
  RealDate.prototype.constructor = PageDate;
  window.Date = PageDate;
  performance.now = () => look();
  Object.defineProperty(performance, 'timeOrigin', { value: options.time, configurable: true });

  const park = (handler: TimerHandler, ms: unknown, rest: unknown[], repeats: boolean): number => {
    // While the page is held only our own functions set timers that matter: they need the real ones.
    if (isHeld || typeof handler !== 'function') {
      const wait = Number(ms) || 0;
      return repeats ? native.setInterval(handler, wait, ...rest) : native.setTimeout(handler, wait, ...rest);
    }
    const wait = Math.max(1, Number(ms) || 0);
    lastId += 1;
    due.set(lastId, { at: elapsed + wait, order: lastId, every: repeats ? wait : null, run: () => handler(...rest) });
    return lastId;
  };
  const clear = (id?: number) => {
    if (id !== undefined && !due.delete(Number(id))) native.clearTimeout(id);
  };
  const replacements = {
    setTimeout: (handler: TimerHandler, ms?: number, ...rest: unknown[]) => park(handler, ms, rest, false),
    setInterval: (handler: TimerHandler, ms?: number, ...rest: unknown[]) => park(handler, ms, rest, true),
    clearTimeout: clear,
    clearInterval: clear,
    requestAnimationFrame: (callback: FrameRequestCallback) => {
      if (isHeld) return native.requestAnimationFrame(callback);
      lastId += 1;
      frames.set(lastId, callback);
      return lastId;
    },
    cancelAnimationFrame: (id: number) => {
      if (!frames.delete(id)) native.cancelAnimationFrame(id);
    },
    requestIdleCallback: (callback: IdleRequestCallback, idle?: IdleRequestOptions) =>
      isHeld
        ? native.requestIdleCallback(callback, idle)
        : park(() => callback({ didTimeout: false, timeRemaining: () => 10 }), 1, [], false),
    cancelIdleCallback: (id: number) => {
      if (!due.delete(id)) native.cancelIdleCallback(id);
    },
  };
  Object.assign(window, replacements);

  const attempt = (run: () => void) => {
    try {
      run();
    } catch (error) {
      native.report(error); // As for a timer of the browser's own: the page's error handler hears of it.
    }
  };
  const runFrame = () => {
    nextFrameAt += FRAME_MS;
    const batch = [...frames.values()];
    frames.clear();
    for (const callback of batch) attempt(() => callback(elapsed));
  };
  const next = (): Due | null => {
    let first: Due | null = null;
    for (const entry of due.values())
      if (!first || entry.at < first.at || (entry.at === first.at && entry.order < first.order)) first = entry;
    return first;
  };
  const step = (to: number): boolean => {
    const entry = next();
    const isFrame = frames.size > 0 && (!entry || nextFrameAt < entry.at);
    const at = isFrame ? nextFrameAt : (entry?.at ?? Number.POSITIVE_INFINITY);
    if (at > to) return false;
    elapsed = Math.max(elapsed, at);
    looks = 0;
    if (isFrame) runFrame();
    else if (entry) {
      if (entry.every === null) due.delete(entry.order);
      else entry.at += entry.every;
      attempt(entry.run);
    }
    return true;
  };
  const advance = async (to: number) => {
    for (let runs = 0; runs < RUNS_MAX && step(to); runs++) await null; // Promises of the page go on between two timers.
    elapsed = Math.max(elapsed, to);
    looks = 0;
    while (nextFrameAt <= elapsed) nextFrameAt += FRAME_MS;
  };
  const hold = () => {
    isHeld = true;
  };
  const idle = (ms: number) => new Promise<void>((resolve) => native.requestIdleCallback(() => resolve(), { timeout: ms }));
  Object.defineProperty(window, '__sessionshotClock', { value: { advance, hold, elapsed: () => elapsed, idle } });
}
