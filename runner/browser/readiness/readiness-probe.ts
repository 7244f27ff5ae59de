/// <reference lib="dom" />
/**
 * The in-page half of `waitUntil: "auto"`, put together. It is an init script of every frame: it must run before any other
 * script, ours included, because it takes the browser's own clock and timers. It knows nothing of the caller and holds
 * no secret. `readiness.ts` asks it.
 */
import { watchBusyMarks } from './busy-marks.ts';
import { watchDrawings } from './drawings.ts';
import { watchPromises } from './page-promises.ts';
import { watchPage } from './page-watch.ts';
import { watchPictures } from './pictures.ts';
import { createProbe, type Probe, type SettleOptions, type SettleResult, type Signal } from './settle-probe.ts';

declare global {
  interface Window {
    __sessionshotProbe?: Probe;
  }
}

/** The probe as a script: each part is sent as its own text. A second run in the same document does nothing. */
export const PROBE_SCRIPT = `(() => {
  if (window.__sessionshotProbe) return;
  const watch = (${watchPage})();
  const parts = {
    promises: (${watchPromises})(watch),
    busy: (${watchBusyMarks})(watch),
    pictures: (${watchPictures})(watch),
    drawings: (${watchDrawings})(watch),
  };
  Object.defineProperty(window, '__sessionshotProbe', { value: (${createProbe})(watch, parts) });
})();`;

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

/** Asks the probe to tell when the app is ready. Runs in the page. */
export function askWhenReady(ms: number): Promise<Signal> | null {
  return window.__sessionshotProbe?.whenReady(ms) ?? null;
}
