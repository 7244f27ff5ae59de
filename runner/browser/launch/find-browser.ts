import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { chromium } from 'playwright';

export type BrowserKind = 'headless-shell' | 'chromium';
export type FoundBrowser = { path: string; kind: BrowserKind };
/** `looked` names every place in the order in which it was looked at, with what was there. */
export type BrowserSearch = { found: FoundBrowser | null; looked: string[]; remedy: string };
export type BrowserPlaces = { explicit: string | null; searchPath: string; platform?: NodeJS.Platform };

const SHELLS_ON_PATH = ['chromium-headless-shell', 'chrome-headless-shell', 'headless_shell'];
const CHROMIUMS_ON_PATH = ['chromium', 'chromium-browser'];
const CHANNELS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['/opt/google/chrome/chrome', '/opt/microsoft/msedge/msedge'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/**
 * Finds a Chromium to capture with: the one named explicitly (then nothing else is looked at), Playwright's own headless
 * shell, a shell or a Chromium on the search path, Playwright's full Chromium, Chrome or Edge. Shells come first: they need
 * a third of the CPU and keep third-party frames logged in.
 */
export function findBrowser(places: BrowserPlaces): BrowserSearch {
  const platform = places.platform ?? process.platform;
  const looked: string[] = [];
  const look = (path: string | null, place: string): FoundBrowser | null => {
    const isThere = path !== null && isFile(path);
    looked.push(`${place}: ${path ?? 'none for this platform'}${isThere ? '' : ' (not there)'}`);
    return isThere && path !== null ? { path, kind: kindOf(path) } : null;
  };
  const remedy = remedyFor(platform, places.explicit);
  if (places.explicit !== null) return { found: look(places.explicit, 'SESSIONSHOT_BROWSER'), looked, remedy };
  const onPath = (names: readonly string[]) => first(names, (name) => look(whereIs(name, places.searchPath, platform) ?? name, 'PATH'));
  const found =
    look(managedShell(), 'Playwright headless shell') ??
    onPath([...SHELLS_ON_PATH, ...CHROMIUMS_ON_PATH]) ??
    look(managedChromium(), 'Playwright Chromium') ??
    onPath(['google-chrome', 'google-chrome-stable', 'microsoft-edge']) ??
    first(CHANNELS[platform] ?? [], (path) => look(path, 'channel'));
  return { found, looked, remedy };
}

/** Playwright names the folder of the full Chromium; the headless shell of the same revision lies beside it. */
function managedShell(): string | null {
  const full = managedChromium();
  const match = full ? /^(.*)([/\\])chromium-(\d+)[/\\]chrome-([^/\\]+)/.exec(full) : null;
  if (!match) return null;
  const [, root, separator, revision, platform] = match;
  const name = process.platform === 'win32' ? 'chrome-headless-shell.exe' : 'chrome-headless-shell';
  return [root, `chromium_headless_shell-${revision}`, `chrome-headless-shell-${platform}`, name].join(separator);
}

function managedChromium(): string | null {
  try {
    return chromium.executablePath() || null;
  } catch {
    return null; // Playwright knows no build for this platform
  }
}

function whereIs(name: string, searchPath: string, platform: NodeJS.Platform): string | null {
  const file = platform === 'win32' ? `${name}.exe` : name;
  return first(searchPath.split(delimiter).filter(Boolean), (folder) => (isFile(join(folder, file)) ? join(folder, file) : null));
}

function kindOf(path: string): BrowserKind {
  return /headless[-_]shell/i.test(basename(path)) || /headless[-_]shell/i.test(basename(dirname(path))) ? 'headless-shell' : 'chromium';
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function first<T, R>(items: readonly T[], find: (item: T) => R | null): R | null {
  for (const item of items) {
    const result = find(item);
    if (result !== null) return result;
  }
  return null;
}

function remedyFor(platform: NodeJS.Platform, explicit: string | null): string {
  if (explicit !== null) return 'Set SESSIONSHOT_BROWSER to the path of a Chromium, or leave it out to have one looked for.';
  const isDebian = platform === 'linux' && existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  return isDebian ? 'Run: apt-get install -y chromium-headless-shell' : 'Run: npx playwright install --with-deps --only-shell chromium';
}
