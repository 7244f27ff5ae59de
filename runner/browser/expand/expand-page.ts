import { LIMITS } from '#shared/limits.ts';
import { WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { type Held, holdInOwnWorld } from '../own-world.ts';
import { followGrowth } from '../readiness/follow-growth.ts';
import { settleAgain, settleForPicture } from '../readiness/settle-visit.ts';
import type { Visit } from '../visit/visit.ts';
import { hasCutElement } from './find-cut-element.ts';
import { makeVoidFinder, type VoidFinder } from './find-void.ts';
import { makeLayoutReader } from './layout-reader.ts';
import { makeScrollGrower, type ScrollGrower } from './scroll-grower.ts';
import { makeStyleChanges } from './style-changes.ts';

/**
 * Makes the page as tall as its content before it is drawn: opens the inner scroll areas where the output asks for it, without
 * a change of the viewport, so that `vh`, media queries and resize handlers see what they saw before, and lets what comes into
 * the page by that load and settle. Content that makes an area grow again is followed: `followGrowth`. A page that does not
 * answer in time is pictured as it is then, and partial; one that goes elsewhere meanwhile is left to the judgement that follows.
 */
export async function expandPage(visit: Visit): Promise<void> {
  const { output } = visit.payload.request;
  if (output.format === 'pdf') return;
  const isOfElements = output.selector !== undefined || output.selectors !== undefined;
  const opens = output.expandScrollContainers ?? (output.fullPage || (isOfElements && (await hasCutElement(visit))));
  if (!(opens || output.fullPage)) return;
  const limits = { heightMax: output.maxHeight ?? LIMITS.heightPxMax, cut: output.maxHeight !== undefined };
  try {
    if (!opens) {
      const finder = await holdInOwnWorld<VoidFinder>(visit, `(bare) => (${makeVoidFinder})(bare, ${limits.heightMax})`);
      visit.hasVoid = await finder.ask((it) => it.hasVoid());
      return;
    }
    const script = `(bare) => (${makeScrollGrower})((${makeLayoutReader})(bare), (${makeStyleChanges})(bare), ${JSON.stringify(limits)}, (${makeVoidFinder})(bare, ${limits.heightMax}))`;
    const grower = await holdInOwnWorld<ScrollGrower>(visit, script);
    const follows = followGrowth({ until: Date.now() + visit.run.left(visit.payload.request.timeouts.readiness), isWhole: true });
    let isOpened = false;
    for (;;) {
      const { opened, grown, hasVoid } = await grower.ask((it) => it.grow());
      visit.hasVoid = hasVoid && output.fullPage === true;
      if (opened === 0 || grown === null) break;
      isOpened = true;
      await settleForPicture(visit, { touched: false, opened: true });
      const next = follows(grown);
      if (next === 'cut' && !limits.cut) visit.observed.partial = true;
      if (next !== 'on') break;
    }
    if (isOpened) await closeEmpty(visit, grower);
  } catch (error) {
    if (classifyPlaywrightError(error).kind === 'navigated') return;
    if (!(error instanceof WaitExpired) || visit.run.stopped()) throw error;
    visit.observed.partial = true;
  }
}

/** A list that draws only what is in view leaves a void where it was opened: then it is shown as a person sees it. */
async function closeEmpty(visit: Visit, grower: Held<ScrollGrower>): Promise<void> {
  const closed = await grower.ask((it) => it.closeEmpty());
  if (closed && visit.payload.request.waitUntil === 'auto') await settleAgain(visit);
}
