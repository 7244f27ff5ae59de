import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makeReachable } from '#runner/browser/launch/browser-home.ts';
import { type FoundBrowser, findBrowser } from '#runner/browser/launch/find-browser.ts';
import { readBrowserConfig } from '#runner/config.ts';
import { makeAuthority } from '#runner/fixtures/certificates.ts';
import { type ProtocolServer, type ServedJob, startProtocolServer } from '#runner/fixtures/protocol-server.ts';
import { firstKey, sealJob } from '#runner/fixtures/sealed.ts';
import { startSite } from '#runner/fixtures/site.ts';
import { generateKeyPair } from '#runner/generate-key-pair.ts';
import type { AllowedDomain } from '#shared/allowed-domain.ts';
import type { CaptureRequestInput } from '#shared/capture-request.ts';
import { type Started, startProcess } from '../e2e/start-process.ts';

export type Account = { uid: number; gid: number };
export const IS_ROOT = process.getuid?.() === 0;
/** An ordinary user that every Linux has. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/** Who may start a runner. Under root the ordinary user is made; else it is whoever runs the test. */
export const STARTERS: readonly { who: string; isTried: boolean; account: Account | null }[] = [
  { who: 'root', isTried: IS_ROOT, account: null },
  { who: 'an ordinary user', isTried: true, account: IS_ROOT ? NOBODY : null },
];
/** For the names of tests that only root can run. */
export const NOT_TRIED = ' (not tried: this test was not started as root)';

const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'ss_run_canary0123456789abcdefghijklmn';
/** How long the page of `openPage` stays open when nobody cancels it. */
const OPEN_MS = 20_000;

/** Everything that a real runner needs around it: a server that speaks its protocol, a site, keys, a browser. */
export type Machine = {
  folder: string;
  workDir: string;
  keyFile: string;
  /** Texts of the runner's environment that no process of its browser may know. */
  secrets: readonly string[];
  server: ProtocolServer;
  /** `through` is a command that ends in starting the next one; whoever runs the test runs it, not yet the account. */
  start(env?: Record<string, string>, through?: readonly string[]): Started;
  /** A certificate of the authority that these runners trust besides the public ones. */
  certify(names: readonly string[]): Promise<{ cert: string; key: string }>;
  /** Offers a capture to the runner that claims next. */
  offer(request: CaptureRequestInput, domains: AllowedDomain[], totalMs: number): Promise<ServedJob>;
  /** Resolves once a page is open in a runner that was started; it stays open until the job is canceled. */
  openPage(): Promise<ServedJob>;
  /** A browser that is started with more flags, as an operator's own wrapper would. */
  wrapBrowser(name: string, flags: string): Promise<string>;
  close(): Promise<void>;
};

