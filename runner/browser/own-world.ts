/// <reference lib="dom" />
import type { CDPSession } from 'playwright';
import type { CaptureRun } from './capture-run.ts';

/** Something that lives in our own world of a document. */
export type Held<T> = {
  /** Runs `use` beside it and returns what it returns, as JSON. `use` takes nothing along. Waits no longer than STEP_MS_MAX. */
  ask<R>(use: (it: T) => R): Promise<R>;
};
type Tab = { cdp: CDPSession; run: CaptureRun };

const STEP_MS_MAX = 5000;
const WORLD = 'sessionshot';
const mainFrameIds = new WeakMap<CDPSession, string>();

/**
 * Makes something in the main document, in a world of our own: an application that has replaced parts of JavaScript's or the
 * browser's own library has done so for itself only. `expression` is called with what `makeBare` makes. Throws what
 * `classifyPlaywrightError` calls navigated where the document is gone, then and with each question.
 */
export async function holdInOwnWorld<T>({ cdp, run }: Tab, expression: string): Promise<Held<T>> {
  const contextId = await openWorld({ cdp, run });
  const made = cdp.send('Runtime.evaluate', { expression: `(${expression})((${makeBare})())`, contextId });
  const { result, exceptionDetails } = await run.within(STEP_MS_MAX, made);
  const { objectId } = result;
  if (exceptionDetails || objectId === undefined) throw new Error('Our own script failed in the page.');
  return {
    ask: async (use) => {
      const functionDeclaration = `function () { return (${use})(this); }`;
      const call = cdp.send('Runtime.callFunctionOn', { objectId, functionDeclaration, returnByValue: true, awaitPromise: true });
      const answer = await run.within(STEP_MS_MAX, call);
      if (answer.exceptionDetails) throw new Error('Our own script failed in the page.');
      return answer.result.value;
    },
  };
}

/**
 * Runs a function there once and returns what it returns, as JSON; a promise is waited for, for `msMax` at most. The rest is
 * as above.
 */
export async function runInOwnWorld<T = void>(tab: Tab, expression: string, msMax = STEP_MS_MAX): Promise<T> {
  const contextId = await openWorld(tab);
  const call = tab.cdp.send('Runtime.evaluate', {
    expression: `(${expression})((${makeBare})())`,
    contextId,
    returnByValue: true,
    awaitPromise: true,
  });
  const { result, exceptionDetails } = await tab.run.within(msMax, call);
  if (exceptionDetails) throw new Error('Our own script failed in the page.');
  return result.value;
}

/** Makes that world where the document has none yet, and returns the id of its execution context. Throws as the others do. */
export async function openWorld({ cdp, run }: Tab): Promise<number> {
  const frameId = mainFrameIds.get(cdp) ?? (await run.within(STEP_MS_MAX, cdp.send('Page.getFrameTree'))).frameTree.frame.id;
  mainFrameIds.set(cdp, frameId); // It stays while the tab lives, whatever is loaded there.
  const world = cdp.send('Page.createIsolatedWorld', { frameId, worldName: WORLD });
  return (await run.within(STEP_MS_MAX, world)).executionContextId;
}

/** The node itself, read past the names that its content has put in front of its properties. Not to be handed on. */
export type Bare = <T extends Node>(node: T) => T;

/**
 * Makes that. A form has a property for each field, before those of its own: one with a field `children` or `style` has no
 * other. So has a document for its forms and pictures. Sent to the page as text: it uses nothing from outside itself.
 */
export function makeBare(): Bare {
  return (node) => {
    if (!(node instanceof HTMLFormElement || node instanceof Document)) return node;
    const plain: object = Object.getPrototypeOf(node);
    return new Proxy(node, {
      get: (_node, name) => {
        const value: unknown = Reflect.get(plain, name, node);
        return typeof value === 'function' ? value.bind(node) : value;
      },
      set: (_node, name, value) => Reflect.set(plain, name, value, node),
    });
  };
}
