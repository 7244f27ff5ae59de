import { answeringFrames } from '../answering-frames.ts';
import { createRedaction } from '../controls/redact-page.ts';
import { clockDate, clockStart } from '../controls/reproduce.ts';
import { expandForPrint } from '../expand/expand-for-print.ts';
import { showAllRows } from '../expand/show-all-rows.ts';
import { unpinForPrint } from '../expand/unpin-for-print.ts';
import { askLeavePrint } from '../readiness/readiness-probe.ts';
import { settleAgain } from '../readiness/settle-visit.ts';
import { render } from '../render/render.ts';
import type { Rendered } from '../render/rendered.ts';
import { layOutForSheet } from '../render/single-page.ts';
import { looksOther } from '../verdict/page-state.ts';
import { chooseMedia, emulateMedium } from './emulation.ts';
import type { Visit } from './visit.ts';

const SWITCH_MS_MAX = 10_000;
const LEAVE_MS_MAX = 1000;
/** A page with less text is read again on paper, whatever lies on top. */
const SHORT_CHARS = 900;
const FRAMES_MAX = 50;

/**
 * Makes the result of a judged page, redacted where the request asks for it. A page is used and judged as people see it,
 * on a screen: styles for print often take away the very menu that shows who is signed in. Only then it becomes print,
 * and may come to rest anew, because the medium can start loads and drawings of its own.
 */
export async function drawPicture(visit: Visit): Promise<Rendered> {
  const { page, cdp, run, payload, assetBytesMax } = visit;
  const { output, timeouts, redact, waitUntil, javaScriptEnabled } = payload.request;
  const media = chooseMedia(payload.request);
  const isPdf = output.format === 'pdf';
  const isSwitched = media.visit !== media.draw;
  const view = page.viewportSize();
  if (isSwitched) await run.within(SWITCH_MS_MAX, emulateMedium(page, cdp, media.draw));
  const sheet = await layOutForSheet(visit, output);
  await expandForPrint(visit, {
    // A page is told of print in every medium, and what its scripts make of that is neither known nor finished.
    settle: async () => {
      if (isPdf && waitUntil === 'auto') await settleAgain(visit, sheet ? 'anything' : isSwitched ? 'style' : 'nothing', true);
    },
    look: async () => {
      if (isPdf) visit.isPaperOther = await isOther(visit);
    },
  });
  await unpinForPrint(visit);
  await showAllRows(visit);
  const clock = { pdfTime: clockStart(payload.request), pdfDate: clockDate(payload.request) };
  const timeout = { actionTimeout: timeouts.action };
  const draw = () => render({ page, cdp, run, output, javaScriptEnabled, ...timeout, bytesMax: assetBytesMax, ...clock, sheet });
  const rendered = redact.length === 0 ? await draw() : await drawRedacted(visit, draw);
  if (isPdf)
    visit.undress = async () => {
      if (sheet && view) await run.within(SWITCH_MS_MAX, page.setViewportSize(view));
      if (isSwitched) await run.within(SWITCH_MS_MAX, emulateMedium(page, cdp, media.visit));
      await leavePrint(visit);
    };
  return rendered;
}

/**
 * Whether the paper may show something else than the page that was judged. Some places are looked at, and what shows little
 * may show it between them: to read a short page once more costs little.
 */
async function isOther(visit: Visit): Promise<boolean> {
  const { known } = visit;
  return known === null || known.facts.every(({ textLength }) => textLength < SHORT_CHARS) || (await looksOther(visit, known));
}

/** Tells every document that was told of print that it is over. One that leaves or does not answer is none to be told. */
async function leavePrint(visit: Visit): Promise<void> {
  const frames = await answeringFrames(visit, FRAMES_MAX);
  const told = frames.map((frame) => visit.run.within(LEAVE_MS_MAX, frame.evaluate(askLeavePrint)));
  await Promise.allSettled(told);
}

async function drawRedacted(visit: Visit, draw: () => Promise<Rendered>): Promise<Rendered> {
  const redaction = createRedaction(visit, visit.redactEvents);
  await redaction.apply();
  return redaction.guard(draw);
}
