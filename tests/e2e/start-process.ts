import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');

export type ProcessEvent = { event: string } & Record<string, unknown>;
export type Started = {
  child: ChildProcess;
  events: ProcessEvent[];
  stdout: () => string;
  stderr: () => string;
  /** Resolves with the first event of this name, past ones included; rejects when the process ends or time runs out. */
  waitFor(event: string, ms?: number): Promise<ProcessEvent>;
  /** Sends the signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals, ms?: number): Promise<number | null>;
  exit: Promise<number | null>;
};

/**
 * Starts one of the product's own programs as a real process and reads its NDJSON events from stdout. `through` is a
 * command that ends in starting the one after it, in its own place (`setpriv … --`).
 */
export function startProcess(script: string, args: string[], env: Record<string, string> = {}, through: readonly string[] = []): Started {
  const [command = '', ...rest] = [...through, process.execPath, join(ROOT, script), ...args];
  const child = spawn(command, rest, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const events: ProcessEvent[] = [];
  const waiters = new Set<() => void>();
  let out = '';
  let err = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    out += `${line}\n`;
    const event = parseEvent(line);
    if (event) events.push(event);
    for (const wake of waiters) wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  // A killed program's browser may hold the pipes open: after the exit its last lines are waited for, but not for ever.
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
    child.once('exit', (code) => setTimeout(() => resolve(code), 2000).unref());
  });
  const waitFor = (name: string, ms = 120_000) =>
    new Promise<ProcessEvent>((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Error(`${script} ${args[0] ?? ''}: no \`${name}\` event: ${why}\n${out.slice(-2000)}\n${err.slice(-4000)}`));
      const timer = setTimeout(() => fail(`${ms} ms went by`), ms);
      const look = () => {
        const found = events.find((event) => event.event === name);
        if (!found) return;
        clearTimeout(timer);
        waiters.delete(look);
        resolve(found);
      };
      waiters.add(look);
      void exit.then((code) => {
        clearTimeout(timer);
        if (!events.some((event) => event.event === name)) fail(`exited with ${code}`);
      });
      look();
    });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM', ms = 60_000) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const late = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`${script} did not end within ${ms} ms of ${signal}\n${err.slice(-4000)}`)), ms).unref(),
    );
    return await Promise.race([exit, late]);
  };
  return { child, events, stdout: () => out, stderr: () => err, waitFor, stop, exit };
}

/** Runs a command of the program to its end. */
export async function runCommand(
  args: string[],
  env: Record<string, string> = {},
  ms = 60_000,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const started = startProcess('bin/sessionshot.mjs', args, env);
  const timer = setTimeout(() => started.child.kill('SIGKILL'), ms);
  const code = await started.exit;
  clearTimeout(timer);
  return { code, stdout: started.stdout(), stderr: started.stderr() };
}

function parseEvent(line: string): ProcessEvent | null {
  if (!line.startsWith('{')) return null;
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string'
    ? { ...value, event: value.event }
    : null;
}
