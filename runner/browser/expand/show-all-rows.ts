import { LIMITS } from '#shared/limits.ts';
import { WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { type Held, holdInOwnWorld } from '../own-world.ts';
import { askScrollHeed } from '../readiness/heed-scroll.ts';
import { type HeightFreezer, makeHeightFreezer } from '../render/height-freezer.ts';
import { mirrorEmulation, mirrored } from '../visit/emulation.ts';
import type { Visit } from '../visit/visit.ts';
import { makePinnedKeeper, type PinnedKeeper } from './pinned-keeper.ts';
import type { RowSeeker } from './row-seeker.ts';
import { makeSeeker, pause, rest, seekRows } from './seek-rows.ts';

const RESIZE_MS_MAX = 10_000;
/** A list learns the heights of its rows as it draws them, and ends higher up then. */
const ROUNDS_MAX = 4;
/** What follows the height of the view is no higher than so many of them; what is follows its rows. */
const VH_VIEWS_MAX = 3;
/** A page that grows by so much of what its view did, so many times, grows with it. */
const FOLLOWS = { share: 0.9, rounds: 2 } as const;

/** In CSS pixels; `heightMax` is the bound of `height`, and a picture of more than `pictureMax` is refused. */
type Frame = { width: number; height: number; heightMax: number; pictureMax: number };
/** `partly`: as far down as the view may reach, or as one can tell. */
type Filled = 'whole' | 'partly' | 'not';

/**
 * A list that follows the scrolling of the window has drawn the rows near the view, and there is no area to open: the picture
 * would be blank below. Where a page was seen to have such a void, and something is drawn in it when it is scrolled to, the
 * view becomes as high as the page until the picture is taken; what followed its height keeps the one it had, and what hung in
 * its middle the place. Where that leaves a void all the same, or the page grows with the view or does not answer in time, the
 * view is put back and the capture is partial; where the view may not become as high as the picture, or there is too much to
 * look at, it keeps what is filled and is partial too. A page that goes elsewhere meanwhile is left to the judgement that follows.
 */
export async function showAllRows(visit: Visit): Promise<void> {
  const { page } = visit;
  const view = page.viewportSize();
  if (!visit.hasVoid || !view) return;
  const { picture, held } = heightsOf(visit, view.width);
  const { undress } = visit;
  try {
    // Where nothing can answer to scrolling, nothing would come, and the page is not moved.
    if (!(await askScrollHeed(visit)).may) return;
    const seeker = await makeSeeker(visit, picture);
    const seen = await seekRows(visit, seeker);
    if (seen === 'late') visit.observed.partial = true;
    if (seen !== 'filled') return;
    visit.undress = () => resize(visit, view);
    const isCut = visit.payload.request.output.maxHeight !== undefined;
    const filled = await fillVoid(visit, seeker, { ...view, heightMax: held, pictureMax: isCut ? Number.POSITIVE_INFINITY : picture });
    if (filled !== 'whole') visit.observed.partial = true;
    if (filled === 'not') await putBack(visit, undress);
  } catch (error) {
    if (classifyPlaywrightError(error).kind === 'navigated') return;
    if (!(error instanceof WaitExpired) || visit.run.stopped()) throw error;
    visit.observed.partial = true;
    // Only looked at: it is back from where it was scrolled to.
    if (visit.undress !== undress) await putBack(visit, undress);
  }
}

async function putBack(visit: Visit, undress: Visit['undress']): Promise<void> {
  await visit.undress?.();
  visit.undress = undress;
  await rest(visit);
}

async function fillVoid(visit: Visit, seeker: Held<RowSeeker>, frame: Frame): Promise<Filled> {
  const { width, height: viewHeight, heightMax, pictureMax } = frame;
  const keeper = await holdInOwnWorld<HeightFreezer & PinnedKeeper>(
    visit,
    `(bare) => ({ ...(${makeHeightFreezer})(bare, ${VH_VIEWS_MAX}), ...(${makePinnedKeeper})(bare) })`,
  );
  const asked = await seeker.ask((it) => it.height());
  // Twice the height shows what follows the view.
  await resize(visit, { width, height: viewHeight * 2 });
  await keeper.ask(async (it) => {
    await it.told(); // Only then a script has given heights those of the view.
    it.freeze();
    it.keep();
  });
  let [before, height] = [viewHeight * 2, viewHeight * 2];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const ends = await seeker.ask((it) => it.height());
    if (ends > pictureMax && asked <= pictureMax) return 'not';
    if (round >= FOLLOWS.rounds && ends - height > (height - before) * FOLLOWS.share && height > before) return 'not';
    const wanted = Math.min(heightMax, Math.max(viewHeight, ends));
    if (wanted === height) break;
    [before, height] = [height, wanted];
    await resize(visit, { width, height });
    await rest(visit);
    await keeper.ask((it) => {
      it.freezeAgain();
      it.keep();
    });
  }
  const from = await voidFrom(visit, seeker);
  if (from === null) return 'whole';
  return from === 'unknown' || (height === heightMax && from >= height) ? 'partly' : 'not';
}

/** What is blank is given a moment more. */
async function voidFrom(visit: Visit, seeker: Held<RowSeeker>): Promise<number | 'unknown' | null> {
  const from = await seeker.ask((it) => it.voidFrom());
  if (typeof from !== 'number') return from;
  await pause(visit);
  return seeker.ask((it) => it.voidFrom());
}

/**
 * How high a picture may be, a page beyond that is refused by its size, and a view: that one is held in device pixels, in which
 * the picture need not be drawn. Both in CSS pixels.
 */
function heightsOf({ payload }: Visit, width: number): { picture: number; held: number } {
  const { output } = payload.request;
  const factor = mirrored(payload.request).context.deviceScaleFactor ?? 1;
  const drawn = (output.scale ?? 'css') === 'css' ? 1 : factor;
  const byArea = (pxOfEach: number) => Math.floor(LIMITS.areaPxMax / (width * pxOfEach ** 2));
  const picture = Math.min(output.maxHeight ?? LIMITS.heightPxMax, Math.floor(LIMITS.heightPxMax / drawn), byArea(drawn));
  return { picture, held: Math.min(picture, byArea(factor)) };
}

async function resize(visit: Visit, view: { width: number; height: number }): Promise<void> {
  const { page, cdp, run, payload } = visit;
  await run.within(RESIZE_MS_MAX, page.setViewportSize(view));
  const { context, media } = mirrored(payload.request);
  const screen = context.screen ?? context.viewport ?? null;
  await run.within(
    RESIZE_MS_MAX,
    mirrorEmulation(page, cdp, { context: { ...context, viewport: view, ...(screen ? { screen } : {}) }, media }),
  );
}
