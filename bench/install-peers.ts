import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PEERS_FOLDER } from './drivers/peers.ts';

const INSTALL_MS_MAX = 10 * 60_000;

/**
 * Installs the peers where they are missing: packages of their own lock file, without scripts (one of them would
 * download a browser, another filter lists that the bench does not use). A failure is told; the rest is measured without.
 */
export function installPeers(say: (text: string) => void): void {
  if (existsSync(join(PEERS_FOLDER, 'node_modules', 'browserless'))) return;
  say('installing the peers (browserless, capture-website) …');
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: PEERS_FOLDER,
      timeout: INSTALL_MS_MAX,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, PUPPETEER_SKIP_DOWNLOAD: '1' },
    });
  } catch (error) {
    say(`the peers could not be installed and are left out: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
  }
}
