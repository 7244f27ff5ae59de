import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FoundBrowser } from './find-browser.ts';

const run = promisify(execFile);
const LAUNCHER = fileURLToPath(new URL('./launch-as-user.sh', import.meta.url));
/** One of these lies beside every Chromium. */
const BROWSER_FILES = ['icudtl.dat', 'resources.pak', 'headless_lib_data.pak'];
const CERTUTIL_MS_MAX = 20_000;
/** Ids that no distribution hands out to anybody who stays: of these root's browsers are. */
const BROWSER_IDS = { first: 61_184, count: 4096 };

type BrowserUser = { uid: number; gid: number };
/** One browser's HOME: its own settings and certificate store, and nothing else. Removed when the browser ends. */
export type BrowserHome = {
  path: string;
  launcher: string | null;
  environment(browserPath: string): Record<string, string>;
  remove(): Promise<void>;
};
/** `otherUser`: browsers are not the runner's own user. */
export type BrowserHomes = { otherUser: boolean; create(): Promise<BrowserHome> };
export type HomesOptions = {
  /** For what all browsers share: the launcher, the certificates, a copied browser. */
  workDir: string;
  /** Where the homes are made, when that is not there too. */
  profilesDir?: string;
  extraCaFiles: readonly string[];
  environment: Readonly<Record<string, string>>;
};

/** A private CA that cannot be used: no such file, not PEM, or the tool that keeps the store is missing. */
export class CertificateStoreError extends Error {
  override name = 'CertificateStoreError';
}

/** The browser's user, who is not root, cannot get to the work folder or to the browser. */
export class BrowserUserLockedOut extends Error {
  override name = 'BrowserUserLockedOut';
}

/**
 * Prepares homes for browsers below `profilesDir`. A private CA is put into an NSS store once and copied into each home, so
 * that exactly the sites signed by it load as well; certificate errors are never ignored. Throws
 * `CertificateStoreError` and `BrowserUserLockedOut`.
 */
export async function prepareBrowserHomes(options: HomesOptions): Promise<BrowserHomes> {
  const { workDir, profilesDir = workDir, extraCaFiles, environment } = options;
  const otherUser = process.getuid?.() === 0;
  const nextUser = otherUser ? countUsers() : () => null;
  // Short: a full Chromium binds a socket below it, whose path has to fit into an address.
  const root = join(profilesDir, 'home');
  await mkdir(root, { recursive: true });
  // The other user must be able to walk through, and to see nothing on the way.
  if (otherUser) await chmod(root, 0o711);
  const wall = otherUser ? ((await findWall(root)) ?? (await findWall(workDir))) : null;
  if (wall) throw new BrowserUserLockedOut(`The browser runs as another user than root and cannot enter ${wall}, above the work folder.`);
  const store = extraCaFiles.length > 0 ? await makeStore(join(workDir, 'certificates'), extraCaFiles) : null;
  const launcher = process.platform === 'win32' ? null : join(workDir, 'launch-as-user.sh');
  if (launcher) {
    await copyFile(LAUNCHER, launcher);
    await chmod(launcher, 0o755);
  }
  return { otherUser, create: () => createHome({ root, user: nextUser(), store, launcher, environment }) };
}

type HomeParts = {
  root: string;
  user: BrowserUser | null;
  store: string | null;
  launcher: string | null;
  environment: Readonly<Record<string, string>>;
};

async function createHome({ root, user, store, launcher, environment }: HomeParts): Promise<BrowserHome> {
  const path = await mkdtemp(join(root, sep));
  await mkdir(join(path, 'tmp'), { mode: 0o700 });
  if (store) await cp(store, join(path, '.pki', 'nssdb'), { recursive: true });
  if (user) await giveTo(path, user);
  return {
    path,
    launcher,
    environment: (browserPath) => ({
      ...environment,
      HOME: path,
      TMPDIR: join(path, 'tmp'),
      XDG_CONFIG_HOME: join(path, '.config'),
      XDG_CACHE_HOME: join(path, '.cache'),
      ...(launcher ? { SESSIONSHOT_LAUNCH_BROWSER: browserPath, SESSIONSHOT_LAUNCH_USER: user ? `${user.uid}:${user.gid}` : '' } : {}),
    }),
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

async function giveTo(path: string, { uid, gid }: BrowserUser): Promise<void> {
  await chown(path, uid, gid);
  for (const entry of await readdir(path, { recursive: true })) await chown(join(path, entry), uid, gid);
}

/**
 * Root's browsers are each a user of their own: what broke out of one must not read another customer's session in the
 * next. Begins anywhere, so that two runners on one machine are unlikely to meet.
 */
function countUsers(): () => BrowserUser {
  let next = randomInt(BROWSER_IDS.count);
  return () => {
    const id = BROWSER_IDS.first + (next++ % BROWSER_IDS.count);
    return { uid: id, gid: id };
  };
}

async function makeStore(folder: string, files: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await certutil(['-N', '-d', `sql:${folder}`, '--empty-password']);
  let index = 0;
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => {
      throw new CertificateStoreError(`SESSIONSHOT_EXTRA_CA_FILE: ${file} cannot be read.`);
    });
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    if (certificates.length === 0) throw new CertificateStoreError(`SESSIONSHOT_EXTRA_CA_FILE: ${file} holds no PEM certificate.`);
    for (const certificate of certificates) {
      const one = join(folder, 'import.pem');
      await writeFile(one, `${certificate}\n`);
      // C: trusted to issue server certificates, and nothing more.
      await certutil(['-A', '-d', `sql:${folder}`, '-n', `sessionshot-${index++}`, '-t', 'C,,', '-i', one]);
      await rm(one);
    }
  }
  return folder;
}

async function certutil(args: string[]): Promise<void> {
  try {
    await run('certutil', args, { timeout: CERTUTIL_MS_MAX, env: { PATH: '/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin' } });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new CertificateStoreError(
      isMissing
        ? 'SESSIONSHOT_EXTRA_CA_FILE needs the program certutil (Debian: apt-get install -y libnss3-tools; macOS: brew install nss).'
        : 'certutil refused a certificate of SESSIONSHOT_EXTRA_CA_FILE: it is not a valid CA certificate.',
      { cause: error },
    );
  }
}

/**
 * Makes sure that the browser's user can start it: a browser below a folder that only root may enter (Playwright's cache
 * in root's home, for one) is copied, with the files beside it, into the work folder. Returns the path to start.
 */
export async function makeReachable(found: FoundBrowser, otherUser: boolean, workDir: string): Promise<FoundBrowser> {
  if (!otherUser || (await findWall(found.path)) === null) return found;
  const folder = dirname(found.path);
  // Never copy a folder that merely happens to hold the program: it may be somebody's home.
  if (!BROWSER_FILES.some((name) => existsSync(join(folder, name))))
    throw new BrowserUserLockedOut(`The browser runs as another user than root and cannot start ${found.path}.`);
  const copy = join(workDir, 'browser');
  await cp(folder, copy, { recursive: true, dereference: true });
  await chmod(copy, 0o755);
  return { ...found, path: join(copy, basename(found.path)) };
}

/** The first folder or file on the way that others may not enter, or null. */
async function findWall(path: string): Promise<string | null> {
  for (let at = path; at !== dirname(at); at = dirname(at)) if (((await stat(at)).mode & 0o001) === 0) return at;
  return null;
}
