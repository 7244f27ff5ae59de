/// <reference lib="dom" />
import type { PageWatch } from './page-watch.ts';

export type Signal = 'none' | 'pending' | 'ready';
/** The app's own word on whether it is ready. */
export type AppSignal = {
  state(): Signal;
  /** Its name, for people. */
  what(): string;
};

/** Reads `window.__sessionshotReady` and `data-capture-ready`. Runs in the page: uses nothing from outside itself. */
export function watchSignal({ bare }: PageWatch): AppSignal {
  const SIGNAL = '__sessionshotReady';
  const Native = Promise;
  const trim = String.prototype.trim;
  // A variable that is declared and not yet true, or an attribute `false` or `pending`, says "wait";
  // a promise says it until it is fulfilled. A rejected one stays pending: the app never came to its ready state.
  const answered = new WeakMap<object, boolean>();
  const valueSignal = (): Signal => {
    if (!(SIGNAL in window)) return 'none';
    let value: unknown;
    try {
      value = Reflect.get(window, SIGNAL);
    } catch {
      return 'pending'; // A getter that throws is an app that is not ready.
    }
    if (typeof value !== 'object' || value === null || !('then' in value)) return value ? 'ready' : 'pending';
    if (!answered.has(value)) {
      answered.set(value, false);
      Native.resolve(value).then(
        () => answered.set(value, true),
        () => undefined,
      );
    }
    return answered.get(value) ? 'ready' : 'pending';
  };
  const attributeSignal = (): Signal => {
    const { documentElement, body } = bare(document);
    const value = documentElement?.getAttribute('data-capture-ready') ?? body?.getAttribute('data-capture-ready') ?? null;
    if (value === null) return 'none';
    return /^(?:false|pending|0|no)$/i.test(Reflect.apply(trim, value, [])) ? 'pending' : 'ready';
  };
  const state = (): Signal => {
    const [byValue, byAttribute] = [valueSignal(), attributeSignal()];
    if (byValue === 'pending' || byAttribute === 'pending') return 'pending';
    return byValue === 'ready' || byAttribute === 'ready' ? 'ready' : 'none';
  };
  return {
    state,
    what: () => (SIGNAL in window ? `the app's signal \`window.${SIGNAL}\`` : "the app's signal `data-capture-ready`"),
  };
}
