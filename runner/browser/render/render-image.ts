import type { CDPSession } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import { answeringFrames } from '../answering-frames.ts';
import { askPage, callOf, tellPage } from '../ask-page.ts';
import { CaptureFault, type CaptureRun } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { runInOwnWorld } from '../own-world.ts';
import { askPixelRatio } from '../readiness/readiness-probe.ts';
import { type Area, findArea, isStillInView, showElements } from './find-area.ts';
import { readImageSize } from './image-size.ts';
import type { Rendered, RenderPage } from './rendered.ts';
import { type Rest, restPage } from './rest-page.ts';
import { takeTurns } from './take-turns.ts';
import { showWholePage, unpinPage } from './unpin-page.ts';

const QUALITY_DEFAULT = 80;
const FRAMES_RESTED_MAX = 50;
const FRAMES_MASKED_MAX = 100;
const STEP_MS_MAX = 5000;

type ImageFormat = 'png' | 'jpeg' | 'webp';
type Shot = { area: Area; format: ImageFormat };

/** A picture of 64 million pixels takes about 900 MB in the browser for a second: never two of them at a time. */
const inTurn = takeTurns();

/**
 * Takes the picture: the view, the whole page, elements or a clip. It is drawn in one go at any height: Chromium's software
 * compositor is exact there, tiles could show two states of a page that moves. Encoding is Chromium's fast lossless setting
 * for PNG unless the small one is asked for. Masks are drawn by Playwright, over what they name in each frame.
 */
export async function renderImage(target: RenderPage): Promise<Rendered> {
  const { run, output } = target;
  const format: ImageFormat = output.format === 'jpeg' || output.format === 'webp' ? output.format : 'png';
  if (output.fullPage) await runInOwnWorld(target, `${showWholePage}`);
  const elements = await showElements(target);
  await restFrames(target, {
    stopAnimations: (output.animations ?? 'disabled') === 'disabled',
    hideCaret: (output.caret ?? 'hide') === 'hide',
    style: output.style ?? '',
    hasTimers: target.javaScriptEnabled,
  });
  const { area, pageHeight } = await findArea(target, elements);
  if (output.fullPage) await runInOwnWorld(target, `(bare) => (${unpinPage})(bare, ${pageHeight})`);
  const ratio = await askPage(target, askPixelRatio, { given: null, msMax: run.left() });
  const factor = (output.scale ?? 'css') === 'css' ? 1 / ratio : 1;
  const size = { width: Math.round(area.width * ratio * factor), height: Math.round(area.height * ratio * factor) };
  refuseTooLarge(run, size, format);
  const masks = output.mask ?? [];
  const shot = (from: Area) =>
    masks.length > 0
      ? takeMasked(target, { area: from, format, masks })
      : take(target, { area: { ...from, scale: from.scale * factor }, format });
  const shoot = async () => {
    const taken = await shot(area);
    return area.beyond || (await isStillInView(target, area)) ? taken : shot({ ...area, beyond: true, fromView: null });
  };
  const isLarge = area.width * area.height * ratio ** 2 > LIMITS.largePicturePx;
  const bytes = isLarge ? await inTurn(shoot, (turn) => run.within(run.left(), turn)) : await shoot();
  const found = readImageSize(bytes);
  // Chromium answers with nothing, and without an error, where an encoder gives up.
  if (!found)
    throw run.fault('output_too_large', { instead: `The browser could not encode a ${format} of this size. Capture a part of the page.` });
  return { bytes, ...found, pages: null };
}

async function restFrames(target: RenderPage, rest: Rest): Promise<void> {
  const { page, run } = target;
  const frames = await answeringFrames({ page, run }, FRAMES_RESTED_MAX);
  await Promise.all(
    frames.map(async (frame) => {
      const isMain = frame === page.mainFrame();
      try {
        if (isMain) await tellPage(target, restPage, { given: rest, msMax: STEP_MS_MAX });
        else await run.within(STEP_MS_MAX, frame.evaluate(callOf(restPage, rest)));
      } catch (error) {
        if (error instanceof CaptureFault || (isMain && classifyPlaywrightError(error).kind !== 'navigated')) throw error;
        // A frame that does not answer or is leaving still moves: that is its own picture, not ours to refuse.
      }
    }),
  );
}

function refuseTooLarge(run: CaptureRun, size: { width: number; height: number }, format: ImageFormat): void {
  const shape = `${size.width} × ${size.height} pixels`;
  if (format === 'webp' && Math.max(size.width, size.height) > LIMITS.webpSidePxMax)
    throw run.fault('output_too_large', {
      instead: `The picture would have ${shape}; WebP ends at ${LIMITS.webpSidePxMax} a side. Choose png or jpeg, or capture a part of the page.`,
    });
  if (size.height > LIMITS.heightPxMax)
    throw run.fault('output_too_large', {
      instead: `The picture would have ${shape}; the height may be ${LIMITS.heightPxMax}. Set \`output.maxHeight\` for its upper part.`,
    });
  if (size.width * size.height > LIMITS.areaPxMax)
    throw run.fault('output_too_large', {
      instead: `The picture would have ${shape}; ${LIMITS.areaPxMax / 1_000_000} million pixels are allowed. Capture a part of the page, or a smaller \`viewport\` or \`deviceScaleFactor\`.`,
    });
}

async function take(target: RenderPage, { area, format }: Shot): Promise<Buffer> {
  const { cdp, run, output } = target;
  const { beyond, fromView: _place, ...clip } = area;
  if (output.omitBackground)
    await run.within(run.left(), cdp.send('Emulation.setDefaultBackgroundColorOverride', { color: { r: 0, g: 0, b: 0, a: 0 } }));
  const quality = format === 'png' ? {} : { quality: output.quality ?? QUALITY_DEFAULT };
  const optimizeForSpeed = format === 'png' && output.compression !== 'small';
  const { data } = await run.within(
    run.left(),
    sendShot(cdp, { format, ...quality, clip, captureBeyondViewport: beyond, optimizeForSpeed }),
  );
  return Buffer.from(data, 'base64');
}

function sendShot(cdp: CDPSession, shot: Parameters<typeof cdp.send<'Page.captureScreenshot'>>[1]): Promise<{ data: string }> {
  return cdp.send('Page.captureScreenshot', shot);
}

async function takeMasked(target: RenderPage, { area, format, masks }: Shot & { masks: readonly string[] }): Promise<Buffer> {
  const { page, run, output } = target;
  if (page.frames().length > FRAMES_MASKED_MAX)
    throw run.fault('expectation_failed', {
      instead: `The page has more than ${FRAMES_MASKED_MAX} frames, which are too many to search for what \`output.mask\` names. Nothing was stored. Take frames away by \`remove\`.`,
    });
  // Playwright waits without end for a frame that has no document.
  const frames = await answeringFrames({ page, run }, FRAMES_MASKED_MAX);
  const timeout = run.left();
  const shot = {
    type: format,
    ...(format === 'png' ? {} : { quality: output.quality ?? QUALITY_DEFAULT }),
    // On the whole page Playwright changes the view, as `beyond` does.
    ...(area.fromView
      ? { clip: area.fromView }
      : { fullPage: true, clip: { x: area.x, y: area.y, width: area.width, height: area.height } }),
    omitBackground: output.omitBackground ?? false,
    scale: output.scale ?? 'css',
    caret: 'initial' as const,
    mask: frames.flatMap((frame) => masks.map((selector) => frame.locator(selector))),
    ...(output.maskColor === undefined ? {} : { maskColor: output.maskColor }),
    timeout,
  };
  return run.within(timeout, page.screenshot(shot));
}
