import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { storageState } from '../corpus.ts';
import type { CaptureMaker, Setup } from './messages.ts';

/** Where the peers are installed, apart from the product's own packages. */
export const PEERS_FOLDER = join(import.meta.dirname, '..', 'peers');
const VIEWPORT = { width: 1280, height: 720 };
const CAPTURE_MS_MAX = 60_000;
const LAUNCH_ARGUMENTS = ['--no-sandbox'];

type BrowserlessContext = {
  screenshot(url: string, options: Record<string, unknown>): Promise<Uint8Array>;
  pdf(url: string, options: Record<string, unknown>): Promise<Uint8Array>;
  destroyContext(): Promise<void>;
};
type Browserless = { createContext(): Promise<BrowserlessContext>; close(): Promise<void> };
type CaptureWebsite = { buffer(url: string, options: Record<string, unknown>): Promise<Uint8Array> };

export async function createPeer(kind: 'browserless' | 'capture-website', setup: Setup): Promise<CaptureMaker> {
  return kind === 'browserless' ? await createBrowserless(setup) : await createCaptureWebsite(setup);
}

async function load<T>(name: string): Promise<T> {
  const path = createRequire(join(PEERS_FOLDER, 'package.json')).resolve(name);
  const loaded: { default: T } = await import(pathToFileURL(path).href);
  return loaded.default;
}

/**
 * Microlink's: one warm browser, a context for each capture, its own readiness (`auto`), no ad blocking. Its timeout is
 * left at its default: for full pages it waits a share of that, so that a longer one would make it slow.
 */
async function createBrowserless(setup: Setup): Promise<CaptureMaker> {
  const [create, puppeteer] = [
    await load<(options: Record<string, unknown>) => Browserless>('browserless'),
    await load<unknown>('puppeteer'),
  ];
  const browser = create({ puppeteer, executablePath: setup.browserPath, args: LAUNCH_ARGUMENTS });
  const cookies = storageState(setup.origin).cookies.map(({ name, value, domain }) => ({ name, value, domain }));
  // Its default device draws two pixels for each CSS pixel, four times the work of the others.
  const common = { viewport: { ...VIEWPORT, deviceScaleFactor: 1 }, adblock: false, cookies };
  return {
    capture: async ({ page, format }, done) => {
      const context = await browser.createContext();
      const url = `${setup.origin}/${page}`;
      try {
        const bytes =
          format === 'pdf'
            ? await context.pdf(url, { ...common, format: 'A4', printBackground: true, margin: '0', tagged: false })
            : await context.screenshot(url, { ...common, type: 'png', fullPage: true });
        done({ bytes, settleMs: null });
      } finally {
        await context.destroyContext();
      }
    },
    close: () => browser.close(),
  };
}

/** A browser for each capture; cookies are its only input for a session. Ad blocking is off: it would fetch its lists. */
async function createCaptureWebsite(setup: Setup): Promise<CaptureMaker> {
  const website = await load<CaptureWebsite>('capture-website');
  const cookies = storageState(setup.origin).cookies.map(({ name, value, domain, path }) => ({ name, value, domain, path }));
  const launchOptions = { executablePath: setup.browserPath, args: LAUNCH_ARGUMENTS };
  return {
    capture: async ({ page, format }, done) => {
      const options = {
        ...VIEWPORT,
        scaleFactor: 1,
        blockAds: false,
        fullPage: true,
        cookies,
        launchOptions,
        timeout: CAPTURE_MS_MAX / 1000,
      };
      const more = format === 'pdf' ? { type: 'pdf', pdf: { format: 'A4', background: true } } : { type: 'png' };
      done({ bytes: await website.buffer(`${setup.origin}/${page}`, { ...options, ...more }), settleMs: null });
    },
    close: async () => undefined,
  };
}
