import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { lookUpDatabaseAccount } from '#server/embedded/database-account.ts';
import { findPortFault } from '#server/embedded/free-port.ts';
import { findInstance } from '#server/embedded/instance.ts';
import { EXIT } from '#server/embedded/operator-error.ts';
import { findPostgresBinaries } from '#server/embedded/postgres-binaries.ts';
import { PROJECT_ROOT } from '#server/embedded/project-root.ts';
import { findBarrier } from '#server/embedded/reachable.ts';
import { describeBrowserAge } from '#shared/browser-age.ts';
import { type CommandContext, withDataDir } from '../command-context.ts';
import { readBrowserAgeMax, readPassedOn, readSettings, type Settings } from '../config.ts';
import { connectOperator } from '../operator-client.ts';
import { formatBytes } from '../terminal.ts';
import { findBrowser, isOnPath, readBrowserVersion } from '../up/browser.ts';
import { findPortHolder } from '../up/port-holder.ts';
import { toOperatorError } from '../up/progress.ts';

export type Check = { name: string; ok: boolean; found: string; remedy: string | null };

const FREE_BYTES_MIN = 1024 ** 3;
const flagsSchema = z.looseObject({ dataDir: z.string().optional(), json: z.boolean().default(false) });
const healthSchema = z.looseObject({
  database: z.string(),
  storage: z.string(),
  runnersOnline: z.int().nullable(),
  sandbox: z.string(),
  poolKeys: z.array(z.string()),
});

/** `doctor`: checks, each with its remedy; exit 0 when all are well. It changes nothing. */
export function addDoctor(program: Command, { terminal }: CommandContext): void {
  withDataDir(program.command('doctor').description('check this machine and the instance; each fault with its remedy')).action(
    async (_flags: unknown, command: Command) => {
      const flags = flagsSchema.parse(command.opts());
      const checks = await runChecks(readSettings({ dataDir: flags.dataDir }));
      if (flags.json) terminal.json(checks);
      else
        for (const check of checks) {
          terminal.out(
            `${check.ok ? terminal.style('green', '✔', 'out') : terminal.style('red', '✖', 'out')} ${check.name.padEnd(10)} ${check.found}`,
          );
          if (check.remedy) terminal.out(`             ${check.remedy}`);
        }
      process.exitCode = checks.every((check) => check.ok) ? EXIT.ok : EXIT.unavailable;
    },
  );
}

/** Runs every check; one that throws is a fault with what it threw. */
export async function runChecks(settings: Settings): Promise<Check[]> {
  const checks: [string, () => Promise<Found> | Found][] = [
    ['node', checkNode],
    ['browser', () => checkBrowser(settings)],
    ['sandbox', checkSandbox],
    ['certutil', checkCertutil],
    ['data', () => checkDataDir(settings.dataDir)],
    ['disk', () => checkDisk(settings.dataDir)],
    ['postgres', checkPostgres],
    ['port', () => checkPort(settings)],
    ['instance', () => checkInstance(settings.dataDir)],
  ];
  const results: Check[] = [];
  for (const [name, check] of checks) {
    try {
      const { found, remedy = null } = await check();
      results.push({ name, ok: remedy === null, found, remedy });
    } catch (error) {
      const told = toOperatorError(error);
      results.push({ name, ok: false, found: told.message, remedy: told.remedy });
    }
  }
  return results;
}

type Found = { found: string; remedy?: string };

