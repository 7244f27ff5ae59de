import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { followPublicKeys } from '#server/adapters/public-key-file.ts';
import { type App, type AppOptions, startApp } from '#server/app.ts';
import { readExtraCas, readSecretKeys } from '#server/config.ts';
import { openLog } from '#server/embedded/child-process.ts';
import { type DataDir, openDataDir } from '#server/embedded/data-dir.ts';
import { type EmbeddedDemo, readDemoFacts } from '#server/embedded/embedded-demo.ts';
import { type EmbeddedRunner, startEmbeddedRunner } from '#server/embedded/embedded-runner.ts';
import { findPortFault } from '#server/embedded/free-port.ts';
import { takeInstance } from '#server/embedded/instance.ts';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { readOrMake, writePrivateFile } from '#server/embedded/private-file.ts';
import { forbidCoreDumps } from '#shared/forbid-core-dumps.ts';
import { createLog, type Log } from '#shared/log.ts';
import { secret } from '#shared/secret.ts';
import { readDomainProof, readExternalParts, readPassedOn, readSingleSignOn, type Settings } from '../config.ts';
import { OPERATOR_TOKEN_FILE } from '../operator-client.ts';
import type { FoundBrowser } from './browser.ts';
import { buildConsole, CLIENT_DIR } from './console-build.ts';
import { findPortHolder } from './port-holder.ts';
import { prepareRunnerToken, prepareWorkspace, type Workspace } from './prepare-workspace.ts';
import {
  findOrInstallBrowser,
  prepareKeys,
  type StartContext,
  type StartOptions,
  startDatabase,
  startDemo,
  startStorage,
} from './start-parts.ts';

export type Running = { dataDir: DataDir; app: App; demo: EmbeddedDemo; workspace: Workspace; runner: EmbeddedRunner | null };
const LOOPBACK = '127.0.0.1';
const ANY_ADDRESS = new Set(['0.0.0.0', '::']);

/** Starts every part of an embedded instance: what does not need one another side by side, then the server, then the runner. */
export async function startInstance(options: StartOptions): Promise<Running> {
  const { settings, lifetime, progress } = options;
  const dataDir = openDataDir(settings.dataDir);
  const instance = await takeInstance(dataDir.path, settings.host);
  await lifetime.own(Promise.resolve({ close: async () => instance.release() }));
  await checkPort(settings);
  const log = openServerLog(dataDir.path, settings);
  await forbidCoreDumps(log);
  if (dataDir.barrier) progress.note(`  ${dataDir.barrier} is closed to other users: the database is kept in ${dataDir.open}.`);
  const context: StartContext = {
    ...options,
    dataDir,
    instance,
    external: readExternalParts(),
    env: readPassedOn(),
    log,
  };
  const demoBefore = readDemoFacts(dataDir.path);
  const [browser, database, storage, , demo, keys] = await Promise.all([
    findOrInstallBrowser(context),
    startDatabase(context),
    startStorage(context),
    progress.step('console', (tell) => buildConsole(context.env, lifetime.signal, tell)),
    startDemo(context),
    prepareKeys(context),
  ]);
  const app = await startServer(context, { database, storage, publicFile: keys.publicFile, demo });
  const demoPortBefore = demoBefore ? Number(new URL(demoBefore.origin).port) : null;
  const workspace = await prepareWorkspace(app.deps, { demoPort: demo.port, demoPortBefore, needsCapture: options.needsCapture });
  const runner = browser ? await startRunner(context, { app, browser, keyFile: keys.privateFile, demo }) : null;
  return { dataDir, app, demo, workspace, runner };
}

async function checkPort({ port, host }: Settings): Promise<void> {
  const fault = port === 0 ? null : await findPortFault(port, host);
  if (fault === null) return;
  const holder = fault === 'EADDRINUSE' ? findPortHolder(port) : null;
  const who = holder ? `${holder.command || 'a process'} (pid ${holder.pid})` : 'another program';
  const why =
    fault === 'EADDRINUSE'
      ? `Port ${port} is used by ${who}.`
      : fault === 'EACCES'
        ? `Port ${port} is not open to this user.`
        : `${host}:${port} cannot be listened on (${fault}).`;
  throw new OperatorError(EXIT.unavailable, 'port_taken', why, 'Choose another port: --port 0 takes any free one.');
}

