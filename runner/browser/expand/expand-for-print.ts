import { LIMITS } from '#shared/limits.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { holdInOwnWorld } from '../own-world.ts';
import { settleAgain, settleForPicture } from '../readiness/settle-visit.ts';
import type { Visit } from '../visit/visit.ts';
import { makeLayoutReader } from './layout-reader.ts';
import { makePrintOpener, type PrintOpener } from './print-opener.ts';
import { makeStyleChanges } from './style-changes.ts';

/**
 * Opens the inner scroll areas of a page that is about to be printed, unless the output says not to, and lets what comes
 * into the page by that load and settle. Without this an app that scrolls inside a shell prints one screen. A page that
 * goes elsewhere meanwhile is left to the judgement that follows. `settle` waits for what the new medium changes; what
 * opens the areas is made meanwhile. `look` is asked of the settled page before any area is opened.
 */
export async function expandForPrint(visit: Visit, { settle, look }: Record<'settle' | 'look', () => Promise<void>>): Promise<void> {
  const { output, waitUntil } = visit.payload.request;
  if (output.format !== 'pdf' || output.expandScrollContainers === false) {
    await settle();
    return look();
  }
  const script = `(bare) => (${makePrintOpener})((${makeLayoutReader})(bare), (${makeStyleChanges})(bare), ${LIMITS.printAreaPxMax})`;
  const making = holdInOwnWorld<PrintOpener>(visit, script);
  making.catch(() => undefined); // It is awaited below, unless the page does not settle.
  await settle();
  // Asked in turn and awaited together: the page answers one after the other.
  const looked = look();
  looked.catch(() => undefined); // It is awaited below, whatever becomes of the areas.
  try {
    const opener = await making;
    const opened = await opener.ask((it) => it.open()).finally(() => looked);
    if (opened === 0) return;
    await settleForPicture(visit, { touched: true });
    const closed = await opener.ask((it) => it.closeEmpty());
    if (closed && waitUntil === 'auto') await settleAgain(visit);
  } catch (error) {
    if (classifyPlaywrightError(error).kind !== 'navigated') throw error;
    await looked;
  }
}
