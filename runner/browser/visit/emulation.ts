import { type BrowserContextOptions, type CDPSession, devices, type Page } from 'playwright';
import type { CapturePayload } from '#shared/sealed-payload.ts';

const DEFAULT_VIEWPORT = { width: 1280, height: 720 };

/**
 * Builds the context options that make the page see the device, language, place and look that were asked for. A named
 * device gives the base, written-out fields win over it. Permissions stay empty except the one geolocation needs.
 */
export function emulationOptions(request: CapturePayload['request']): BrowserContextOptions {
  const { defaultBrowserType: _type, ...device } = (request.device && devices[request.device]) || { defaultBrowserType: 'chromium' };
  const given = {
    viewport: request.viewport,
    deviceScaleFactor: request.deviceScaleFactor,
    isMobile: request.isMobile,
    hasTouch: request.hasTouch,
    userAgent: request.userAgent,
    locale: request.locale,
    timezoneId: request.timezoneId,
    colorScheme: request.colorScheme,
    reducedMotion: request.reducedMotion,
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

/** The media that styles are made for: while the page is used and judged, and while it is drawn. A PDF is print by default. */
export function chooseMedia(request: CapturePayload['request']): { visit: 'screen' | 'print'; draw: 'screen' | 'print' } {
  const visit = request.media ?? 'screen';
  return { visit, draw: request.media ?? (request.output.format === 'pdf' ? 'print' : 'screen') };
}

/** Switches the medium in both sessions: Chromium keeps it for each. */
export async function emulateMedium(page: Page, cdp: CDPSession, media: 'screen' | 'print'): Promise<void> {
  await page.emulateMedia({ media });
  await cdp.send('Emulation.setEmulatedMedia', { media });
}

/**
 * Tells our own CDP session the screen and the medium that Playwright told its session. Chromium keeps both for each
 * session: without this a screenshot of ours ignores the device scale, and the next navigation drops the medium again.
 */
export async function mirrorEmulation(page: Page, cdp: CDPSession, request: CapturePayload['request']): Promise<void> {
  const options = emulationOptions(request);
  const viewport = options.viewport ?? DEFAULT_VIEWPORT;
  const screen = options.screen ?? viewport;
  const mobile = options.isMobile ?? false;
  const isLandscape = screen.width > screen.height;
  await emulateMedium(page, cdp, chooseMedia(request).visit);
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
