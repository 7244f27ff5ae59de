import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A program that the tests started and must end again. */
export type ServiceProcess = {
  name: string;
  pid: number;
  /** The last lines it wrote, for the message when it fails. */
  tail(): string;
  hasEnded(): boolean;
  /** Asks it to end with `signal`, waits at most `ms`, then kills it. */
  stop(signal?: NodeJS.Signals, ms?: number): Promise<void>;
  /** Starts the same program on the same data once more; the caller waits until it is ready. */
  again(): ServiceProcess;
};

/** `logFile`: where all that it writes goes, beside the last lines that are kept. */
type StartOptions = { env?: NodeJS.ProcessEnv; cwd?: string; uid?: number; gid?: number; logFile?: string };

/** Starts a program with its own environment (nothing of ours leaks in but PATH) and keeps its last 40 lines. */
export function startProcess(name: string, command: string, args: readonly string[], options: StartOptions = {}): ServiceProcess {
  const { logFile, ...place } = options;
  const child = spawn(command, args, {
    ...place,
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const keep = (chunk: Buffer) => {
    if (logFile) appendFileSync(logFile, chunk, { mode: 0o600 });
    lines.push(...chunk.toString('utf8').split('\n').filter(Boolean));
    lines.splice(0, Math.max(0, lines.length - 40));
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => lines.push(String(error)));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} could not be started: ${command} is missing or may not be run`);
  return {
    name,
    pid,
    tail: () => lines.join('\n'),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    stop: (signal = 'SIGTERM', ms = 15_000) => stopChild(child, signal, ms),
    again: () => startProcess(name, command, args, options),
  };
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals, ms: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const killer = setTimeout(() => child.kill('SIGKILL'), ms);
  await ended;
  clearTimeout(killer);
}

/** Waits until `isReady` answers true; fails with the service's last lines when it ends or `ms` have passed. */
export async function waitUntilReady(service: ServiceProcess, isReady: () => Promise<boolean>, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (service.hasEnded()) throw new Error(`${service.name} ended while it started:\n${service.tail()}`);
    if (await isReady()) return;
    await pause(100);
  }
  await service.stop('SIGKILL');
  throw new Error(`${service.name} was not ready after ${ms} ms:\n${service.tail()}`);
}

/** Tells whether somebody listens on a loopback port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1000 });
    const answer = (isUp: boolean) => () => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}
