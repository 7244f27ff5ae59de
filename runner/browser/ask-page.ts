import type { CDPSession, Page } from 'playwright';
import type { CaptureRun } from './capture-run.ts';
import { threwInPage } from './classify-playwright-error.ts';
import { type Bare, makeBare, runInOwnWorld } from './own-world.ts';
import { PROBE_SCRIPT } from './readiness/readiness-probe.ts';

export type AskedPage = { page: Page; cdp: CDPSession; run: CaptureRun };

/**
 * Runs one of our functions in the main document, in the page's own world, where the probe is, and returns its answer, which
 * is never undefined. An application may have replaced or taken away what the function, or Playwright's way of sending it,
 * is made of. Then it is asked there once more without Playwright, which the probe's own copies outlast; and at last it runs
 * in a world of our own, beside a probe that sees the document but not the timers and variables of the page. Waits `msMax`
 * milliseconds for each; throws as `page.evaluate` does.
 */
export async function askPage<A, R>(
  target: AskedPage,
  use: (given: A, bare: Bare) => R,
  { given, msMax }: { given: A; msMax: number },
): Promise<Awaited<R>> {
  const send = callOf(use, given);
  try {
    const answer: Awaited<R> | undefined = await target.run.within(msMax, target.page.evaluate<Awaited<R>>(send));
    if (!isNothing(answer)) return answer;
  } catch (error) {
    if (!threwInPage(error)) throw error;
  }
  const plain = await askPlainly<Awaited<R>>(target, send, msMax);
  if (!isNothing(plain)) return plain;
  return runInOwnWorld<Awaited<R>>(target, `() => { ${PROBE_SCRIPT} return ${send}; }`, msMax);
}

/** Asks in the page's own world by the protocol alone, which reads an answer without any script; undefined where it throws. */
async function askPlainly<R>({ cdp, run }: AskedPage, expression: string, msMax: number): Promise<R | undefined> {
  const call = cdp.send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
  const { result, exceptionDetails } = await run.within(msMax, call);
  return exceptionDetails ? undefined : result.value;
}

/** The call of a function of ours as text, with what it reads clobbered elements through. */
export function callOf<A>(use: (given: A, bare: Bare) => unknown, given: A): string {
  return `(${use})(${JSON.stringify(given)}, (${makeBare})())`;
}

/** What Playwright says where it could not read an answer, or could not wait for it: none of our functions does. */
export function isNothing<T>(answer: T | undefined): answer is undefined {
  return (
    answer === undefined || (typeof answer === 'object' && answer !== null && Object.keys(answer).length === 0 && !Array.isArray(answer))
  );
}

/** Does the same with a function that answers nothing. What a first run has done of its work is done again. */
export async function tellPage<A>(
  target: AskedPage,
  use: (given: A, bare: Bare) => void | Promise<void>,
  { given, msMax }: { given: A; msMax: number },
): Promise<void> {
  const send = callOf(use, given);
  try {
    await target.run.within(msMax, target.page.evaluate<void>(send));
  } catch (error) {
    if (!threwInPage(error)) throw error;
    await runInOwnWorld(target, `() => { ${PROBE_SCRIPT} return ${send}; }`, msMax);
  }
}
