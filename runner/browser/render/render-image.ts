import type { CDPSession, Locator, Page } from 'playwright';
import { LIMITS } from '#shared/limits.ts';
import { CaptureFault, type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { locate } from '../locate.ts';
import { readImageSize } from './image-size.ts';
import { measurePage } from './measure-page.ts';
import type { Rendered, RenderPage } from './rendered.ts';
import { restPage } from './rest-page.ts';

const QUALITY_DEFAULT = 80;
const FRAMES_RESTED_MAX = 50;

/** A part of the document in CSS pixels; `scale` is the page's own zoom, `beyond` that it lies outside the view. */
type Area = { x: number; y: number; width: number; height: number; scale: number; beyond: boolean };
type ImageFormat = 'png' | 'jpeg' | 'webp';

/**
 * Takes the picture: the view, the whole page, an element or a clip. Encoding is Chromium's fast lossless setting for
 * PNG, which has the same pixels as the slow one. Masks are drawn by Playwright.
 */
export async function renderImage(target: RenderPage): Promise<Rendered> {
  const { page, run, output } = target;
  const format: ImageFormat = output.format === 'jpeg' || output.format === 'webp' ? output.format : 'png';
  const element = output.selector === undefined ? null : await showElement(target, locate(page, output.selector));
  await restFrames(page, run, (output.animations ?? 'disabled') === 'disabled');
  const area = await findArea(target, element);
  const ratio = await run.within(run.left(), page.evaluate('window.devicePixelRatio').then(Number));
  const factor = (output.scale ?? 'css') === 'css' ? 1 / ratio : 1;
  refuseTooLarge(run, { width: Math.round(area.width * ratio * factor), height: Math.round(area.height * ratio * factor) }, format);
  const masks = output.mask ?? [];
  const bytes =
    masks.length > 0
      ? await takeMasked(target, { area, format, masks })
      : await take(target, { area: { ...area, scale: area.scale * factor }, format });
  const size = readImageSize(bytes);
  // Chromium answers with nothing, and without an error, where an encoder gives up.
  if (!size) throw run.fault('output_too_large', `The browser could not encode a ${format} of this size.`);
  return { bytes, ...size, pages: null };
}

async function showElement(target: RenderPage, element: Locator): Promise<Locator> {
  const { run, actionTimeout } = target;
  const timeout = run.left(actionTimeout);
  try {
    await run.within(timeout + 500, element.waitFor({ state: 'visible', timeout }));
    await run.within(timeout + 500, element.scrollIntoViewIfNeeded({ timeout }));
    return element;
  } catch (error) {
    if (error instanceof CaptureFault) throw error;
    const { kind } = classifyPlaywrightError(error);
    if (error instanceof WaitExpired || kind === 'timeout')
      throw run.fault('action_timeout', 'The element of `output.selector` was not visible in time.');
    if (kind === 'ambiguous')
      throw run.fault('action_failed', '`output.selector` matches more than one element: make it match one, for example with `>> nth=0`.');
    throw error;
  }
}

async function restFrames(page: Page, run: CaptureRun, stopAnimations: boolean): Promise<void> {
  const frames = page.frames().slice(0, FRAMES_RESTED_MAX);
  await Promise.all(
    frames.map(async (frame) => {
      try {
        await run.within(2000, frame.evaluate(restPage, { stopAnimations }));
      } catch (error) {
        if (error instanceof CaptureFault) throw error;
        // A frame that does not answer or is leaving still moves: that is its own picture, not ours to refuse.
      }
    }),
  );
}

async function findArea(target: RenderPage, element: Locator | null): Promise<Area> {
  const { page, cdp, run, output } = target;
  const whole = await run.within(run.left(), page.evaluate(measurePage));
  const { cssVisualViewport: view } = await run.within(run.left(), cdp.send('Page.getLayoutMetrics'));
  if (element) {
    const box = await run.within(run.left(), element.boundingBox());
    if (!box || box.width < 1 || box.height < 1) throw run.fault('action_failed', 'The element of `output.selector` has no size.');
    const x = Math.floor(box.x + view.pageX);
    const y = Math.floor(box.y + view.pageY);
    const height = Math.ceil(box.y + view.pageY + box.height) - y;
    return {
      x,
      y,
      width: Math.ceil(box.x + view.pageX + box.width) - x,
      height: Math.min(height, output.maxHeight ?? height),
      scale: 1,
      beyond: true,
    };
  }
  if (output.clip) {
    const width = Math.min(output.clip.width, whole.width - output.clip.x);
    const height = Math.min(output.clip.height, whole.height - output.clip.y, output.maxHeight ?? Number.POSITIVE_INFINITY);
    if (width <= 0 || height <= 0)
      throw run.fault('action_failed', `\`output.clip\` lies outside the page, which is ${whole.width} × ${whole.height} pixels.`);
    return { x: output.clip.x, y: output.clip.y, width, height, scale: 1, beyond: true };
  }
  if (output.fullPage) {
    const height = Math.min(whole.height, output.maxHeight ?? Number.POSITIVE_INFINITY);
    return { x: 0, y: 0, width: whole.width, height, scale: 1, beyond: true };
  }
  const size = page.viewportSize() ?? { width: view.clientWidth, height: view.clientHeight };
  return {
    x: view.pageX,
    y: view.pageY,
    width: size.width / view.scale,
    height: Math.min(size.height / view.scale, output.maxHeight ?? Number.POSITIVE_INFINITY),
    scale: view.scale,
    beyond: false,
  };
}

function refuseTooLarge(run: CaptureRun, size: { width: number; height: number }, format: ImageFormat): void {
  const shape = `${size.width} × ${size.height} pixels`;
  if (format === 'webp' && Math.max(size.width, size.height) > LIMITS.webpSidePxMax)
    throw run.fault(
      'output_too_large',
      `The picture would have ${shape}; WebP ends at ${LIMITS.webpSidePxMax} a side, png and jpeg do not.`,
    );
  if (size.height > LIMITS.heightPxMax)
    throw run.fault(
      'output_too_large',
      `The picture would have ${shape}; the height may be ${LIMITS.heightPxMax}. Set \`output.maxHeight\` for its upper part.`,
    );
  if (size.width * size.height > LIMITS.areaPxMax)
    throw run.fault('output_too_large', `The picture would have ${shape}; ${LIMITS.areaPxMax / 1_000_000} million pixels are allowed.`);
}

async function take(target: RenderPage, options: { area: Area; format: ImageFormat }): Promise<Buffer> {
  const { cdp, run, output } = target;
  const { beyond, ...clip } = options.area;
  if (output.omitBackground)
    await run.within(run.left(), cdp.send('Emulation.setDefaultBackgroundColorOverride', { color: { r: 0, g: 0, b: 0, a: 0 } }));
  const quality = options.format === 'png' ? {} : { quality: output.quality ?? QUALITY_DEFAULT };
  const shot = { format: options.format, ...quality, clip, captureBeyondViewport: beyond, optimizeForSpeed: options.format === 'png' };
  const { data } = await run.within(run.left(), sendShot(cdp, shot));
  return Buffer.from(data, 'base64');
}

function sendShot(cdp: CDPSession, shot: Parameters<typeof cdp.send<'Page.captureScreenshot'>>[1]): Promise<{ data: string }> {
  return cdp.send('Page.captureScreenshot', shot);
}

async function takeMasked(target: RenderPage, options: { area: Area; format: ImageFormat; masks: readonly string[] }): Promise<Buffer> {
  const { page, run, output } = target;
  const { area, format } = options;
  const timeout = run.left();
  const shot = {
    type: format,
    ...(format === 'png' ? {} : { quality: output.quality ?? QUALITY_DEFAULT }),
    // Without the area the picture is that of the view, whatever the page is scrolled to.
    ...(area.beyond ? { fullPage: true, clip: { x: area.x, y: area.y, width: area.width, height: area.height } } : {}),
    omitBackground: output.omitBackground ?? false,
    scale: output.scale ?? 'css',
    mask: options.masks.map((selector) => page.locator(selector)),
    timeout,
  };
  return run.within(timeout, page.screenshot(shot));
}
