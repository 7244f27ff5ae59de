import { type BrowserContextOptions, type CDPSession, devices, type Page } from 'playwright';
import type { CapturePayload } from '#shared/sealed-payload.ts';
import { LOCALE_DEFAULT, TIME_ZONE_DEFAULT } from '../controls/reproduce.ts';

const DEFAULT_VIEWPORT = { width: 1280, height: 720 };

/**
 * Builds the context options that make the page see the device, language, place and look that were asked for. A named
 * device gives the base, written-out fields win over it. Permissions stay empty except the one geolocation needs.
 */
export function emulationOptions(request: Request): BrowserContextOptions {
  const { defaultBrowserType: _type, ...device } = (request.device && devices[request.device]) || { defaultBrowserType: 'chromium' };
  const still = <T>(value: T) => (request.reproducible === false ? undefined : value);
  const given = {
    viewport: request.viewport,
    deviceScaleFactor: request.deviceScaleFactor,
    isMobile: request.isMobile,
    hasTouch: request.hasTouch,
    userAgent: request.userAgent,
    locale: request.locale ?? still(LOCALE_DEFAULT),
    timezoneId: request.timezoneId ?? still(TIME_ZONE_DEFAULT),
    colorScheme: request.colorScheme,
    reducedMotion: request.reducedMotion ?? still('reduce' as const),
    forcedColors: request.forcedColors,
    geolocation: request.geolocation,
  };
  return {
    viewport: DEFAULT_VIEWPORT,
    ...device,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    permissions: request.geolocation ? ['geolocation'] : [],
    javaScriptEnabled: request.javaScriptEnabled,
    acceptDownloads: false,
    // A worker answers from its own cache and hides requests from the guard.
    serviceWorkers: 'block',
  };
}

type Request = CapturePayload['request'];
/** What our own CDP session is told beside Playwright's: the context it was made with, and the medium. */
type Mirrored = { context: BrowserContextOptions; media: 'screen' | 'print' };

/** The context of a request that asks for nothing special. */
const ORDINARY_CONTEXT: BrowserContextOptions = {
  viewport: DEFAULT_VIEWPORT,
  permissions: [],
  acceptDownloads: false,
  serviceWorkers: 'block',
};
export const ORDINARY: Mirrored = { context: ORDINARY_CONTEXT, media: 'screen' };

/** Tells whether everything that Chromium fixes when a context is made is left at its default. */
export function isOrdinary(request: Request): boolean {
  const { device, deviceScaleFactor, isMobile, hasTouch, userAgent, locale, timezoneId, geolocation } = request;
  const special = [device, isMobile || undefined, hasTouch || undefined, userAgent, locale, timezoneId, geolocation];
  // A reproducible capture has a place and a language of its own.
  return (
    request.javaScriptEnabled &&
    request.reproducible === false &&
    (deviceScaleFactor ?? 1) === 1 &&
    special.every((value) => value === undefined)
  );
}

/** Gives a page that was made ahead what it can still be given: the viewport, the medium, the preferred look. */
export async function adjustEmulation(page: Page, cdp: CDPSession, request: Request): Promise<void> {
  const { viewport, colorScheme, reducedMotion, forcedColors } = request;
  const isSame = viewport === undefined || (viewport.width === DEFAULT_VIEWPORT.width && viewport.height === DEFAULT_VIEWPORT.height);
  const look = { colorScheme, reducedMotion, forcedColors };
  const isPlain = Object.values(look).every((value) => value === undefined) && chooseMedia(request).visit === 'screen';
  if (isSame && isPlain) return;
  if (!isSame) await page.setViewportSize(viewport);
  if (!isPlain) await page.emulateMedia(Object.fromEntries(Object.entries(look).filter(([, value]) => value !== undefined)));
  await mirrorEmulation(page, cdp, mirrored(request));
}

/** What a request wants our own session to be told. */
export function mirrored(request: Request): Mirrored {
  return { context: emulationOptions(request), media: chooseMedia(request).visit };
}

/** The media that styles are made for: while the page is used and judged, and while it is drawn. A PDF is print by default. */
export function chooseMedia(request: CapturePayload['request']): { visit: 'screen' | 'print'; draw: 'screen' | 'print' } {
  const visit = request.media ?? 'screen';
  return { visit, draw: request.media ?? (request.output.format === 'pdf' ? 'print' : 'screen') };
}

/** Switches the medium in both sessions: Chromium keeps it for each. */
export async function emulateMedium(page: Page, cdp: CDPSession, media: 'screen' | 'print'): Promise<void> {
  await Promise.all([page.emulateMedia({ media }), cdp.send('Emulation.setEmulatedMedia', { media })]);
}

/**
 * Tells our own CDP session the screen and the medium that Playwright told its session. Chromium keeps both for each
 * session: without this a screenshot of ours ignores the device scale, and the next navigation drops the medium again.
 */
export async function mirrorEmulation(page: Page, cdp: CDPSession, { context: options, media }: Mirrored): Promise<void> {
  const viewport = options.viewport ?? DEFAULT_VIEWPORT;
  const screen = options.screen ?? viewport;
  const mobile = options.isMobile ?? false;
  const isLandscape = screen.width > screen.height;
  await emulateMedium(page, cdp, media);
  await cdp.send('Emulation.setDeviceMetricsOverride', {
    ...viewport,
    screenWidth: screen.width,
    screenHeight: screen.height,
    deviceScaleFactor: options.deviceScaleFactor ?? 1,
    mobile,
    screenOrientation:
      mobile && !isLandscape ? { angle: 0, type: 'portraitPrimary' } : { angle: mobile ? 90 : 0, type: 'landscapePrimary' },
  });
}
