import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type Child, describeExit, startChild } from './child-process.ts';
import type { DataDir } from './data-dir.ts';
import { findPort } from './free-port.ts';
import { EXIT, OperatorError } from './operator-error.ts';
import { readIfThere, writePrivateFile } from './private-file.ts';
import { type EndStep, endProcess, type ProcessRecord } from './process-record.ts';

export type EmbeddedBlobStore = ProcessRecord & {
  port: number;
  /** Holds the account key: for the blob store's adapter, never for a message. */
  connectionString: string;
  exited: Promise<unknown>;
  close(): Promise<void>;
};
type Settings = z.infer<typeof settingsSchema>;

const READY_MS_MAX = 40_000;
const POLL_MS = 50;
const PROBE_MS_MAX = 2_000;
const ATTEMPTS = 3;
// It writes its index every 5 s and when it closes: a shorter wait could lose the names of the last blobs.
const BLOB_STORE_END: readonly EndStep[] = [
  { signal: 'SIGTERM', ms: 10_000 },
  { signal: 'SIGKILL', ms: 5_000 },
];

/**
 * Starts Azurite, the emulator of Azure Blob Storage, on 127.0.0.1 with a random account and key (its published ones
 * are known to everybody). The port stays the same over restarts where it is free, so that signed links live on.
 */
export async function startEmbeddedBlobStore(dataDir: DataDir, signal?: AbortSignal): Promise<EmbeddedBlobStore> {
  const file = join(dataDir.path, 'storage.json');
  const settings = readSettings(file) ?? {
    name: `ss${randomBytes(8).toString('hex')}`,
    key: randomBytes(64).toString('base64'),
    port: null,
    process: null,
  };
  // Two of them on one folder would overwrite each other's index: one that a killed instance left goes first.
  if (settings.process) await endProcess(settings.process, BLOB_STORE_END);
  const folder = join(dataDir.path, 'blobs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { child, port } = await startServer(settings, folder, { file, log: join(dataDir.path, 'logs', 'storage.log') }, signal);
  return {
    pid: child.pid,
    startStamp: child.startStamp,
    port,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${settings.name};AccountKey=${settings.key};BlobEndpoint=http://127.0.0.1:${port}/${settings.name};`,
    exited: child.exited,
    close: async () => {
      await child.end(BLOB_STORE_END);
    },
  };
}

async function startServer(
  settings: Settings,
  folder: string,
  files: { file: string; log: string },
  signal?: AbortSignal,
): Promise<{ child: Child; port: number }> {
  const script = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const port = await findPort(attempt === 1 ? (settings.port ?? undefined) : undefined);
    // The SDK speaks a newer version of the API than Azurite knows: without --skipApiVersionCheck every call is a 400.
    const args = [
      `--import=${import.meta.resolve('./log-access.ts')}`,
      script,
      '--blobHost',
      '127.0.0.1',
      '--blobPort',
      String(port),
      '--location',
      folder,
      '--disableTelemetry',
      '--skipApiVersionCheck',
    ];
    const env = { PATH: '/usr/bin:/bin', AZURITE_ACCOUNTS: `${settings.name}:${settings.key}` };
    const child = await startChild({ name: 'Azurite', command: process.execPath, args, env, cwd: folder, logFile: files.log });
    writePrivateFile(files.file, JSON.stringify({ ...settings, port, process: { pid: child.pid, startStamp: child.startStamp } }));
    const fault = await awaitReady(child, port);
    if (fault === null) return { child, port };
    if (attempt === ATTEMPTS) {
      throw new OperatorError(
        EXIT.unavailable,
        'storage_not_started',
        `The embedded blob store (Azurite) did not start: ${fault}`,
        `Its log is ${files.log}.`,
      );
    }
  }
}

/** Resolves null when it answers HTTP (any answer: a 400 to an unsigned call is one), else with the reason. */
async function awaitReady(child: Child, port: number): Promise<string | null> {
  const end = Date.now() + READY_MS_MAX;
  while (Date.now() < end) {
    const exit = child.exit();
    if (exit) return `it ${describeExit(exit)}: ${child.tail().split('\n').at(-1) ?? ''}`;
    if (await answersHttp(port)) return null;
    await wait(POLL_MS);
  }
  await child.end(BLOB_STORE_END);
  return `no answer within ${READY_MS_MAX / 1000} s`;
}

async function answersHttp(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(PROBE_MS_MAX) });
    await answer.arrayBuffer();
    return true;
  } catch {
    return false; // refused or too slow: it is asked again until the time is up
  }
}

const settingsSchema = z.object({
  name: z.string(),
  key: z.string(),
  port: z.int().nullable(),
  process: z.object({ pid: z.int().positive(), startStamp: z.string() }).nullable(),
});

function readSettings(file: string): Settings | null {
  const text = readIfThere(file);
  return text === null ? null : settingsSchema.parse(JSON.parse(text));
}
