import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { openLog } from '#server/embedded/child-process.ts';

export type ProgramResult = { code: number | null; output: string };

const OUTPUT_CHARS_MAX = 200_000;

/**
 * Runs a program to its end, at most `ms` milliseconds, and collects what it prints (both streams, the last 200,000
 * characters). A program that cannot be started gives code null. `onLine` sees each piece of output as it comes.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: { env: Record<string, string>; ms: number; cwd?: string; signal?: AbortSignal; onLine?: (line: string) => void },
): Promise<ProgramResult> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.ms,
    killSignal: 'SIGKILL',
    signal: options.signal,
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    output = (output + text).slice(-OUTPUT_CHARS_MAX);
    for (const line of text.split(/[\r\n]+/)) if (line.trim()) options.onLine?.(line.trim());
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null)); // not found or not allowed: the caller says what was wanted
    child.once('close', resolve);
  });
  return { code, output };
}

/**
 * Runs a program that must not be broken off, such as a package manager: in a session of its own, writing to a file, so
 * that neither Ctrl-C nor our own end stops it half way. Waits for it at most `ms` milliseconds; null when it takes
 * longer or cannot be started.
 */
export async function runUnbroken(
  command: string,
  args: readonly string[],
  options: { env: Record<string, string>; ms: number; logFile: string; signal: AbortSignal },
): Promise<number | null> {
  const log = openLog(options.logFile);
  const child = spawn(command, args, { env: options.env, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  child.unref();
  const over = AbortSignal.any([options.signal, AbortSignal.timeout(options.ms)]);
  return await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
    over.addEventListener('abort', () => resolve(null), { once: true });
  });
}
