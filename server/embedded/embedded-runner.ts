import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { backoffMs } from '#shared/backoff.ts';
import type { Log } from '#shared/log.ts';
import { createEventReader } from './child-events.ts';
import { type Child, describeExit, startChild } from './child-process.ts';
import type { DataDir } from './data-dir.ts';
import type { EndStep, ProcessRecord } from './process-record.ts';
import { PROJECT_ROOT } from './project-root.ts';

export type EmbeddedRunnerOptions = {
  dataDir: DataDir;
  serverUrl: string;
  tokenFile: string;
  keyFile: string;
  /** PEM files of private CAs that captured sites may use. */
  caFiles: readonly string[];
  /** What of our own environment a browser needs, and settings meant for the runner. Never secrets of the server. */
  env: Record<string, string>;
  log: Log;
  /** Called when the runner's process has changed: it died and was started again. */
  onChange?: (record: ProcessRecord) => void;
};
const readySchema = z.looseObject({ slots: z.int().optional(), browser: z.string().optional(), sandbox: z.string().optional() });
export type RunnerFacts = z.infer<typeof readySchema>;
export type EmbeddedRunner = {
  facts: RunnerFacts;
  record(): ProcessRecord;
  /** Lets running captures end (at most `EMBEDDED_DRAIN_MS`), then ends the runner. */
  close(): Promise<void>;
};

export const EMBEDDED_DRAIN_MS = 20_000;
const READY_MS_MAX = 90_000;
const RESTART_MS_MIN = 1_000;
const RESTART_MS_MAX = 30_000;
/** A runner that lived this long was well: the next wait starts small again. */
const STEADY_MS = 60_000;
const RUNNER_END: readonly EndStep[] = [
  { signal: 'SIGTERM', ms: EMBEDDED_DRAIN_MS + 10_000 },
  { signal: 'SIGKILL', ms: 5_000 },
];

/**
 * Starts the runner as a child: the same program as in a distributed set-up, told where the server is by its environment
 * and its secrets by 0600 files. When it dies it is started again, with growing waits (1 s to 30 s).
 */
export async function startEmbeddedRunner(options: EmbeddedRunnerOptions): Promise<EmbeddedRunner> {
  const launch = await prepareLaunch(options);
  const stopped = new AbortController();
  let { child, facts } = await launch();
  const startedAt = { ms: Date.now(), failures: 0 };

  const watch = async (): Promise<void> => {
    const exit = await child.exited;
    if (stopped.signal.aborted) return;
    startedAt.failures = Date.now() - startedAt.ms > STEADY_MS ? 1 : startedAt.failures + 1;
    options.log.warn('the runner is gone and is started again', { pid: child.pid, reason: describeExit(exit), count: startedAt.failures });
    await waitUnless(stopped.signal, backoffMs(startedAt.failures, RESTART_MS_MIN, RESTART_MS_MAX));
    if (stopped.signal.aborted) return;
    startedAt.ms = Date.now();
    try {
      ({ child, facts } = await launch());
      options.onChange?.({ pid: child.pid, startStamp: child.startStamp });
    } catch (error) {
      // The child of the failed start has ended, so that the next turn waits longer and tries again.
      options.log.error('the runner did not start', { error });
    }
    if (stopped.signal.aborted) await child.end(RUNNER_END);
    else void watch();
  };
  void watch();
  return {
    facts,
    record: () => ({ pid: child.pid, startStamp: child.startStamp }),
    close: async () => {
      stopped.abort();
      await child.end(RUNNER_END);
    },
  };
}

async function prepareLaunch(options: EmbeddedRunnerOptions): Promise<() => Promise<{ child: Child; facts: RunnerFacts }>> {
  const { dataDir } = options;
  const workDir = join(dataDir.open, 'runner');
  mkdirSync(workDir, { recursive: true, mode: 0o711 });
  const caFile = join(workDir, 'extra-ca.pem');
  writeFileSync(caFile, options.caFiles.map((file) => readFileSync(file, 'utf8').trimEnd()).join('\n'));
  const env = {
    ...options.env,
    SESSIONSHOT_SERVER_URL: options.serverUrl,
    SESSIONSHOT_RUNNER_TOKEN_FILE: options.tokenFile,
    SESSIONSHOT_RUNNER_KEY_FILE: options.keyFile,
    SESSIONSHOT_WORK_DIR: workDir,
    SESSIONSHOT_DRAIN_MS: String(EMBEDDED_DRAIN_MS),
    SESSIONSHOT_PARENT_STDIN: '1',
    ...(options.caFiles.length > 0 ? { SESSIONSHOT_EXTRA_CA_FILE: caFile } : {}),
  };
  return async () => {
    const events = createEventReader();
    const child = await startChild({
      name: 'The runner',
      command: process.execPath,
      args: [join(PROJECT_ROOT, 'runner', 'main.ts')],
      env,
      cwd: PROJECT_ROOT,
      logFile: join(dataDir.path, 'logs', 'runner.log'),
      onLine: events.onLine,
    });
    try {
      return { child, facts: readySchema.parse(await events.ready('The runner', child, READY_MS_MAX)) };
    } catch (error) {
      await child.end(RUNNER_END);
      throw error;
    }
  };
}

async function waitUnless(signal: AbortSignal, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
