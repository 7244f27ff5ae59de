import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { runInOwnWorld } from '../own-world.ts';
import { printedWidthOf } from '../render/single-page.ts';
import type { Visit } from '../visit/visit.ts';
import { unpinPaper } from './unpin-paper.ts';

/**
 * Takes the pins out of a page that is about to be printed: print puts what is fixed on each sheet, over the text that
 * runs through all of them. A page that goes elsewhere meanwhile is left to the judgement that follows.
 */
export async function unpinForPrint(visit: Visit): Promise<void> {
  const { output } = visit.payload.request;
  if (output.format !== 'pdf') return;
  const given = { paperWidth: printedWidthOf(output), isWholeOnly: output.expandScrollContainers === false };
  try {
    await runInOwnWorld(visit, `(bare) => (${unpinPaper})(bare, ${JSON.stringify(given)})`);
  } catch (error) {
    if (classifyPlaywrightError(error).kind !== 'navigated') throw error;
  }
}
