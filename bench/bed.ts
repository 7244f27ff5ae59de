import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findBrowser } from '#runner/browser/launch/find-browser.ts';
import { startProcess } from '#tests/e2e/start-process.ts';
import { type Product, prepareProduct, startProduct } from './product/start-product.ts';

export const CLIENTS_MAX = 8;

/** What every phase stands on: the corpus, a certificate store that trusts it, the browsers, and the product's folder. */
export type Bed = {
  origin: string;
  home: string;
  browsers: { shell: string; chromium: string | null };
  /** Starts the product on the one data folder of this run, with this many slots (null: its own default). */
  openProduct(concurrency: number | null): Promise<Product & { apiKeys: readonly string[] }>;
  dataDir: string;
  temporary: string;
  /** Ends of what was started on this bed and is not ended yet: an interrupted run ends them too. */
  live: Set<() => Promise<void>>;
  close(): Promise<void>;
};

export async function openBed(say: (text: string) => void): Promise<Bed> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sessionshot-bench-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  chmodSync(folder, 0o711); // As root the product's database and browser are other users, who must get through.
  const [home, dataDir] = [join(folder, 'home'), join(folder, 'data')];
  mkdirSync(join(home, 'tmp'), { recursive: true });
  mkdirSync(dataDir);
  // The temporary folder of the product alone, so that what it leaves there can be told from what others do.
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  chmodSync(temporary, 0o1777);
  const browsers = findBrowsers();
  const site = startProcess('bench/site/main.ts', [folder]);
  opened.defer(async () => void (await site.stop('SIGTERM', 10_000)));
  const ready = await site.waitFor('ready', 30_000);
  const [origin, caFile] = [String(ready.origin), String(ready.caFile)];
  trust(home, caFile);
  const live: Bed['live'] = new Set();
  opened.defer(async () => void (await Promise.all([...live].map((end) => end()))));
  let apiKeys: string[] | null = null;
  const openProduct: Bed['openProduct'] = async (concurrency) => {
    say(`starting SessionShot (${concurrency === null ? 'its own number of slots' : `${concurrency} slots`}) …`);
    const started = await startProduct({ dataDir, caFile, temporary, concurrency });
    const close = async () => {
      await started.close();
      live.delete(close);
    };
    live.add(close);
    const product = { ...started, close };
    try {
      apiKeys ??= await prepareProduct(product, origin, CLIENTS_MAX);
    } catch (error) {
      await product.close();
      throw error;
    }
    return { ...product, apiKeys };
  };
  const parts = opened.move();
  return { origin, home, browsers, openProduct, dataDir, temporary, live, close: () => parts.disposeAsync() };
}

function findBrowsers(): Bed['browsers'] {
  const searchPath = process.env.PATH ?? '';
  const { found, remedy } = findBrowser({ explicit: process.env.SESSIONSHOT_BROWSER || null, searchPath });
  if (found?.kind !== 'headless-shell')
    throw new Error(`The bench compares on the headless shell, and none was found. ${remedy}, or run \`npm test\` once.`);
  const chromium = searchPath
    .split(delimiter)
    .map((place) => join(place, 'chromium'))
    .find((path) => existsSync(path));
  return { shell: found.path, chromium: chromium ?? null };
}

/** Puts the corpus's CA into the certificate store of `home`, as SESSIONSHOT_EXTRA_CA_FILE does for the product. */
function trust(home: string, caFile: string): void {
  const store = join(home, '.pki', 'nssdb');
  mkdirSync(store, { recursive: true });
  const certutil = (...args: string[]) => execFileSync('certutil', [...args, '-d', `sql:${store}`], { timeout: 30_000, stdio: 'ignore' });
  certutil('-N', '--empty-password');
  certutil('-A', '-n', 'bench', '-t', 'C,,', '-i', caFile);
}
