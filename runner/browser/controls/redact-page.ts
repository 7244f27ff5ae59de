import type { Frame } from 'playwright';
import { failure } from '#shared/failure.ts';
import { LIMITS } from '#shared/limits.ts';
import { REDACT_MASK, type RedactRule, textRuleOf } from '#shared/redact.ts';
import { answeringFrames } from '../answering-frames.ts';
import { CaptureFault, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import type { Visit } from '../visit/visit.ts';
import { findTextless } from './redact-drawings.ts';
import type { RedactEvents } from './redact-hooks.ts';
import type { RedactorState } from './redact-ledger.ts';
import { isNativeCss, markElements } from './redact-marks.ts';
import { closedRootsOf, findLeaks } from './redact-proof.ts';
import { SearchExpired } from './redact-search.ts';
import type { PageRule } from './redact-text.ts';
import { createWorlds, evaluateIn, TooManyFrames, type World, WorldClosed, type Worlds } from './redact-worlds.ts';
import { REDACTOR, redactorScript } from './redactor.ts';

export type Redaction = {
  /** Redacts the page as it is now and keeps it redacted. Throws where a rule that must find something finds nothing. */
  apply(): Promise<void>;
  /** Draws with `draw` and proves afterwards that nothing was left to be seen; draws again a few times where that fails. */
  guard<T>(draw: () => Promise<T>): Promise<T>;
};

/**
 * Redaction of one page. The capture fails closed: a document that cannot be reached, a value that came back unseen, a
 * rule that finds something in what was laid out, each ends in `expectation_failed`, and nothing is delivered.
 */
export function createRedaction(visit: Visit, events: RedactEvents): Redaction {
  const { redact, redactOnMiss } = visit.payload.request;
  const script = redactorScript(redact.map(toPageRule), events);
  const worlds = createWorlds(visit, script);
  const work = { visit, worlds, rules: redact };
  const note = (states: readonly RedactorState[]) => {
    const counts = redact.map((_rule, at) => states.reduce((sum, state) => sum + (state.replaced[at] ?? 0), 0));
    const rules = counts.map((replaced, at) => ({ at: `redact[${at}]`, replaced }));
    visit.observed.controls = { ...visit.observed.controls, redaction: { replaced: counts.reduce((sum, count) => sum + count, 0), rules } };
  };
  const closing = <T>(task: () => Promise<T>) => failClosed(visit, task);
  return {
    apply: () =>
      closing(async () => {
        visit.search.warm();
        await markAll(work);
        await findClosedRoots(work);
        const states = await callAll(work, 'sweep');
        note(states);
        if (redactOnMiss !== 'fail') return;
        const missed = redact.findIndex((_rule, at) => states.every((state) => !state.replaced[at]));
        if (missed < 0) return;
        const what = states.some((state) => state.found[missed])
          ? 'found nothing that could be replaced in what it names'
          : 'found nothing on the page';
        throw refusal(
          visit,
          `\`redact[${missed}]\` ${what}, and \`redactOnMiss\` is \`fail\`: nothing was stored. Correct the rule, or set \`redactOnMiss: "ignore"\`.`,
        );
      }),
    guard: async (draw) => {
      let left: Left | null = null;
      for (let tries = 0; tries < LIMITS.redactTriesMax; tries++) {
        await closing(async () => {
          await markAll(work);
          await findClosedRoots(work);
          await callAll(work, 'mark');
          await flattenAll(work);
        });
        await closing(() => refusePrintedAddress(visit));
        const drawn = await draw();
        left = await closing(() => findLeft(work, note));
        if (left === null) return drawn;
      }
      throw refusal(visit, `\`redact[${left?.rule}]\` did not hold: ${left && WHYS[left.why]}`);
    },
  };
}

/** Why a picture was not delivered after `redactTriesMax` tries, and what to do. */
const WHYS = {
  again: `the page showed a value again while it was drawn, ${LIMITS.redactTriesMax} times. Nothing was stored. Capture it when it is at rest (\`waitFor\`, \`remove\`), or hide the part.`,
  document: `the page loaded a document while it was drawn, ${LIMITS.redactTriesMax} times. Nothing was stored. Capture it when it is at rest (\`waitFor\`, \`remove\`).`,
  shown:
    'a value is laid out where it cannot be replaced, such as in a counter or in letters that a style changes. Nothing was stored. Name the part by `selector`, or take it away by `remove`.',
};
type Left = { rule: number; why: keyof typeof WHYS };
type Work = { visit: Visit; worlds: Worlds; rules: readonly RedactRule[] };

function toPageRule(rule: RedactRule, at: number): PageRule {
  const mark = `[data-sessionshot-redact~="${at}"]`;
  const { selector } = rule;
  const css = selector === undefined ? null : isNativeCss(selector) ? `:is(${selector}), ${mark}` : mark;
  return { css, text: textRuleOf(rule), replacement: rule.replacement ?? REDACT_MASK };
}

/** The first rule that does not hold now, after the picture; null when everything stayed hidden. */
async function findLeft(work: Work, note: (states: readonly RedactorState[]) => void): Promise<Left | null> {
  const { visit, worlds, rules } = work;
  const opened = await worlds.open();
  // A document that came while the picture was taken had no redactor: what it showed is not known.
  if (opened.some((world) => world.isNew)) return { rule: 0, why: 'document' };
  const comeBack = await markAll(work);
  const states = await statesOf(opened, 'check', visit);
  note(states);
  const late = states.flatMap((state) => (state.overrun ? [0] : state.late));
  const [again] = [...comeBack, ...late];
  if (again !== undefined) return { rule: again, why: 'again' };
  if ((await flattenAll(work)) > 0) return { rule: rules.findIndex((rule) => textRuleOf(rule) !== null), why: 'again' };
  const proof = { search: visit.search, run: visit.run, replacements: rules.map(({ replacement }) => replacement ?? REDACT_MASK) };
  const [shown] = await visit.run.within(LIMITS.redactSweepMsMax, findLeaks(await worlds.sessions(), proof));
  return shown === undefined ? null : { rule: shown, why: 'shown' };
}

/** In a PDF a drawing is text, unless it is made pixels of. Returns how many were. */
async function flattenAll({ visit, worlds, rules }: Work): Promise<number> {
  if (visit.payload.request.output.format !== 'pdf' || rules.every((rule) => textRuleOf(rule) === null)) return 0;
  const counts = (await worlds.open()).map(async (world) => {
    const textless = JSON.stringify(await findTextless(world.session, visit.run));
    return Number(await evaluateIn(world, `globalThis.${REDACTOR}.flatten(${textless})`, visit.run));
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function callAll(work: Work, method: 'sweep' | 'mark'): Promise<RedactorState[]> {
  return statesOf(await work.worlds.open(), method, work.visit);
}

async function statesOf(worlds: readonly World[], method: 'sweep' | 'mark' | 'check', visit: Visit): Promise<RedactorState[]> {
  const answers = await Promise.all(
    worlds.map((world) => evaluateIn(world, `JSON.stringify(globalThis.${REDACTOR}.${method}())`, visit.run)),
  );
  const states = answers.map((answer) => readState(String(answer)));
  const failed = states.flatMap((state) => state.failed)[0];
  if (failed === undefined) return states;
  throw refusal(
    visit,
    `\`redact[${failed}]\` names an element that cannot be blanked: the page's own styles win over ours. Nothing was stored. Name an element around it, or take it away by \`remove\`.`,
  );
}

function readState(text: string): RedactorState {
  const { replaced, found, late, failed, overrun } = JSON.parse(text);
  return { replaced, found, late, failed, overrun };
}

/** Shadow trees that were closed by markup, which no script of ours can enter by itself. */
async function findClosedRoots({ visit, worlds }: Work): Promise<void> {
  for (const world of await worlds.open()) {
    for (const backendNodeId of await closedRootsOf(world.session, visit.run)) {
      const resolved = await world.session
        .send('DOM.resolveNode', { backendNodeId, executionContextId: world.contextId })
        .catch(() => null); // Of another document.
      const objectId = resolved?.object.objectId;
      if (!objectId) continue;
      const functionDeclaration = `function () { globalThis.${REDACTOR}.addClosedRoot(this); }`;
      await visit.run.within(LIMITS.redactSweepMsMax, world.session.send('Runtime.callFunctionOn', { functionDeclaration, objectId }));
    }
  }
}

/** Marks what selectors of Playwright's own kind name. Returns the rules whose elements came anew, which nothing else would notice. */
async function markAll({ visit, rules }: Work): Promise<number[]> {
  if (visit.page.frames().length > LIMITS.redactFramesMax) throw new TooManyFrames();
  const frames = await answeringFrames(visit, LIMITS.redactFramesMax);
  const marked = rules.map(async ({ selector }, at) => {
    if (selector === undefined) return 0;
    const counts = await Promise.all(frames.map((frame) => markIn(frame, { selector, at, visit })));
    return isNativeCss(selector) ? 0 : counts.reduce((sum, count) => sum + count, 0);
  });
  return (await Promise.all(marked)).flatMap((count, at) => (count > 0 ? [at] : []));
}

async function markIn(frame: Frame, { selector, at, visit }: { selector: string; at: number; visit: Visit }): Promise<number> {
  try {
    return await visit.run.within(LIMITS.redactSweepMsMax, frame.locator(selector).evaluateAll(markElements, at));
  } catch (error) {
    if (frame.isDetached() || classifyPlaywrightError(error).kind === 'navigated') return 0; // The document that follows is new, and found to be.
    throw error;
  }
}

/** The browser itself prints the address into these templates, and no rule reaches it there. */
async function refusePrintedAddress({ payload, page, search, run }: Visit): Promise<void> {
  const { output } = payload.request;
  const pdf = output.format === 'pdf' ? output.pdf : undefined;
  const printing = (['headerTemplate', 'footerTemplate'] as const).find((key) => /\burl\b/.test(pdf?.[key] ?? ''));
  if (!printing || (await search.textsWith([page.url()], 'proof')).size === 0) return;
  const instead = `The address of the page holds what \`redact\` finds, and \`output.pdf.${printing}\` prints it (class \`url\`): leave it out. Nothing was stored.`;
  throw new CaptureFault(failure('expectation_failed', run.step(), { instead }));
}

/** Whatever goes wrong in here, the page is not known to be redacted. */
async function failClosed<T>(visit: Visit, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    if (classifyPlaywrightError(error).kind === 'gone') throw visit.run.fault('browser_crashed');
    if (error instanceof SearchExpired)
      throw refusal(
        visit,
        `${error.rule === null ? 'The rules of `redact`' : `\`redact[${error.rule}]\``} could not be held in time against all that the page shows, so it is not known to be gone. Nothing was stored. Simplify a \`regex\`, or take away what is not needed by \`remove\`.`,
      );
    if (error instanceof TooManyFrames)
      throw refusal(
        visit,
        `The page has more than ${LIMITS.redactFramesMax} frames, which are too many to search for what \`redact\` names. Nothing was stored. Take frames away by \`remove\`.`,
      );
    const why =
      error instanceof WaitExpired || error instanceof WorldClosed
        ? 'a part of the page did not let itself be searched in time'
        : 'a part of the page could not be searched';
    throw refusal(
      visit,
      `The rules of \`redact\` could not be applied: ${why}. Nothing was stored. Simplify a \`regex\`, or take away what is not needed by \`remove\`.`,
    );
  }
}

function refusal(visit: Visit, instead: string): CaptureFault {
  return new CaptureFault(failure('expectation_failed', visit.run.step(), { instead }));
}
