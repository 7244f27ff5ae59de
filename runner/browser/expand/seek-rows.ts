import { setTimeout as after } from 'node:timers/promises';
import { askPage, tellPage } from '../ask-page.ts';
import { WaitExpired } from '../capture-run.ts';
import { type Held, holdInOwnWorld } from '../own-world.ts';
import { settle } from '../readiness/readiness.ts';
import { askLately, tellExpectAnswers } from '../readiness/readiness-probe.ts';
import { settleAgain } from '../readiness/settle-visit.ts';
import type { Visit } from '../visit/visit.ts';
import { makeVoidFinder } from './find-void.ts';
import { makeRowSeeker, type RowSeeker } from './row-seeker.ts';

const ANSWERS = { backMs: 600, tellMsMax: 1000 } as const;
/** Three voids have no more stops than that. */
const STOPS_MAX = 6;
const LOOK_MS_MAX = 12_000;
/**
 * What waits for scrolling to end does so for a quarter of a second; then rows may be asked for, and the page comes to its `rest`.
 * `restless` is for both where it never does, `back` for what had answered to scrolling.
 */
const PAUSE_MS = { first: 450, rest: 1500, restless: 400, back: 500 } as const;

/** `late`: the time was over before it was known. */
type Seen = 'filled' | 'blank' | 'late';

export async function makeSeeker(visit: Visit, heightMax: number): Promise<Held<RowSeeker>> {
  return holdInOwnWorld<RowSeeker>(visit, `(bare) => (${makeRowSeeker})(bare, (${makeVoidFinder})(bare, ${heightMax}))`);
}

/**
 * Whether something is drawn in one of the widest voids of the page when it is scrolled to. Blank is what has stayed so while the
 * page came to rest there. Scrolls back, and lets the page come to rest again; throws WaitExpired where it does not answer.
 */
export async function seekRows(visit: Visit, seeker: Held<RowSeeker>): Promise<Seen> {
  await expectAnswers(visit, LOOK_MS_MAX);
  const since = Date.now();
  try {
    return await lookAround(visit, seeker, since + LOOK_MS_MAX);
  } finally {
    await comeBack(visit, seeker, since);
  }
}

async function lookAround(visit: Visit, seeker: Held<RowSeeker>, until: number): Promise<Seen> {
  let [isFilled, isRestless] = [false, false];
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    const seen = await seeker.ask((it) => it.toNext());
    if (seen === 'over') return isFilled ? 'filled' : 'blank';
    // A page that never comes to rest does not do so elsewhere.
    if (seen === 'blank' && isRestless) await visit.run.within(PAUSE_MS.restless * 2, after(PAUSE_MS.restless));
    else if (seen === 'blank') isRestless = !(await pause(visit));
    // Looked at in any case: what stays blank is remembered.
    const isDrawn = seen === 'drawn' || (await seeker.ask((it) => it.lookAgain()));
    isFilled ||= isDrawn;
    if (Date.now() > until && !isFilled) return 'late';
    if (Date.now() > until) break;
  }
  return isFilled ? 'filled' : 'blank';
}

/**
 * A header that shrinks as the page is scrolled and grows again is no clock, however long it takes; and where something answers to
 * scrolling only now and then, the last of it comes late, by a timer that looks like that of a clock.
 */
async function comeBack(visit: Visit, seeker: Held<RowSeeker>, since: number): Promise<void> {
  let [wasAway, hasAnswered] = [true, true];
  try {
    wasAway = await seeker.ask((it) => it.back());
    const lately = await askPage(visit, askLately, { given: null, msMax: ANSWERS.tellMsMax });
    hasAnswered = lately === null || lately.touchedMs <= Date.now() - since;
  } catch (error) {
    if (!(error instanceof WaitExpired) || visit.run.stopped()) throw error;
  }
  await expectAnswers(visit, ANSWERS.backMs);
  if (!wasAway) return;
  if (hasAnswered) await visit.run.within(PAUSE_MS.back * 2, after(PAUSE_MS.back));
  await rest(visit);
}

/** A page that is too busy to be told goes on all the same. */
async function expectAnswers(visit: Visit, ms: number): Promise<void> {
  try {
    await tellPage(visit, tellExpectAnswers, { given: ms, msMax: ANSWERS.tellMsMax });
  } catch (error) {
    if (!(error instanceof WaitExpired) || visit.run.stopped()) throw error;
  }
}

/**
 * What waits until scrolling or sizing has ended begins after a moment; what it asks for or draws then is waited for. Tells
 * whether the page came to rest.
 */
export async function pause(visit: Visit): Promise<boolean> {
  await visit.run.within(PAUSE_MS.first * 2, after(PAUSE_MS.first));
  const { javaScriptEnabled } = visit.payload.request;
  const bounds = { wholePage: false, lazy: false, msMax: PAUSE_MS.rest, navigatedAt: visit.navigatedAt };
  const { held } = await settle({ ...visit, javaScriptEnabled }, bounds);
  return held === null;
}

/** Lets the page come to rest in the way that the request asks for. */
export async function rest(visit: Visit): Promise<void> {
  if (visit.payload.request.waitUntil === 'auto') await settleAgain(visit);
  else await pause(visit);
}
