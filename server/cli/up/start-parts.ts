import { join } from 'node:path';
import type { AppOptions } from '#server/app.ts';
import type { DataDir } from '#server/embedded/data-dir.ts';
import { startEmbeddedBlobStore } from '#server/embedded/embedded-blob-store.ts';
import { type EmbeddedDemo, startEmbeddedDemo } from '#server/embedded/embedded-demo.ts';
import { startEmbeddedPostgres } from '#server/embedded/embedded-postgres.ts';
import type { Instance } from '#server/embedded/instance.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { prepareRunnerKeys, type RunnerKeyFiles } from '#server/embedded/runner-keys.ts';
import type { Log } from '#shared/log.ts';
import type { ExternalParts, Settings } from '../config.ts';
import { ensureBrowser, ensureCertutil, type FoundBrowser } from './browser.ts';
import type { Lifetime } from './lifetime.ts';
import type { Progress } from './progress.ts';

// The parts of an instance that need one another in nothing: they start side by side. Each is a step of its own, is in
// the care of the lifetime from its first moment, and is written down for the start after a kill.

export type StartOptions = {
  settings: Settings;
  needsCapture: boolean;
  progress: Progress;
  lifetime: Lifetime;
  onStop: () => void;
  onLost: (error: OperatorError) => void;
};
/** What every step is given. */
export type StartContext = StartOptions & {
  dataDir: DataDir;
  instance: Instance;
  external: ExternalParts;
  env: Record<string, string>;
  log: Log;
};

export async function findOrInstallBrowser({ settings, progress, env, lifetime, dataDir }: StartContext): Promise<FoundBrowser | null> {
  if (!settings.runner) {
    progress.skip('browser', '--no-runner');
    return null;
  }
  return await progress.step('browser', async (tell) => {
    const options = { env, explicit: settings.browser, signal: lifetime.signal, logFile: join(dataDir.path, 'logs', 'install.log') };
    const browser = await ensureBrowser(options, tell);
    await ensureCertutil(options, tell);
    tell(browser.path);
    return browser;
  });
}

export async function startDatabase(context: StartContext): Promise<Pick<AppOptions, 'databaseUrl' | 'serverUrl'>> {
  const { external, progress, lifetime, dataDir, instance, onLost } = context;
  if (external.databaseUrl) {
    progress.skip('database', 'external (DATABASE_URL)');
    return { databaseUrl: external.databaseUrl };
  }
  return await progress.step('database', async (tell) => {
    const database = await lifetime.own(startEmbeddedPostgres(dataDir, lifetime.signal));
    instance.setChild('postgres', database);
    void database.exited.then(() =>
      onLost(
        new OperatorError(
          EXIT.unavailable,
          'database_lost',
          `The embedded PostgreSQL (pid ${database.pid}) has ended.`,
          'Start again; if it happens twice, `logs/postgres.log` of the data folder says why.',
        ),
      ),
    );
    tell(`PostgreSQL ${database.version}, port ${database.port}`);
    return database;
  });
}

export async function startStorage({
  external,
  progress,
  lifetime,
  dataDir,
  instance,
  onLost,
  settings,
}: StartContext): Promise<AppOptions['blobs']> {
  const common = { container: 'captures', publicUrl: settings.blobPublicUrl };
  if (external.storageAccountUrl || external.storageConnectionString) {
    progress.skip('storage', 'external (AZURE_STORAGE_…)');
    return external.storageAccountUrl
      ? { ...common, accountUrl: external.storageAccountUrl }
      : { ...common, connectionString: external.storageConnectionString };
  }
  return await progress.step('storage', async (tell) => {
    const storage = await lifetime.own(startEmbeddedBlobStore(dataDir, lifetime.signal));
    instance.setChild('azurite', storage);
    void storage.exited.then(() =>
      onLost(
        new OperatorError(
          EXIT.unavailable,
          'storage_lost',
          `The embedded blob store (pid ${storage.pid}) has ended.`,
          'Start again; if it happens twice, `logs/storage.log` of the data folder says why.',
        ),
      ),
    );
    tell(`Azurite, port ${storage.port}`);
    return { ...common, connectionString: storage.connectionString };
  });
}

export async function startDemo({ progress, lifetime, dataDir, instance, env }: StartContext): Promise<EmbeddedDemo> {
  return await progress.step('demo', async (tell) => {
    const demo = await lifetime.own(startEmbeddedDemo(dataDir, env.PATH ?? ''));
    instance.setChild('demo', demo);
    tell(`${demo.origin}, signed in: ${demo.user}`);
    return demo;
  });
}

export async function prepareKeys({ progress, dataDir, env }: StartContext): Promise<RunnerKeyFiles> {
  return await progress.step('keys', async (tell) => {
    const files = await prepareRunnerKeys(dataDir.path, env.PATH ?? '');
    tell('only the runner can open what the server seals');
    return files;
  });
}
