import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BrowserKind, type FoundBrowser, findBrowser } from '#runner/browser/launch/find-browser.ts';
import { readBrowserConfig } from '#runner/config.ts';

const NAMES = ['chromium-headless-shell', 'chrome-headless-shell', 'headless_shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** Both kinds of browser that a runner can start, each with one of this machine; null where there is none of it. */
export function findKinds(): { kind: BrowserKind; found: FoundBrowser | null; note: string }[] {
  const { explicitPath, searchPath } = readBrowserConfig();
  const named = NAMES.flatMap((name) => searchPath.split(delimiter).map((folder) => join(folder, name))).filter((path) => existsSync(path));
  const searches = [explicitPath, null, ...named].map((explicit) => findBrowser({ explicit, searchPath }).found);
  return (['headless-shell', 'chromium'] as const).map((kind) => {
    const found = searches.find((each) => each?.kind === kind) ?? null;
    return { kind, found, note: found ? '' : '— NOT RUN HERE: this machine has none' };
  });
}
