import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright';
import { buildConsoleIfStale } from './prepare-console.ts';
import { findPostgresBin } from './services/start-postgres.ts';
import { findRabbitmqServer } from './services/start-rabbitmq.ts';

/**
 * Makes a machine ready for the tests: the pinned Node, the programs that tests start, the built console. Fast and
 * silent when all is there. Installs only as root on a system with apt; elsewhere it says what is missing and exits 69.
 */
const INSTALL_MS_MAX = 15 * 60_000;
const UNAVAILABLE = 69;

type Need = {
  what: string;
  /** Debian package names, the first that the archive has is installed. */
  packages: readonly string[];
  /** A system without it can still run the tests; those that need it say so. */
  optional?: boolean;
  found: () => boolean;
};

const NEEDS: readonly Need[] = [
  { what: 'PostgreSQL 15 or newer', packages: ['postgresql'], found: () => findPostgresBin() !== null },
  { what: 'RabbitMQ 3.10 or newer', packages: ['rabbitmq-server'], found: () => findRabbitmqServer() !== null },
  { what: 'a Chromium', packages: ['chromium-headless-shell', 'chromium'], found: hasBrowser },
  { what: 'certutil', packages: ['libnss3-tools'], found: () => onPath('certutil') },
  { what: 'pdftotext', packages: ['poppler-utils'], found: () => onPath('pdftotext') },
  { what: 'file', packages: ['file'], found: () => onPath('file') },
  { what: 'text fonts', packages: ['fonts-liberation'], found: () => hasFont('liberation') },
  { what: 'fonts of other scripts', packages: ['fonts-noto-core'], found: () => hasFont('noto') },
  // The runner's image has Noto's, of 57 MB; for tests the smallest one that has all three scripts will do.
  {
    what: 'a font for Chinese, Japanese and Korean',
    packages: ['fonts-wqy-microhei', 'fonts-noto-cjk'],
    found: () => ['wqy', 'cjk'].some(hasFont),
  },
  { what: 'an emoji font', packages: ['fonts-noto-color-emoji'], found: () => hasFont('emoji') },
  { what: 'ip (counts packets in a network namespace)', packages: ['iproute2'], optional: true, found: () => onPath('ip') },
  { what: 'nft (puts up the second wall there)', packages: ['nftables'], optional: true, found: () => onPath('nft') },
  { what: 'docker-compose (lints the compose file)', packages: ['docker-compose'], optional: true, found: () => onPath('docker-compose') },
];

checkNode();
await installMissing();
await buildConsoleIfStale(say);

function checkNode(): void {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  if (process.versions.node === dependencies.node) return;
  say(`The tests run on Node ${dependencies.node}, this is ${process.versions.node}. Start them with \`npm test\`, after \`npm ci\`.`);
  process.exit(UNAVAILABLE);
}

async function installMissing(): Promise<void> {
  const missing = NEEDS.filter((need) => !need.found());
  if (missing.length === 0) return;
  for (const need of missing) say(`Missing: ${need.what}`);
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    if (missing.every((need) => need.optional)) return;
    explain(missing);
    process.exit(UNAVAILABLE);
  }
  await installPackages(missing);
  const still = missing.filter((need) => !need.optional && !need.found());
  if (still.length === 0) return;
  say(`Still missing after the installation: ${still.map((need) => need.what).join(', ')}.`);
  explain(still);
  process.exit(UNAVAILABLE);
}

function explain(missing: readonly Need[]): void {
  const names = missing.map((need) => need.packages[0]).join(' ');
  say('The tests start these programs themselves, on loopback and on data of their own. Install them, then run `npm test` again:');
  say(`  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`);
  say('  elsewhere:       the packages of the same programs; for the browser: npx playwright install chromium-headless-shell');
  say('As root on Debian or Ubuntu, `npm test` installs them by itself.');
}

async function installPackages(missing: readonly Need[]): Promise<void> {
  keepServicesDown();
  say('Reading the package lists (apt-get update) …');
  await run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', 'update']);
  const names = missing.map((need) => need.packages.find(inArchive)).filter((name) => name !== undefined);
  if (names.length > 0) {
    say(`Installing ${names.join(', ')} (a few minutes at most) …`);
    await run('apt-get', ['-qq', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', 'install', ...names]);
  }
  if (!hasBrowser()) {
    say('The archive has no Chromium: installing Playwright’s own …');
    await run(process.execPath, ['node_modules/playwright/cli.js', 'install', '--with-deps', 'chromium-headless-shell']);
  }
  say('Installed.');
}

/** Debian starts a service and makes a database cluster at installation: both are held back until this program ends. */
function keepServicesDown(): void {
  const files = [
    { path: '/usr/sbin/policy-rc.d', text: '#!/bin/sh\nexit 101\n', mode: 0o755 },
    { path: '/etc/postgresql-common/createcluster.d/sessionshot-tests.conf', text: 'create_main_cluster = false\n', mode: 0o644 },
  ].filter((file) => !existsSync(file.path));
  for (const file of files) {
    mkdirSync(join(file.path, '..'), { recursive: true });
    writeFileSync(file.path, file.text, { mode: file.mode });
  }
  process.once('exit', () => {
    for (const file of files) rmSync(file.path, { force: true });
  });
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_MS_MAX });
  const tail: string[] = [];
  const keep = (chunk: Buffer) => {
    tail.push(...chunk.toString('utf8').split('\n').filter(Boolean));
    tail.splice(0, tail.length - 30);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code === 0) return;
  say(tail.join('\n'));
  say(`\`${command} ${args.join(' ')}\` ended with ${code ?? 'a signal (it took too long)'}.`);
  process.exit(UNAVAILABLE);
}

function inArchive(name: string): boolean {
  const policy = execFileSync('apt-cache', ['policy', name], { encoding: 'utf8', timeout: 60_000 });
  return /Candidate: (?!\(none\))/.test(policy);
}

function hasBrowser(): boolean {
  const named = process.env.SESSIONSHOT_BROWSER;
  if (named) return existsSync(named);
  // Playwright names the full browser's path; its headless shell lies beside it and is what the runner takes first.
  const shell = chromium.executablePath().replace(/chromium-(\d+).*$/, 'chromium_headless_shell-$1');
  return existsSync(shell) || ['chromium-headless-shell', 'chromium', 'google-chrome'].some(onPath);
}

function hasFont(part: string): boolean {
  const folders = ['/usr/share/fonts/truetype', '/usr/share/fonts', '/usr/local/share/fonts'];
  return folders.some(
    (folder) => existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => String(name).toLowerCase().includes(part)),
  );
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder: the next one is looked at
    }
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