function checkNode(): Found {
  const wanted = z
    .object({ dependencies: z.object({ node: z.string() }) })
    .parse(JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8'))).dependencies.node;
  const found = `Node ${process.versions.node}`;
  return process.versions.node === wanted
    ? { found }
    : { found, remedy: `Run \`npm ci\`: it brings Node ${wanted}, which this version is tested with.` };
}

async function checkBrowser(settings: Settings): Promise<Found> {
  const search = await findBrowser({ env: readPassedOn(), explicit: settings.browser, signal: AbortSignal.timeout(60_000) });
  if (!search.found) return { found: search.message, remedy: search.remedy };
  const version = await readBrowserVersion(search.found.path, readPassedOn());
  const found = `${search.found.path} (${search.found.kind}${version ? ` ${version}` : ''})`;
  const isOld = describeBrowserAge(version ?? '', new Date(), readBrowserAgeMax());
  return isOld ? { found, remedy: `${isOld}: update it, or set SESSIONSHOT_BROWSER_AGE_DAYS_MAX.` } : { found };
}

/** Chromium's sandbox needs user namespaces; some systems keep them from ordinary users. */
function checkSandbox(): Found {
  if (process.platform !== 'linux') return { found: 'the system’s own' };
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim() : null);
  const isOff = read('/proc/sys/kernel/unprivileged_userns_clone') === '0' || read('/proc/sys/user/max_user_namespaces') === '0';
  const isConfined = read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1';
  if (isOff)
    return {
      found: 'user namespaces are switched off',
      remedy: 'sysctl -w kernel.unprivileged_userns_clone=1, or accept the risk: --allow-no-sandbox',
    };
  if (isConfined)
    return {
      found: 'AppArmor keeps user namespaces from unknown programs',
      remedy:
        'Install Chromium from the system’s packages (they bring a profile), or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    };
  return {
    found:
      process.getuid?.() === 0 ? 'user namespaces are there; the browser will run as another user than root' : 'user namespaces are there',
  };
}

function checkCertutil(): Found {
  if (process.platform !== 'linux' || isOnPath('certutil', readPassedOn().PATH ?? '')) return { found: 'there' };
  return {
    found: 'not there: private CAs (the demo app’s) cannot be used',
    remedy: 'sudo apt-get install libnss3-tools (Fedora: nss-tools)',
  };
}

function checkDataDir(path: string): Found {
  const folder = nearestFolder(path);
  const isRoot = process.getuid?.() === 0;
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  const barrier = isRoot ? findBarrier(folder) : null;
  const state = existsSync(path) ? 'writable' : 'will be made';
  return {
    found:
      barrier && barrier !== path
        ? `${path}, ${state}; ${barrier} is closed to others, so the database is kept under /var/lib/sessionshot`
        : `${path}, ${state}`,
  };
}

function checkDisk(path: string): Found {
  const { bavail, bsize } = statfsSync(nearestFolder(path));
  const free = bavail * bsize;
  const found = `${formatBytes(free)} free`;
  return free >= FREE_BYTES_MIN
    ? { found }
    : { found, remedy: `Make room: at least ${formatBytes(FREE_BYTES_MIN)} is needed for database and captures.` };
}

function checkPostgres(): Found {
  const { version, postgres } = findPostgresBinaries(null);
  const account =
    process.getuid?.() !== 0
      ? 'this user'
      : lookUpDatabaseAccount()
        ? 'the user postgres'
        : 'the user postgres, which the first start makes';
  return {
    found: `PostgreSQL ${version.split('-')[0]}, runs as ${account}`,
    ...(existsSync(postgres) ? {} : { remedy: 'Run `npm ci` again: its files are missing.' }),
  };
}

async function checkPort({ port, host, dataDir }: Settings): Promise<Found> {
  if (findInstance(dataDir)) {
    // Where it runs, its own port counts: which one the next start would take says nothing about it.
    const { instance, status } = connectOperator(dataDir);
    await status(healthSchema);
    return { found: `${instance.host}:${instance.port}: this instance answers` };
  }
  const fault = await findPortFault(port, host);
  if (fault === null) return { found: `${host}:${port} is free` };
  const holder = findPortHolder(port);
  return {
    found: `${host}:${port}: ${fault}${holder ? `, ${holder.command} (pid ${holder.pid})` : ''}`,
    remedy: 'Start with --port 0, or end that program.',
  };
}

async function checkInstance(dataDir: string): Promise<Found> {
  if (!findInstance(dataDir)) return { found: 'not running' };
  const operator = connectOperator(dataDir);
  const health = await operator.status(healthSchema);
  const found = `${operator.url}: database ${health.database}, storage ${health.storage}, ${health.runnersOnline ?? 0} ${health.runnersOnline === 1 ? 'runner' : 'runners'}, sandbox ${health.sandbox}, sealing to ${health.poolKeys[0] ?? 'no key'}`;
  if (health.database !== 'ok' || health.storage !== 'ok')
    return { found, remedy: 'Look at the folder `logs` of the data folder, then `sessionshot stop` and start again.' };
  if (health.poolKeys.length === 0)
    return { found, remedy: 'Every key of the runners is revoked: `sessionshot runner keygen --rotate` makes a new one.' };
  return health.runnersOnline === 0 ? { found, remedy: 'No runner is online: look at `logs/runner.log` of the data folder.' } : { found };
}

function nearestFolder(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
