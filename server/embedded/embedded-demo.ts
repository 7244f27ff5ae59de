import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createEventReader } from './child-events.ts';
import { startChild } from './child-process.ts';
import type { DataDir } from './data-dir.ts';
import { readIfThere, writePrivateFile } from './private-file.ts';
import type { EndStep, ProcessRecord } from './process-record.ts';
import { PROJECT_ROOT } from './project-root.ts';

const demoSchema = z.object({ origin: z.url(), caFile: z.string(), stateFile: z.string(), user: z.string() });
/** Where the demo is, the CA its certificate is signed by, the file with its sign-in state, and who is signed in. */
export type DemoFacts = z.infer<typeof demoSchema>;
export type EmbeddedDemo = ProcessRecord & DemoFacts & { port: number; exited: Promise<unknown>; close(): Promise<void> };

const READY_MS_MAX = 30_000;
const DEMO_END: readonly EndStep[] = [
  { signal: 'SIGTERM', ms: 5_000 },
  { signal: 'SIGKILL', ms: 5_000 },
];

/** Starts the demo app on the port it had before, if that is free: an allowed domain names the port. */
export async function startEmbeddedDemo(dataDir: DataDir, path: string): Promise<EmbeddedDemo> {
  const folder = join(dataDir.path, 'demo');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const before = readDemoFacts(dataDir.path);
  const events = createEventReader();
  const port = before ? new URL(before.origin).port : '0';
  const args = [join(PROJECT_ROOT, 'demo', 'main.ts'), '--data-dir', folder, '--port', port];
  const child = await startChild({
    name: 'The demo app',
    command: process.execPath,
    args,
    env: { PATH: path },
    cwd: PROJECT_ROOT,
    logFile: join(dataDir.path, 'logs', 'demo.log'),
    onLine: events.onLine,
  });
  try {
    const facts = demoSchema.parse(await events.ready('The demo app', child, READY_MS_MAX));
    writePrivateFile(join(folder, 'demo.json'), JSON.stringify(facts));
    const close = async () => void (await child.end(DEMO_END));
    return {
      ...facts,
      pid: child.pid,
      startStamp: child.startStamp,
      port: Number(new URL(facts.origin).port),
      exited: child.exited,
      close,
    };
  } catch (error) {
    await child.end(DEMO_END);
    throw error;
  }
}

/** Reads what the last start of the demo wrote down; null when there was none. It says nothing about being alive. */
export function readDemoFacts(dataDir: string): DemoFacts | null {
  const text = readIfThere(join(dataDir, 'demo', 'demo.json'));
  return text === null ? null : demoSchema.parse(JSON.parse(text));
}