/** `account` is who runs the runner; null for whoever runs the test. */
export async function prepareMachine(account: Account | null): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'sessionshot-sandbox-'));
  await chmod(folder, 0o711);
  const [workDir, keyFile] = [join(folder, 'work'), join(folder, 'keys', 'private.jwks.json')];
  await mkdir(workDir, { mode: 0o711 });
  const authority = await makeAuthority('Sandbox test CA');
  await writeFile(join(folder, 'ca.pem'), authority.pem);
  const keys = await generateKeyPair(join(folder, 'keys'));
  const publicKey = await firstKey(keys.publicKeysFile);
  if (account) for (const path of [workDir, dirname(keyFile), keyFile]) await chown(path, account.uid, account.gid);
  const server = await startProtocolServer(TOKEN);
  const site = await startSite(
    (_, response) => void response.setHeader('content-type', 'text/html').end('<h1>open</h1>'),
    await authority.issue(['localhost']),
  );
  const browser = await browserFor(account, folder);
  const canary = 'canary-of-the-environment';
  const env = {
    ...readBrowserConfig().environment,
    HOME: folder,
    SESSIONSHOT_BROWSER: browser,
    SESSIONSHOT_SERVER_URL: server.url,
    SESSIONSHOT_RUNNER_TOKEN: TOKEN,
    SESSIONSHOT_RUNNER_KEY_FILE: keyFile,
    SESSIONSHOT_EXTRA_CA_FILE: join(folder, 'ca.pem'),
    SESSIONSHOT_WORK_DIR: workDir,
    SESSIONSHOT_CONCURRENCY: '1',
    // What a careless operator might leave in it.
    DATABASE_URL: `postgres://owner:${canary}@127.0.0.1/x`,
    AWS_SECRET_ACCESS_KEY: canary,
  };
  const walls = account ? await passWalls(folder) : [];
  const change = account ? asAccount(account) : [];
  const started: Started[] = [];
  const domains = [{ host: 'localhost', port: site.port, isPrivate: true }];
  const offer: Machine['offer'] = async (request, entries, totalMs) =>
    server.offer({ ...(await sealJob(publicKey, request, entries)), totalMs });
  return {
    folder,
    workDir,
    keyFile,
    secrets: [TOKEN, server.url, keyFile, canary, 'SESSIONSHOT_', 'DATABASE_URL', 'AWS_SECRET'],
    server,
    start: (more = {}, through = []) => {
      const runner = startProcess('runner/main.ts', [], { ...env, ...more }, [...walls, ...through, ...change]);
      started.push(runner);
      return runner;
    },
    certify: (names) => authority.issue([...names]),
    offer,
    openPage: async () => {
      const request = {
        url: `https://localhost:${site.port}/`,
        actions: [{ type: 'waitForTimeout' as const, ms: OPEN_MS }],
        output: { format: 'png' as const },
      };
      const job = await offer(request, domains, 2 * OPEN_MS);
      await server.until(() => job.steps.includes('actions') || job.reports.length > 0);
      if (job.reports.length > 0) throw new Error(`the page did not stay open: ${JSON.stringify(job.reports)}`);
      return job;
    },
    wrapBrowser: async (name, flags) => {
      const path = join(folder, name);
      // Behind the runner's own: of two flags of one name Chromium takes the last.
      await writeFile(path, `#!/bin/sh\nexec '${browser}' "$@" ${flags}\n`);
      await chmod(path, 0o755);
      return path;
    },
    close: async () => {
      // Those that a failed test left behind.
      await Promise.all(started.map((runner) => runner.stop()));
      await site.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The command that starts the next one as another user, in its own place. Only root can. */
function asAccount({ uid, gid }: Account): string[] {
  return ['setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--'];
}

/** What a program that another user starts says: its output, or its complaint. Only root can. */
export async function tryAs(account: Account, program: string, path: string): Promise<string> {
  const [command = '', ...args] = [...asAccount(account), program, path];
  return await promisify(execFile)(command, args).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)),
  );
}

/** The folder of the one runner that lives in `base`. */
export async function runFolderIn(base: string): Promise<string> {
  const [name, ...others] = (await readdir(base)).filter((entry) => entry.startsWith('sessionshot-runner-'));
  if (name === undefined || others.length > 0) throw new Error(`not exactly one runner in ${base}`);
  return join(base, name);
}

/** The browser of this machine that its runners use. */
export function findMachineBrowser(): FoundBrowser {
  const { explicitPath, searchPath } = readBrowserConfig();
  const { found, remedy } = findBrowser({ explicit: explicitPath, searchPath });
  if (!found) throw new Error(remedy);
  return found;
}

/** A browser that both the runner's user and, under root, the browser's own can start. */
async function browserFor(account: Account | null, folder: string): Promise<string> {
  return (await makeReachable(findMachineBrowser(), account !== null || IS_ROOT, folder)).path;
}

/**
 * A clone may lie below a folder that only root may enter, where no other user could start the runner. The command lays
 * the clone bare at the same path, in a mount namespace of its own, and starts the next one there.
 */
async function passWalls(folder: string): Promise<string[]> {
  const wall = await highestWall(ROOT);
  if (wall === null) return [];
  const shelf = join(folder, 'clone');
  await mkdir(shelf);
  const script = `set -eu
wall=$1 project=$2 shelf=$3
shift 3
mount --bind "$project" "$shelf"
mount -t tmpfs -o mode=755 tmpfs "$wall"
mkdir -p "$project"
mount --bind "$shelf" "$project"
exec "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', wall, ROOT, shelf];
}

async function highestWall(path: string): Promise<string | null> {
  if (path === dirname(path)) return null;
  const above = await highestWall(dirname(path));
  return above ?? (((await stat(path)).mode & 0o001) === 0 ? path : null);
}
