import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** What the console's bundle is made of: a newer file in one of these makes a build stale. */
const SOURCES = ['client', 'shared', 'vite.config.ts', 'package-lock.json'];

/** Builds the console into `dist/client` when its build is missing or older than its sources. Tests of it need one. */
export async function buildConsoleIfStale(say: (text: string) => void): Promise<void> {
  const built = join(ROOT, 'dist/client/index.html');
  if (!existsSync(join(ROOT, 'client/index.html'))) return;
  if (existsSync(built) && statSync(built).mtimeMs >= newest(SOURCES.map((name) => join(ROOT, name)))) return;
  say('Building the console …');
  const { build } = await import('vite');
  await build({ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'error' });
}

function newest(paths: readonly string[]): number {
  let latest = 0;
  for (const path of paths.filter((candidate) => existsSync(candidate))) {
    const facts = statSync(path);
    latest = Math.max(latest, facts.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : facts.mtimeMs);
  }
  return latest;
}
