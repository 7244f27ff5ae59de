import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { EXIT, OperatorError } from './operator-error.ts';
import { type EndStep, endProcess, type ProcessRecord, readStartStamp, sendSignal } from './process-record.ts';

export type ChildOptions = {
  /** What it is called in messages. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the child: built from an allow-list, never ours with changes. */
  env: Record<string, string>;
  cwd: string;
  /** Where its messages go (and what it prints, unless `onLine` takes that). Kept below about 10 MB over restarts. */
  logFile: string;
  /** Runs it as this OS user, without other groups. */
  account?: { uid: number; gid: number } | null;
  /** Called with each line the child prints. */
  onLine?: (line: string) => void;
  /** The signal that ends it at once (SIGKILL unless it has a better one). */
  killSignal?: NodeJS.Signals;
};
export type ChildExit = { code: number | null; signal: NodeJS.Signals | null };
export type Child = ProcessRecord & {
  exited: Promise<ChildExit>;
  /** The exit, once it has come; null while the process lives. */
  exit(): ChildExit | null;
  /** The end of its log, for messages: at most 20 lines. */
  tail(): string;
  /** Ends it by the given steps, each bounded. Safe to call twice. */
  end(steps: readonly EndStep[]): Promise<boolean>;
};

/** Every child that lives, so that an end without ceremony leaves none of them. */
const living = new Map<number, () => void>();

/** Kills every child of this process that still lives, at once: for a second signal, or a way out nobody foresaw. */
export function killAllChildren(): void {
  for (const kill of living.values()) kill();
}

/** Tells how many children live. */
export function countChildren(): number {
  return living.size;
}

const LOG_BYTES_MAX = 5 * 1024 * 1024;

/**
 * Starts a child in a session of its own: Ctrl-C in the terminal reaches only the parent, which ends its children in
 * order. Its stdin stays open as long as the parent lives; children of ours end when it closes.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openLog(options.logFile);
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ['pipe', options.onLine ? 'pipe' : log, log],
    ...(options.account ?? {}),
  });
  closeSync(log);
  let ended: ChildExit | null = null;
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = { code, signal };
      living.delete(child.pid ?? 0);
      resolve(ended);
    });
  });
  // A child that closes its stdin early makes ours fail with EPIPE; nothing is ever written there.
  child.stdin?.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) =>
      reject(
        new OperatorError(
          EXIT.unavailable,
          'child_not_started',
          `${options.name} could not be started: ${cause.message}`,
          'Run `npm ci` again, then `sessionshot doctor`.',
          { cause },
        ),
      ),
    );
  });
  if (child.stdout && options.onLine) createInterface({ input: child.stdout }).on('line', options.onLine);
  const pid = child.pid ?? 0;
  const record = { pid, startStamp: readStartStamp(pid) ?? '' };
  if (!ended) living.set(pid, () => sendSignal(-pid, options.killSignal ?? 'SIGKILL'));
  return {
    ...record,
    exited,
    exit: () => ended,
    tail: () => tailOf(options.logFile),
    end: async (steps) => {
      if (ended) return true;
      const gone = await endProcess(record, steps);
      if (gone) await exited;
      return gone;
    },
  };
}

/** Opens a log for appending; a large one is put aside first, replacing the one put aside before. Returns the descriptor. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

function tailOf(path: string): string {
  if (!existsSync(path)) return '';
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}

/** Tells how a process ended, for a message. */
export function describeExit(exit: ChildExit): string {
  return exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`;
}
