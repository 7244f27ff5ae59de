import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { writePrivateFile } from '#server/embedded/private-file.ts';
import { hasDisplay, readDisplay } from '../config.ts';

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['xdg-open'],
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/**
 * Opens the console, signed in, in this person's browser. The one-time link goes through a private file: on a command
 * line every user of the machine could read it. Returns what to tell when it cannot be done, else null.
 */
export async function openInBrowser(signInUrl: string, dataDir: string): Promise<string | null> {
  if (!hasDisplay()) return 'No display: not opening a window. Open the link above on this machine, or forward the port with ssh -L.';
  const [command, ...args] = OPENERS[process.platform] ?? [];
  if (!command) return 'Open the link above in your browser.';
  const file = join(dataDir, 'open.html');
  writePrivateFile(
    file,
    `<!doctype html><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${signInUrl}">`,
  );
  const child = spawn(command, [...args, file], { env: readDisplay(), stdio: 'ignore', detached: true });
  child.unref();
  const failed = await new Promise<boolean>((resolve) => child.once('error', () => resolve(true)).once('spawn', () => resolve(false)));
  return failed ? `${command} is not there: open the link above in your browser.` : null;
}