type ServerParts = {
  database: Pick<AppOptions, 'databaseUrl' | 'serverUrl'>;
  storage: AppOptions['blobs'];
  publicFile: string;
  demo: EmbeddedDemo;
};

async function startServer(context: StartContext, parts: ServerParts): Promise<App> {
  const { settings, external, lifetime, dataDir, instance, log, onStop } = context;
  return await context.progress.step('server', async (tell) => {
    tell('updating the schema, opening the port');
    const token = randomBytes(32).toString('base64url');
    writePrivateFile(join(dataDir.path, OPERATOR_TOKEN_FILE), token);
    const secretKeyFile = join(dataDir.path, 'keys', 'server.key');
    readOrMake(secretKeyFile, () => `${randomBytes(32).toString('base64')}\n`);
    const app = await lifetime.own(
      startApp({
        databaseUrl: parts.database.databaseUrl,
        serverUrl: parts.database.serverUrl,
        rabbitmqUrl: external.rabbitmqUrl,
        blobs: parts.storage,
        publicKeys: followPublicKeys(parts.publicFile, log),
        secretKeys: readSecretKeys(secretKeyFile),
        extraCas: readExtraCas(caFilesOf(settings, parts.demo)),
        oidc: readSingleSignOn(),
        domainProof: readDomainProof(),
        host: settings.host,
        port: settings.port,
        publicUrl: settings.publicUrl,
        operatorToken: secret(token),
        clientDir: CLIENT_DIR,
        log,
        onStop,
      }),
    );
    instance.setAddress({ host: settings.host, port: app.port, url: localUrl(settings.host, app.port) });
    tell(app.url);
    return app;
  });
}

type RunnerParts = { app: App; browser: FoundBrowser; keyFile: string; demo: EmbeddedDemo };

async function startRunner(
  { settings, progress, lifetime, dataDir, instance, env, log, external }: StartContext,
  { app, browser, keyFile, demo }: RunnerParts,
): Promise<EmbeddedRunner> {
  return await progress.step('runner', async (tell) => {
    tell('starting the browser and trying its walls');
    const tokenFile = await prepareRunnerToken(app.deps, dataDir.path);
    const caFiles = caFilesOf(settings, demo);
    const given = {
      ...env,
      SESSIONSHOT_BROWSER: browser.path,
      SESSIONSHOT_LOG_LEVEL: settings.logLevel,
      ...(settings.concurrency ? { SESSIONSHOT_CONCURRENCY: String(settings.concurrency) } : {}),
      ...(settings.allowNoSandbox ? { SESSIONSHOT_ALLOW_NO_SANDBOX: '1' } : {}),
      ...(external.rabbitmqUrl ? { RABBITMQ_URL: external.rabbitmqUrl } : {}),
    };
    const onChange = (record: { pid: number; startStamp: string }) => instance.setChild('runner', record);
    const runner = await lifetime.own(
      startEmbeddedRunner({
        dataDir,
        serverUrl: localUrl(settings.host, app.port),
        tokenFile,
        keyFile,
        caFiles,
        env: given,
        log,
        onChange,
      }),
    );
    onChange(runner.record());
    const slots = runner.facts.slots ?? 1;
    tell(`${slots} ${slots === 1 ? 'slot' : 'slots'}, sandbox ${runner.facts.sandbox ?? 'unknown'}`);
    return runner;
  });
}

/** The authorities that sites and receivers of this instance may be signed by besides the public ones. */
function caFilesOf({ extraCaFile }: Settings, demo: EmbeddedDemo): string[] {
  return [demo.caFile, ...(extraCaFile ? [extraCaFile] : [])];
}

/** Where this machine reaches the server, whatever address people use. */
function localUrl(host: string, port: number): string {
  const name = ANY_ADDRESS.has(host) ? LOOPBACK : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function openServerLog(dataDir: string, settings: Settings): Log {
  const descriptor = openLog(join(dataDir, 'logs', 'server.log'));
  return createLog('server', settings.logLevel, (line) => void writeSync(descriptor, line));
}
