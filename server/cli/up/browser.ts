import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { PROJECT_ROOT } from '#server/embedded/project-root.ts';
import type { Tell } from './progress.ts';
import { runProgram, runUnbroken } from './run-program.ts';

export type FoundBrowser = { path: string; kind: string };
type Options = { env: Record<string, string>; explicit: string | undefined; signal: AbortSignal };
/** `logFile` takes what installers say. */
type InstallOptions = Options & { logFile: string };

const FIND_MS_MAX = 30_000;
const VERSION_MS_MAX = 15_000;
const DOWNLOAD_MS_MAX = 3 * 60_000;
const APT_MS_MAX = 10 * 60_000;
/** Playwright's name for it. */
const SHELL = 'chromium-headless-shell';
const foundSchema = z.object({ path: z.string(), kind: z.string() });
const missingSchema = z.object({ path: z.null(), looked: z.array(z.string()) });

/**
 * Finds the browser that the runner will use, and installs one when there is none: Playwright's own, else as root on
 * Debian and Ubuntu the system's. Throws 69 with every place looked at and the command for this platform.
 */
export async function ensureBrowser(options: InstallOptions, tell: Tell): Promise<FoundBrowser> {
  const first = await findBrowser(options);
  if (first.found || options.explicit) return first.found ?? giveUp(first);
  tell('none found: downloading the headless shell of Chromium');
  await downloadShell(options, tell);
  const second = await findBrowser(options);
  if (second.found) return second.found;
  if (canInstall(options.env.PATH ?? '')) {
    await installPackages(['chromium-headless-shell', 'chromium'], ['fonts-liberation', 'libnss3-tools'], options, tell);
    const third = await findBrowser(options);
    if (third.found) return third.found;
  }
  return giveUp(second);
}

/** Makes sure that `certutil` is there, which gives Chromium the private CA of the demo app. Linux only. */
export async function ensureCertutil(options: InstallOptions, tell: Tell): Promise<void> {
  const path = options.env.PATH ?? '';
  if (process.platform !== 'linux' || isOnPath('certutil', path)) return;
  if (canInstall(path)) {
    tell('installing certutil');
    await installPackages(['libnss3-tools'], [], options, tell);
    if (isOnPath('certutil', path)) return;
  }
  throw new OperatorError(
    EXIT.unavailable,
    'no_certutil',
    'The program certutil is missing: without it Chromium cannot be told of the private CA of the demo app.',
    'Install it: sudo apt-get install libnss3-tools (Fedora: nss-tools).',
  );
}

/** Tells whether a program can be run from one of the folders of a search path. */
export function isOnPath(name: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
}

type Search = { found: FoundBrowser | null; message: string; remedy: string };

/** Asks the runner, which will use it: one rule, in one place. */
export async function findBrowser(options: Options): Promise<Search> {
  const env = { ...options.env, ...(options.explicit ? { SESSIONSHOT_BROWSER: options.explicit } : {}) };
  const { output } = await runProgram(process.execPath, [join(PROJECT_ROOT, 'runner', 'main.ts'), 'find-browser'], {
    env,
    ms: FIND_MS_MAX,
    cwd: PROJECT_ROOT,
    signal: options.signal,
  });
  const lines = output.split('\n').map((line) => line.trim());
  const answer = lines.filter((line) => line.startsWith('{')).map(readJson);
  const found = answer.map((line) => foundSchema.safeParse(line).data).find((value) => value !== undefined);
  const missing = answer.map((line) => missingSchema.safeParse(line).data).find((value) => value !== undefined);
  const places = missing?.looked.map((place) => `\n    ${place}`).join('') ?? `: ${lines.findLast(Boolean) ?? 'no answer'}`;
  // The runner's last word is the command for this platform.
  const remedy = (missing && lines.findLast(Boolean)) || 'Run: npx playwright install --with-deps --only-shell chromium';
  return { found: found ?? null, message: `No Chromium, Chrome or Edge was found. Looked at${places}`, remedy };
}

/** Asks a browser for its version, such as `156.0.8078.114`; null where it does not tell. */
export async function readBrowserVersion(path: string, env: Record<string, string>): Promise<string | null> {
  const { output } = await runProgram(path, ['--version'], { env, ms: VERSION_MS_MAX });
  return /\b\d+(?:\.\d+){3}\b/.exec(output)?.[0] ?? null;
}

function giveUp(search: Search): never {
  throw new OperatorError(EXIT.unavailable, 'no_browser', search.message, search.remedy);
}

/** Tries Playwright's own build; the system libraries it needs only come along once it is there. */
async function downloadShell(options: InstallOptions, tell: Tell): Promise<void> {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js');
  const run = (args: readonly string[], ms: number, onLine?: (line: string) => void) =>
    runProgram(process.execPath, [cli, ...args], { env: options.env, ms, signal: options.signal, onLine });
  const { code } = await run(['install', SHELL], DOWNLOAD_MS_MAX, (line) => {
    const percent = /(\d+)% of ([\d.]+ \w+)/.exec(line);
    if (percent) tell(`downloading the headless shell of Chromium: ${percent[1]}% of ${percent[2]}`);
  });
  // Without a network it fails, and the next way is tried: the browser is looked for again.
  if (code !== 0 || !canInstall(options.env.PATH ?? '')) return;
  tell('installing the libraries that Chromium needs');
  await runUnbroken(process.execPath, [cli, 'install-deps', SHELL], { ...options, ms: APT_MS_MAX });
}

function canInstall(path: string): boolean {
  return process.getuid?.() === 0 && isOnPath('apt-get', path);
}

/** Installs the first of `names` that the archive has, and all of `also` that it has. */
async function installPackages(names: readonly string[], also: readonly string[], options: InstallOptions, tell: Tell): Promise<void> {
  const { signal, logFile } = options;
  const env = { ...options.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) =>
    runUnbroken('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, ms: APT_MS_MAX, logFile, signal });
  tell('reading the package lists (apt-get update)');
  await apt('update');
  const inArchive = async (name: string) =>
    /Candidate: (?!\(none\))\S/.test((await runProgram('apt-cache', ['policy', name], { env, ms: FIND_MS_MAX, signal })).output);
  const wanted: string[] = [];
  for (const name of names) if (wanted.length === 0 && (await inArchive(name))) wanted.push(name);
  for (const name of also) if (await inArchive(name)) wanted.push(name);
  if (wanted.length === 0) return;
  tell(`installing ${wanted.join(', ')} (apt-get; a minute or two)`);
  const code = await apt('-y', '--no-install-recommends', 'install', ...wanted);
  if (code !== 0) tell(`apt-get failed: see ${logFile}`);
}

function readJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // a message, not data
  }
}
