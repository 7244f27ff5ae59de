import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { PROJECT_ROOT } from '#server/embedded/project-root.ts';
import type { Tell } from './progress.ts';
import { runProgram } from './run-program.ts';

export const CLIENT_DIR = join(PROJECT_ROOT, 'dist', 'client');
/** What the console's bundle is made of: a newer file in one of these makes a build stale. */
const SOURCES = ['client', 'shared', 'vite.config.ts', 'package-lock.json'];
const BUILD_MS_MAX = 5 * 60_000;

/** Builds the console when its build is missing or older than its sources. Says whether it built. */
export async function buildConsole(env: Record<string, string>, signal: AbortSignal, tell: Tell): Promise<void> {
  if (
    !isStale(
      join(CLIENT_DIR, 'index.html'),
      SOURCES.map((name) => join(PROJECT_ROOT, name)),
    )
  )
    return tell('up to date');
  tell('building');
  const vite = join(PROJECT_ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  const { code, output } = await runProgram(process.execPath, [vite, 'build', '--logLevel', 'error'], {
    // Vite would leave a cache of its own code in the temporary folder.
    env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1' },
    ms: BUILD_MS_MAX,
    cwd: PROJECT_ROOT,
    signal,
  });
  if (code === 0) return tell('built');
  throw new OperatorError(
    EXIT.unavailable,
    'console_not_built',
    `The console could not be built: ${output.trim().split('\n').slice(-3).join(' ')}`,
    'Run `npm ci` again, then `npm run build` to see the whole message.',
  );
}

/** Tells whether a built file is missing or older than the newest of its sources. */
export function isStale(built: string, sources: readonly string[]): boolean {
  return !existsSync(built) || statSync(built).mtimeMs < newest(sources);
}

function newest(paths: readonly string[]): number {
  let latest = 0;
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const facts = statSync(path);
    latest = Math.max(latest, facts.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : facts.mtimeMs);
  }
  return latest;
}
